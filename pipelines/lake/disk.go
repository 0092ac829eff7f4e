package lake

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/parquet-go/parquet-go"
)

// tempMark is in the name of every file that is being written and of no other.
const tempMark = ".tmp-"

// Pending is a file that is being written: it has a temporary name until it is kept. It belongs to one goroutine.
type Pending struct {
	lake  *Lake
	file  *os.File
	final string
	sum   hash.Hash
	bytes int64
}

// create starts a file beside its final place.
func (l *Lake) create(final string) (*Pending, error) {
	l.probe("create " + final)
	if err := makeDir(filepath.Dir(final)); err != nil {
		return nil, diskError("making the folder of", final, err)
	}
	f, err := os.OpenFile(final+tempMark+randomName(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, diskError("creating", final, err)
	}
	return &Pending{lake: l, file: f, final: final, sum: sha256.New()}, nil
}

// Write appends to the file.
func (p *Pending) Write(data []byte) (int, error) {
	n, err := p.file.Write(data)
	p.sum.Write(data[:n])
	p.bytes += int64(n)
	if err != nil {
		return n, diskError("writing", p.final, err)
	}
	return n, nil
}

// Bytes is how much was written so far.
func (p *Pending) Bytes() int64 { return p.bytes }

// SHA256 is the hash of what was written so far.
func (p *Pending) SHA256() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// Keep gives the file its name, durably. Whatever stood there is replaced.
func (p *Pending) Keep() error {
	return p.finish("rename", os.Rename)
}

// keepNew gives the file its name unless the name is taken; the error is then fs.ErrExist.
func (p *Pending) keepNew() error {
	return p.finish("link", func(temp, final string) error {
		err := os.Link(temp, final)
		_ = os.Remove(temp) // a leftover is collected later
		return err
	})
}

func (p *Pending) finish(step string, name func(temp, final string) error) error {
	p.lake.probe("sync " + p.final)
	err := p.file.Sync()
	if closing := p.file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		p.lake.probe(step + " " + p.final)
		err = name(p.file.Name(), p.final)
	}
	if err != nil {
		_ = os.Remove(p.file.Name())
		return diskError("writing", p.final, err)
	}
	p.lake.probe("sync folder of " + p.final)
	return diskError("writing", p.final, syncDir(filepath.Dir(p.final)))
}

// Discard throws the file away. After Keep it does nothing.
func (p *Pending) Discard() {
	if p.file.Close() == nil {
		_ = os.Remove(p.file.Name())
	}
}

// path is where the file is while it is pending.
func (p *Pending) path() string { return p.file.Name() }

// reload takes over what another program wrote in the place of the pending file.
func (p *Pending) reload() error {
	f, err := os.OpenFile(p.path(), os.O_RDWR, 0)
	if err != nil {
		return diskError("writing", p.final, err)
	}
	_ = p.file.Close()
	p.file = f
	p.sum.Reset()
	p.bytes, err = io.Copy(p.sum, f)
	return diskError("writing", p.final, err)
}

// ParquetRows is the number of rows of a Parquet file that something else wrote.
func (p *Pending) ParquetRows() (int64, error) {
	footer, err := parquet.OpenFile(p.file, p.bytes, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return 0, fmt.Errorf("reading the footer of %s: %w", p.final, err)
	}
	return footer.NumRows(), nil
}

// writeNew writes a whole file exclusively; the error is fs.ErrExist when the name is taken.
func (l *Lake) writeNew(final string, data []byte) error {
	return l.writeWhole(final, data, (*Pending).keepNew)
}

// replace writes a whole file over whatever stands there.
func (l *Lake) replace(final string, data []byte) error {
	return l.writeWhole(final, data, (*Pending).Keep)
}

func (l *Lake) writeWhole(final string, data []byte, keep func(*Pending) error) error {
	p, err := l.create(final)
	if err != nil {
		return err
	}
	defer p.Discard()
	if _, err := p.Write(data); err != nil {
		return err
	}
	return keep(p)
}

// makeDir is os.MkdirAll whose result survives a power cut.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// diskError says what could not be done; a full disk, quota or file size limit is ErrDiskFull.
func diskError(doing, path string, err error) error {
	switch {
	case err == nil || errors.Is(err, ErrDiskFull):
		return err
	case DiskFull(err):
		return fmt.Errorf("%s %s: %w (%w): make room and run again; nothing of it was committed", doing, path, ErrDiskFull, err)
	}
	return fmt.Errorf("%s %s: %w", doing, path, err)
}

// DiskFull recognises a full disk, quota or file size limit, also where DuckDB tells of it, in words only.
func DiskFull(err error) bool {
	if err == nil || errors.Is(err, ErrDiskFull) {
		return err != nil
	}
	words := strings.ToLower(err.Error())
	for _, full := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) || strings.Contains(words, full.Error()) {
			return true
		}
	}
	return strings.Contains(words, "max_temp_directory_size") // what DuckDB sets aside may fill nine tenths of the free disk
}

// TempDir makes a temporary folder: in another one, or in the lake when none is given. There GC removes what a killed process has left.
func (l *Lake) TempDir(in, what string) (string, error) {
	if in == "" {
		in = l.dir
		if err := makeDir(in); err != nil {
			return "", diskError("making", in, err)
		}
	}
	return os.MkdirTemp(in, "tributary-"+what+tempMark)
}

func isTemp(name string) bool { return strings.Contains(name, tempMark) }

func randomName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
