package lake

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// HashProgram is the name of a program: the hash of its files' names and contents.
func HashProgram(files map[string][]byte) string {
	sum := sha256.New()
	size := make([]byte, 8)
	add := func(b []byte) {
		binary.BigEndian.PutUint64(size, uint64(len(b)))
		sum.Write(size)
		sum.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		add([]byte(name))
		add(files[name])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// StoreProgram keeps the files that steer a run (configuration, program, the user's SQL; by slash-separated path) and returns
// their name. The same files are kept once.
func (w *Writer) StoreProgram(ctx context.Context, files map[string][]byte) (string, error) {
	hash := HashProgram(files)
	final := w.lake.programPath(hash)
	if _, err := os.Stat(final); err == nil {
		if _, err := w.lake.LoadProgram(ctx, hash); err == nil {
			return hash, nil
		}
		if err := os.RemoveAll(final); err != nil {
			return "", fmt.Errorf("replacing the damaged %s: %w", final, err)
		}
	}
	temp := final + tempMark + randomName()
	defer os.RemoveAll(temp)
	w.lake.probe("create " + temp)
	if err := makeDir(temp); err != nil {
		return "", diskError("keeping the program in", temp, err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(name) {
			return "", fmt.Errorf("keeping the program: %q is no relative path", name)
		}
		if err := w.lake.replace(filepath.Join(temp, filepath.FromSlash(name)), files[name]); err != nil {
			return "", err
		}
	}
	w.lake.probe("rename " + final)
	if err := os.Rename(temp, final); err != nil {
		return "", diskError("keeping the program in", final, err)
	}
	return hash, diskError("keeping the program in", final, syncDir(filepath.Dir(final)))
}

// LoadProgram returns the files that were kept under a name, unaltered. The error is ErrNotFound when there are none.
func (l *Lake) LoadProgram(ctx context.Context, hash string) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading program %s: %w", hash, err)
	}
	if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
		return nil, fmt.Errorf("program %q is %w: it is no hash", hash, ErrNotFound)
	}
	if err := l.fetchProgram(ctx, hash); err != nil {
		return nil, err
	}
	root := os.DirFS(l.programPath(hash))
	files := map[string][]byte{}
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files[path], err = fs.ReadFile(root, path)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("program %s is %w", hash, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("reading program %s: %w", hash, err)
	}
	if got := HashProgram(files); got != hash {
		return nil, fmt.Errorf("program %s was altered (its files hash to %s): restore %s from a backup", hash, got, l.programPath(hash))
	}
	return files, nil
}

func (l *Lake) programPath(hash string) string { return filepath.Join(l.dir, programDir, hash) }
