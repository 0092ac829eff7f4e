package file

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Content is what a file held when it was read.
type Content struct {
	Size    int64
	ModTime time.Time
	SHA256  string // of the bytes on disk
}

// Input is a file that is being read as text. It belongs to one goroutine, but BytesRead may be called from
// any.
type Input struct {
	found  Found
	disk   *diskReader
	close  func()
	reader source.Reader
}

// Open begins to read a CSV, TSV, JSON or JSON lines file. Errors of kind *InputError say what is wrong with the file.
func Open(ctx context.Context, s Spec, f Found) (*Input, error) {
	return open(ctx, s, f, usualSizes())
}

func open(ctx context.Context, s Spec, f Found, sz sizes) (*Input, error) {
	format := s.formatOf(f.Name)
	if format == "" {
		return nil, inputError(f.Name, 0, "set `format` to one of "+strings.Join(Formats(), ", "), "its name does not tell its format")
	}
	if format == Parquet {
		return nil, fmt.Errorf("%s: a Parquet file is copied, not opened", f.Name)
	}
	disk, err := openDisk(ctx, f)
	if err != nil {
		return nil, err
	}
	in := &Input{found: f, disk: disk, close: func() {}}
	if err := in.start(s, format, sz); err != nil {
		in.Close()
		return nil, err
	}
	return in, nil
}

// FormatOf is the format in which a file would be read; empty when nothing tells.
func FormatOf(s Spec, f Found) Format { return s.formatOf(f.Name) }

func (in *Input) start(s Spec, format Format, sz sizes) error {
	plain, err := in.decompressed(s)
	if err != nil {
		return err
	}
	text, err := decoded(plain, s.Encoding)
	if errors.Is(err, errUTF32) {
		return inputError(in.found.Name, 0, "save it as UTF-8", "the file is UTF-32, which is not read")
	}
	if err != nil {
		return in.readError(err)
	}
	w := newWindow(text, in.found.Name, s.maxLine(), sz)
	if err := w.more(sz.look); err != nil {
		return in.readError(err)
	}
	if len(w.rest) == 0 {
		return inputError(in.found.Name, 0, "an export that failed looks like this: export it again, or remove it", "the file is empty")
	}
	switch format {
	case CSV, TSV:
		in.reader, err = newCSV(s, format, w)
	case JSONLines:
		in.reader, err = newJSONLines(s, w)
	default:
		in.reader, err = newJSON(s, w)
	}
	return err
}

// Next reads on. See source.Reader.
func (in *Input) Next(b *source.Batch) error {
	err := in.reader.Next(b)
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return in.readError(err)
}

// Name is the file's, as lineage has it.
func (in *Input) Name() string { return in.found.Name }

// BytesRead is how much of the file was read so far, as it is on disk.
func (in *Input) BytesRead() int64 { return in.disk.bytes.Load() }

// Finish reads what may be left and makes sure that the file is still as it was found; otherwise the error is source.ErrChanged.
func (in *Input) Finish() (Content, error) { return in.disk.finish() }

// Close ends the reading.
func (in *Input) Close() {
	in.close()
	in.disk.close()
}

// readError says which file could not be read. A file that has changed meanwhile is the likelier cause of whatever went wrong.
func (in *Input) readError(err error) error {
	if changed := in.disk.unchanged(); changed != nil {
		return changed
	}
	var input *InputError
	if errors.As(err, &input) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var damaged *damagedError
	if errors.As(err, &damaged) {
		return inputError(in.found.Name, 0, "copy or export it again", "its %s data is damaged or cut off (%v)", damaged.format, damaged.err)
	}
	return fmt.Errorf("reading %s: %w", in.found.Name, err)
}

// decompressed is the content of the file before any compression.
func (in *Input) decompressed(s Spec) (*bufio.Reader, error) {
	raw := bufio.NewReaderSize(in.disk, blockSize)
	head, err := raw.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, in.readError(err)
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return nil, inputError(in.found.Name, 0, "unpack it, or save the sheet as CSV", "this is a zip archive or an Excel workbook, not text")
	}
	kind := s.Compression
	if kind == "" || kind == "auto" {
		kind = compressionOf(head)
	}
	switch kind {
	case "gzip":
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, in.readError(&damagedError{"gzip", err})
		}
		in.close = func() { _ = z.Close() }
		return bufio.NewReaderSize(&damageReader{z, "gzip"}, blockSize), nil
	case "zstd":
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(largestMaxLine))
		if err != nil {
			return nil, in.readError(&damagedError{"zstd", err})
		}
		in.close = z.Close
		return bufio.NewReaderSize(&damageReader{z, "zstd"}, blockSize), nil
	}
	return raw, nil
}

func compressionOf(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte{0x1F, 0x8B}):
		return "gzip"
	case bytes.HasPrefix(head, []byte{0x28, 0xB5, 0x2F, 0xFD}):
		return "zstd"
	}
	return "none"
}

// damagedError is an error of a decompressor.
type damagedError struct {
	format string
	err    error
}

func (e *damagedError) Error() string { return e.format + ": " + e.err.Error() }
func (e *damagedError) Unwrap() error { return e.err }

// damageReader marks the errors of a decompressor.
type damageReader struct {
	io.Reader
	format string
}

func (r *damageReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &damagedError{r.format, err}
	}
	return n, err
}

// diskReader reads a file, hashes what it reads, and tells whether the file stayed as it was found.
type diskReader struct {
	ctx   context.Context
	file  *os.File
	info  os.FileInfo
	found Found
	sum   hash.Hash
	bytes atomic.Int64
}

func openDisk(ctx context.Context, f Found) (*diskReader, error) {
	file, err := os.Open(f.Abs)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", f.Name, err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("opening %s: %w", f.Name, err)
	}
	d := &diskReader{ctx: ctx, file: file, info: info, found: f, sum: sha256.New()}
	if err := d.unchanged(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return d, nil
}

func (d *diskReader) Read(p []byte) (int, error) {
	if err := d.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := d.file.Read(p)
	d.sum.Write(p[:n])
	d.bytes.Add(int64(n))
	return n, err
}

func (d *diskReader) close() { _ = d.file.Close() }

// unchanged compares the file under the name with the one that was found and opened.
func (d *diskReader) unchanged() error {
	now, err := os.Stat(d.found.Abs)
	same := err == nil && os.SameFile(now, d.info) && now.Size() == d.found.Size && now.ModTime().Equal(d.found.ModTime)
	if same {
		return nil
	}
	return &changedError{diag.Problem{File: d.found.Name, Msg: source.ErrChanged.Error(), Hint: "it is not landed now; run again when it is complete"}}
}

func (d *diskReader) finish() (Content, error) {
	if _, err := io.Copy(io.Discard, d); err != nil {
		return Content{}, fmt.Errorf("reading %s: %w", d.found.Name, err)
	}
	if err := d.unchanged(); err != nil {
		return Content{}, err
	}
	if read := d.bytes.Load(); read != d.found.Size {
		return Content{}, fmt.Errorf("%s has %d bytes but %d were read: %w", d.found.Name, d.found.Size, read, source.ErrChanged)
	}
	return Content{Size: d.found.Size, ModTime: d.found.ModTime, SHA256: hex.EncodeToString(d.sum.Sum(nil))}, nil
}

// changedError is a source.ErrChanged with the file's name.
type changedError struct{ diag.Problem }

func (e *changedError) Error() string        { return e.Problem.String() }
func (e *changedError) Is(target error) bool { return target == source.ErrChanged }

// Hash reads a whole file for its hash alone.
func Hash(ctx context.Context, f Found) (Content, error) {
	d, err := openDisk(ctx, f)
	if err != nil {
		return Content{}, err
	}
	defer d.close()
	return d.finish()
}

func nearest(name string, candidates []string) string { return diag.Nearest(name, candidates) }

// endIsFine is the error unless it only says that there is no more.
func endIsFine(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
