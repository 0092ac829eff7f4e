package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source/file"
	"github.com/tributary-data/tributary/schemas/diag"
)

// plan is what is to be done for one stream, and what came of it.
type plan struct {
	Stream
	loadID  string
	started time.Time
	before  []lake.Delivery          // everything the stream delivered before
	last    map[string]lake.Delivery // by path
	files   []file.Found             // that are new or may have changed
	newest  string                   // in newest_file mode the only file that counts
	landed  []landed
	pending sync.WaitGroup
	failed  atomic.Bool // one of the files could not be landed: the others need not be
	result  StreamResult
}

func (p *plan) name() lake.StreamName { return lake.StreamName{Source: p.Source, Stream: p.Name} }

// plan compares the files of a stream with what it delivered before. No file is opened.
func (r *run) plan(ctx context.Context, s Stream) *plan {
	p := &plan{Stream: s, result: StreamResult{Source: s.Source, Stream: s.Name, Rules: map[string]int64{}}}
	p.started = r.opts.Clock().UTC().Truncate(time.Microsecond)
	p.loadID = newLoadID(p.started)
	if p.Ask != nil {
		return p // it is described first, when its source is asked
	}
	if p.Mode == "" {
		p.Mode = ModeAppend
	}
	if p.Mode == ModeSnapshot && p.Snapshot == "" {
		p.Snapshot = SnapshotPerFile
	}
	p.result.Err = r.findFiles(ctx, p)
	if p.result.Err != nil {
		p.files = nil
	}
	return p
}

func (r *run) findFiles(ctx context.Context, p *plan) error {
	if err := p.check(); err != nil {
		return err
	}
	var err error
	if p.before, err = r.writer.Lake().Deliveries(ctx, p.Source, p.Name); err != nil {
		return err
	}
	p.last = map[string]lake.Delivery{}
	for _, d := range p.before {
		p.last[d.Path] = d
	}
	finding, err := file.Find(ctx, r.opts.ProjectDir, p.File)
	if err != nil {
		return err
	}
	if len(finding.Files) == 0 && len(p.before) == 0 {
		return &file.InputError{Problem: diag.Problem{
			File: p.File.Root, Msg: fmt.Sprintf("no file matches %s", strings.Join(p.File.Files, ", ")),
			Hint: "put one there, or mend `files` or `root`",
		}}
	}
	for _, pattern := range finding.Empty {
		p.notice("no file matches %s", pattern)
	}
	p.choose(finding.Files)
	return nil
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

func (p *plan) check() error {
	for _, name := range []string{p.Source, p.Name} {
		if !plainName.MatchString(name) {
			return fmt.Errorf("%q is no name for a source or stream: use letters, digits and _", name)
		}
	}
	if !slices.Contains([]string{"", ModeAppend, ModeUpsert, ModeSnapshot}, p.Mode) {
		return fmt.Errorf("mode %q is unknown: use append, upsert or snapshot", p.Mode)
	}
	if !slices.Contains([]string{"", SnapshotPerFile, SnapshotNewestFile}, p.Snapshot) {
		return fmt.Errorf("snapshot %q is unknown: use per_file or newest_file", p.Snapshot)
	}
	if p.Ask != nil {
		return nil
	}
	if issues := p.File.Issues(); len(issues) > 0 {
		return fmt.Errorf("%s: %s (%s)", issues[0].Setting, issues[0].Msg, issues[0].Hint)
	}
	return nil
}

// choose decides which files must be read, by name, size and modification time or tag.
func (p *plan) choose(found []file.Found) {
	present := map[string]bool{}
	for _, f := range found {
		present[f.Name] = true
	}
	if p.Snapshot == SnapshotNewestFile && len(found) > 0 {
		found = found[len(found)-1:] // in natural order of their names
		p.newest = found[0].Name
		for _, d := range p.before {
			if d.SupersededBy == 0 && !present[d.Path] && file.NaturalOrder(d.Path, p.newest) > 0 {
				p.notice("%s, delivered before, is newer than %s and still counts", d.Path, p.newest)
				p.newest, found = d.Path, nil
				break
			}
		}
	}
	for _, f := range found {
		last, known := p.counts(f)
		if known && last.Size == f.Size && sameVersion(last, f) {
			p.result.Unchanged++
			continue
		}
		p.files = append(p.files, f)
	}
	if p.Snapshot == SnapshotPerFile {
		for _, d := range p.before {
			if d.SupersededBy == 0 && !present[d.Path] {
				p.notice("%s is no longer there; what it delivered still counts", d.Path)
			}
		}
	}
}

// sameVersion tells whether a file was not written again: an object by its tag, because its time is by the second.
func sameVersion(last lake.Delivery, f file.Found) bool {
	if f.ETag != "" {
		return last.ETag == f.ETag
	}
	return last.ModTime.Equal(f.ModTime)
}

// counts returns the last delivery of a file when it still counts and would be read the same way today.
func (p *plan) counts(f file.Found) (lake.Delivery, bool) {
	last, known := p.last[f.Name]
	return last, known && last.SupersededBy == 0 && last.Settings == p.File.Fingerprint(f)
}

func (p *plan) notice(format string, args ...any) {
	p.result.Notices = append(p.result.Notices, fmt.Sprintf(format, args...))
}

// load describes what was landed and counts it in the result.
func (p *plan) load() lake.Load {
	load := lake.Load{
		LoadID: p.loadID, Source: p.Source, Stream: p.Name, Mode: p.Mode, Snapshot: p.Snapshot, StartedAt: p.started,
		Files: []lake.File{}, Parts: []lake.Part{}, Columns: []lake.Column{},
	}
	usual := p.usualColumns()
	for _, l := range p.landed {
		if l.unchanged {
			p.result.Unchanged++
			continue
		}
		last, known := p.last[l.file.Path]
		if known {
			p.result.Changed++
		} else {
			p.result.New++
		}
		l.file.Complete = p.Mode == ModeSnapshot
		l.file.Settings, l.file.ETag = p.File.Fingerprint(l.found), l.found.ETag
		load.Files = append(load.Files, l.file)
		load.Parts = append(load.Parts, l.parts...)
		load.Quarantine = append(load.Quarantine, l.quarantine...)
		load.Rows += l.file.Rows
		load.Quarantined += l.file.Quarantined
		p.result.Bytes += l.file.Size
		for rule, rows := range l.rules {
			p.result.Rules[rule] += rows
		}
		load.Columns = lake.UnionColumns(load.Columns, l.columns)
		if known {
			p.result.Drift = append(p.result.Drift, drift(l.file.Path, last.Columns, l.columns)...)
		} else if len(usual) > 0 {
			p.result.Drift = append(p.result.Drift, drift(l.file.Path, usual, l.columns)...)
		}
	}
	p.result.Rows, p.result.Quarantined = load.Rows, load.Quarantined
	load.RejectRules = counts(p.result.Rules)
	load.Supersedes = p.supersedes(load.Files)
	load.Fingerprint = fingerprint(load.Columns)
	return load
}

func counts(rules map[string]int64) []lake.Count {
	var out []lake.Count
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		out = append(out, lake.Count{Name: rule, Rows: rules[rule]})
	}
	return out
}

// supersedes lists the earlier deliveries that no longer count, now that some files were landed: those that a snapshot replaces,
// and those of the same content that was read with other settings.
func (p *plan) supersedes(files []lake.File) []lake.FileRef {
	replaced := map[string]lake.File{}
	for _, f := range files {
		replaced[f.Path] = f
	}
	var refs []lake.FileRef
	for _, d := range p.before {
		by, again := replaced[d.Path]
		obsolete := again && by.SHA256 == d.SHA256
		if p.Mode == ModeSnapshot {
			older := p.newest != "" && d.Path != p.newest
			twice := p.last[d.Path].Commit != d.Commit // while the stream was no snapshot
			obsolete = again || older || twice
		}
		if obsolete && d.SupersededBy == 0 {
			refs = append(refs, lake.FileRef{Commit: d.Commit, Path: d.Path})
		}
	}
	return refs
}

// usualColumns are those of the stream's newest delivery, which a new file is compared with.
func (p *plan) usualColumns() []lake.Column {
	if len(p.before) == 0 {
		return nil
	}
	newest := p.before[len(p.before)-1]
	var columns []lake.Column
	for _, d := range p.before {
		if d.Commit == newest.Commit {
			columns = lake.UnionColumns(columns, d.Columns)
		}
	}
	return columns
}

// drift compares the columns of a file with earlier ones.
func drift(path string, before, now []lake.Column) []ColumnChange {
	types := func(columns []lake.Column) map[string]string {
		m := map[string]string{}
		for _, c := range columns {
			m[c.Name] = c.Type
		}
		return m
	}
	was, is := types(before), types(now)
	var changes []ColumnChange
	for _, c := range before {
		if is[c.Name] != c.Type {
			changes = append(changes, ColumnChange{File: path, Column: c.Name, Was: c.Type, Is: is[c.Name]})
		}
	}
	for _, c := range now {
		if was[c.Name] == "" {
			changes = append(changes, ColumnChange{File: path, Column: c.Name, Is: c.Type})
		}
	}
	return changes
}

// fingerprint is the same for the same columns, whatever their order.
func fingerprint(columns []lake.Column) string {
	lines := make([]string, len(columns))
	for i, c := range columns {
		lines[i] = c.Name + "\x00" + c.Type + "\n"
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	return hex.EncodeToString(sum[:])
}
