package file_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

var update = flag.Bool("update", false, "write what the readers give into testdata/cases")

// TestCases reads the input of every case and compares what the reader gives: the columns, each row with its line, and each reject.
// In the input \xNN stands for a byte, and a line end that is followed by nothing but « is not there.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			require.NoError(t, err)
			var spec file.Spec
			var found file.Found
			var want *txtar.File
			for i := range archive.Files {
				f := &archive.Files[i]
				switch f.Name {
				case "spec":
					require.NoError(t, json.Unmarshal(f.Data, &spec))
				case "want":
					want = f
				default:
					found = put(t, f.Name, unescape(t, string(f.Data)))
				}
			}
			require.NotNil(t, want)
			got := read(t, spec, found, file.Open)
			if *update {
				want.Data = []byte(got)
				require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
			}
			require.Equal(t, string(want.Data), got)
			for _, size := range []int{1, 2, 3, 5, 8, 13, 64} {
				require.Equal(t, got, read(t, spec, found, file.OpenInPieces(size)), "in pieces of %d bytes", size)
			}
		})
	}
}

// put writes a file and describes it as Find would.
func put(t *testing.T, name, content string) file.Found {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	finding, err := file.Find(t.Context(), dir, file.Spec{Files: []string{name}})
	require.NoError(t, err)
	return finding.Files[0]
}

func unescape(t *testing.T, s string) string {
	t.Helper()
	s = strings.ReplaceAll(s, "«\n", "")
	var out strings.Builder
	for {
		i := strings.Index(s, `\x`)
		if i < 0 {
			out.WriteString(s)
			return out.String()
		}
		c, err := strconv.ParseUint(s[i+2:i+4], 16, 8)
		require.NoError(t, err)
		out.WriteString(s[:i])
		out.WriteByte(byte(c))
		s = s[i+4:]
	}
}

type opener func(context.Context, file.Spec, file.Found) (*file.Input, error)

// read renders everything that a reader gives.
func read(t *testing.T, s file.Spec, f file.Found, open opener) string {
	t.Helper()
	in, err := open(context.Background(), s, f)
	if err != nil {
		return "error: " + err.Error() + "\n"
	}
	defer in.Close()
	var rows, rejects strings.Builder
	var b source.Batch
	for {
		if err = in.Next(&b); err != nil {
			break
		}
		require.NotZero(t, b.Rows()+len(b.Rejects))
		for row, line := range b.Lines {
			values := make([]string, len(b.Names))
			for column := range values {
				require.Len(t, b.Cells[column], b.Rows())
				values[column] = "∅"
				if v := b.Value(column, row); v != nil {
					quoted := strconv.Quote(string(v))
					values[column] = quoted[1 : len(quoted)-1]
				}
			}
			// Columns that appear later are null here.
			fmt.Fprintf(&rows, "%d: %s\n", line, strings.TrimRight(strings.Join(values, " | "), "| ∅"))
		}
		for _, r := range b.Rejects {
			fmt.Fprintf(&rejects, "%d! %s, %s: %s\n", r.Line, r.Rule, r.Detail, strconv.Quote(r.Raw))
		}
	}
	end := ""
	if errors.Is(err, io.EOF) {
		content, err := in.Finish()
		require.NoError(t, err)
		require.Equal(t, f.Size, content.Size)
	} else {
		end = fmt.Sprintf("error: %v\n", err)
	}
	return "columns: " + strings.Join(b.Names, " | ") + "\n" + rows.String() + rejects.String() + end
}
