package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// Damage is something in the lake that is not as its manifest says.
type Damage struct {
	Commit int64  `json:"commit"` // that names it
	Path   string `json:"path"`   // relative to the lake
	Msg    string `json:"message"`
}

func (d Damage) String() string { return fmt.Sprintf("%s (commit %d): %s", d.Path, d.Commit, d.Msg) }

// Verification is what Verify looked at and what it found wrong.
type Verification struct {
	Commits  int      `json:"commits"`
	Parts    int      `json:"parts"`
	Programs int      `json:"programs"`
	Rows     int64    `json:"rows"`
	Bytes    int64    `json:"bytes"`
	Damage   []Damage `json:"damage"`
}

// LineageColumns are the columns that every part has after those of the source.
func LineageColumns() []string {
	return []string{"_load_id", "_extracted_at", "_source_file", "_source_line", "_op"}
}

// Verify reads all that the manifests name and compares it with them: hashes, sizes, Parquet footers, rows and columns.
// Damage is reported, not returned as an error; an error means that the log itself cannot be read.
func (l *Lake) Verify(ctx context.Context) (Verification, error) {
	var v Verification
	log, err := l.Manifests(ctx)
	if err != nil {
		return v, err
	}
	v.Commits = len(log)
	programs := map[string]bool{}
	for _, m := range log {
		if m.Load != nil {
			if err := l.verifyLoad(ctx, m, &v); err != nil {
				return v, err
			}
		}
		hash := m.program()
		if hash == "" || programs[hash] {
			continue
		}
		programs[hash] = true
		v.Programs++
		if _, err := l.LoadProgram(ctx, hash); err != nil {
			v.Damage = append(v.Damage, Damage{m.Number, programDir + "/" + hash, err.Error()})
		}
	}
	return v, nil
}

func (m Manifest) program() string {
	switch {
	case m.Run != nil:
		return m.Run.Program
	case m.Publish != nil:
		return m.Publish.Program
	}
	return ""
}

func (l *Lake) verifyLoad(ctx context.Context, m Manifest, v *Verification) error {
	if err := l.fetchNamed(ctx, m, v); err != nil {
		return err
	}
	for _, p := range m.Load.Parts {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("verifying the lake: %w", err)
		}
		columns := LineageColumns()
		for i := len(p.Columns) - 1; i >= 0; i-- {
			columns = append([]string{p.Columns[i].Name}, columns...)
		}
		l.verifyPart(m.Number, p, columns, v)
	}
	for _, p := range m.Load.Quarantine {
		l.verifyPart(m.Number, p, nil, v)
	}
	v.sums(m)
	return nil
}

// fetchNamed brings the parts of a load that the working copy does not have. What is not there is damage.
func (l *Lake) fetchNamed(ctx context.Context, m Manifest, v *Verification) error {
	for _, p := range slices.Concat(m.Load.Parts, m.Load.Quarantine) {
		err := l.fetchParts(ctx, []LoadedPart{{Part: p, Commit: m.Number}})
		if ctx.Err() != nil {
			return fmt.Errorf("verifying the lake: %w", err)
		}
		if err != nil {
			v.Damage = append(v.Damage, Damage{m.Number, p.Path, err.Error()})
		}
	}
	return nil
}

// sums checks that a load's totals are those of its parts.
func (v *Verification) sums(m Manifest) {
	var rows, quarantined int64
	for _, p := range m.Load.Parts {
		rows += p.Rows
	}
	for _, p := range m.Load.Quarantine {
		quarantined += p.Rows
	}
	if rows != m.Load.Rows || quarantined != m.Load.Quarantined {
		v.Damage = append(v.Damage, Damage{m.Number, commitsDir + "/" + commitName(m.Number),
			fmt.Sprintf("the load has %d rows and %d quarantined ones, its parts have %d and %d", m.Load.Rows, m.Load.Quarantined, rows, quarantined)})
	}
}

// verifyPart compares one part with what its manifest says of it. No columns means that they are not compared.
func (l *Lake) verifyPart(commit int64, p Part, columns []string, v *Verification) {
	v.Parts++
	v.Rows += p.Rows
	v.Bytes += p.Bytes
	damaged := func(format string, args ...any) {
		v.Damage = append(v.Damage, Damage{commit, p.Path, fmt.Sprintf(format, args...)})
	}
	f, err := os.Open(l.Abs(p.Path))
	if err != nil {
		damaged("cannot be opened: %v", err)
		return
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		damaged("cannot be read: %v", err)
		return
	}
	if size != p.Bytes {
		damaged("has %d bytes, the manifest says %d", size, p.Bytes)
		return
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.SHA256 {
		damaged("its content hashes to %s, the manifest says %s", got, p.SHA256)
		return
	}
	footer, err := parquet.OpenFile(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		damaged("is no Parquet file: %v", err)
		return
	}
	if footer.NumRows() != p.Rows {
		damaged("has %d rows, the manifest says %d", footer.NumRows(), p.Rows)
	}
	if got := topColumns(footer); columns != nil && !sameNames(got, columns) {
		damaged("has the columns %q, the manifest says %q", got, columns)
	}
}

func topColumns(f *parquet.File) []string {
	var names []string
	for _, c := range f.Root().Columns() {
		names = append(names, c.Name())
	}
	return names
}

// sameNames compares without order: a Parquet writer may sort the columns.
func sameNames(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	counts := map[string]int{}
	for i := range a {
		counts[a[i]]++
		counts[b[i]]--
	}
	for _, n := range counts {
		if n != 0 {
			return false
		}
	}
	return true
}
