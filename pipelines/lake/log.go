package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Manifests is the whole commit log in order of number.
func (l *Lake) Manifests(ctx context.Context) ([]Manifest, error) {
	if err := l.pull(ctx); err != nil {
		return nil, err
	}
	numbers, err := l.numbers()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.log) < len(numbers) {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the commit log: %w", err)
		}
		m, err := readManifest(l.dir, int64(len(l.log))+1)
		if err != nil {
			return nil, err
		}
		l.log = append(l.log, m)
	}
	return slices.Clone(l.log[:len(numbers)]), nil
}

// KnownBy is the beginning of a log that was committed by a moment; the zero moment means all of it.
// Commit times never decrease, so that it is a prefix and a past night can be rebuilt from it.
func KnownBy(log []Manifest, knownAt time.Time) []Manifest {
	if knownAt.IsZero() {
		return log
	}
	for i, m := range log {
		if m.At.After(knownAt) {
			return log[:i]
		}
	}
	return log
}

// CurrentPublish is the newest publish commit. When there is none the error is ErrNotFound.
func (l *Lake) CurrentPublish(ctx context.Context) (Manifest, error) {
	log, err := l.Manifests(ctx)
	if err != nil {
		return Manifest{}, err
	}
	for _, m := range slices.Backward(log) {
		if m.Kind == KindPublish {
			return m, nil
		}
	}
	return Manifest{}, fmt.Errorf("a published warehouse is %w: nothing was published yet; `tributary run` does it", ErrNotFound)
}

// numbers lists the commit numbers, which must be 1, 2, 3, … without a gap.
func (l *Lake) numbers() ([]int64, error) {
	entries, err := os.ReadDir(filepath.Join(l.dir, commitsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the commits: %w", err)
	}
	var numbers []int64
	for _, e := range entries {
		if n, ok := commitNumber(e.Name()); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i := 0; i < len(numbers); i++ {
		n, want := numbers[i], int64(i)+1
		if n == want {
			continue
		}
		// A commit that was made while the folder was listed may be left out though a later one is in.
		if _, err := os.Lstat(filepath.Join(l.dir, commitsDir, commitName(want))); err == nil {
			numbers = slices.Insert(numbers, i, want)
			continue
		}
		return nil, fmt.Errorf("commit %d is missing in %s though %d exists: restore %s from a backup", want, filepath.Join(l.dir, commitsDir), n, commitName(want))
	}
	return numbers, nil
}

func commitName(n int64) string { return fmt.Sprintf("%08d.json", n) }

func commitNumber(name string) (int64, bool) {
	digits, ok := strings.CutSuffix(name, ".json")
	if !ok || len(digits) < 8 {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && n > 0 && commitName(n) == name
}

func readManifest(dir string, n int64) (Manifest, error) {
	path := filepath.Join(dir, commitsDir, commitName(n))
	data, err := os.ReadFile(path)
	if err != nil {
		return Manifest{}, fmt.Errorf("reading commit %d: %w", n, err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%s is damaged (%w): restore it from a backup", path, err)
	}
	if m.Format > Format {
		return Manifest{}, fmt.Errorf("%s has format %d, this tributary knows %d: use a newer tributary", path, m.Format, Format)
	}
	if m.Number != n {
		return Manifest{}, fmt.Errorf("%s says that it is commit %d: restore it from a backup", path, m.Number)
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// check sees to it that the manifest says exactly what its kind promises.
func (m Manifest) check() error {
	bodies := map[Kind]bool{
		KindTurn: m.Turn != nil, KindLoad: m.Load != nil, KindRun: m.Run != nil, KindPublish: m.Publish != nil, KindGC: m.GC != nil,
	}
	if _, known := bodies[m.Kind]; !known {
		return fmt.Errorf("kind %q of commit is unknown: use a newer tributary", m.Kind)
	}
	for kind, set := range bodies {
		if set != (kind == m.Kind) {
			return fmt.Errorf("a commit of kind %s must have its own body and no other (%s)", m.Kind, kind)
		}
	}
	return nil
}
