package stand

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const zipped = ".gz"

func unpacked(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, zipped) {
		return string(content), err
	}
	reader, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	content, err = io.ReadAll(reader)
	return string(content), err
}

func packed(path, text string) error {
	if !strings.HasSuffix(path, zipped) {
		return os.WriteFile(path, []byte(text), 0o600)
	}
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, err := io.WriteString(writer, text)
	return errors.Join(err, writer.Close(), os.WriteFile(path, out.Bytes(), 0o600))
}
