package lake

import (
	"context"
	"slices"
	"strings"
	"time"
)

// StreamName names a stream of a source.
type StreamName struct {
	Source string `json:"source"`
	Stream string `json:"stream"`
}

func (n StreamName) String() string { return n.Source + "." + n.Stream }

// LoadedPart is a part together with the commit that brought it.
type LoadedPart struct {
	Part
	Commit       int64
	CommittedAt  time.Time
	LoadID       string
	SupersededBy int64 // number of the commit after which the part no longer counts; 0 while it does
}

// StreamParts is everything that a stream had delivered by a moment, in order of commit and part.
type StreamParts struct {
	StreamName
	Mode       string       // of the newest load
	OfRuns     bool         // no figure is made of it
	Standing   Standing     // how far a source that is asked has told
	Current    []LoadedPart // what counts
	Superseded []LoadedPart // what a later snapshot replaced: keys that are only here have vanished
	Quarantine []LoadedPart // rejected rows of the deliveries that count
	Columns    []Column     // union of the columns of Current, in order of first appearance
}

// Delivery is what one input file brought in one load.
type Delivery struct {
	File
	Commit       int64
	LoadID       string
	Columns      []Column
	SupersededBy int64 // 0 while it counts
}

// Streams lists the streams that had delivered by a moment (zero: ever), by name.
func (l *Lake) Streams(ctx context.Context, knownAt time.Time) ([]StreamName, error) {
	log, err := l.Manifests(ctx)
	if err != nil {
		return nil, err
	}
	seen := map[StreamName]bool{}
	var names []StreamName
	for _, m := range KnownBy(log, knownAt) {
		if m.Kind != KindLoad {
			continue
		}
		if name := m.Load.name(); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b StreamName) int { return strings.Compare(a.String(), b.String()) })
	return names, nil
}

// Parts is what a stream had delivered by a moment (zero: ever). A stream that the lake does not know has no parts.
func (l *Lake) Parts(ctx context.Context, source, stream string, knownAt time.Time) (StreamParts, error) {
	name := StreamName{source, stream}
	out := StreamParts{StreamName: name}
	loads, superseded, err := l.loads(ctx, name, knownAt)
	if err != nil {
		return out, err
	}
	columns := map[Column]bool{}
	for _, m := range loads {
		out.Mode, out.OfRuns = m.Load.Mode, m.Load.OfRuns
		out.Standing.add(m.Load.Asked)
		for _, p := range m.Load.Parts {
			part := loadedPart(m, p, superseded)
			if part.SupersededBy != 0 {
				out.Superseded = append(out.Superseded, part)
				continue
			}
			out.Current = append(out.Current, part)
			for _, c := range p.Columns {
				if !columns[c] {
					columns[c] = true
					out.Columns = append(out.Columns, c)
				}
			}
		}
		for _, p := range m.Load.Quarantine {
			if part := loadedPart(m, p, superseded); part.SupersededBy == 0 {
				out.Quarantine = append(out.Quarantine, part)
			}
		}
	}
	return out, l.fetchParts(ctx, out.Current, out.Superseded, out.Quarantine)
}

// Deliveries is what every input file of a stream brought, in order of commit. The last one of a path tells what the file was
// like when it was read last.
func (l *Lake) Deliveries(ctx context.Context, source, stream string) ([]Delivery, error) {
	loads, superseded, err := l.loads(ctx, StreamName{source, stream}, time.Time{})
	if err != nil {
		return nil, err
	}
	var out []Delivery
	for _, m := range loads {
		columns := map[string][]Column{}
		for _, p := range m.Load.Parts {
			columns[p.SourceFile] = UnionColumns(columns[p.SourceFile], p.Columns)
		}
		for _, f := range m.Load.Files {
			out = append(out, Delivery{
				File: f, Commit: m.Number, LoadID: m.Load.LoadID, Columns: columns[f.Path],
				SupersededBy: superseded[FileRef{m.Number, f.Path}],
			})
		}
	}
	return out, nil
}

// UnionColumns appends to a what b has besides, in b's order.
func UnionColumns(a, b []Column) []Column {
	for _, c := range b {
		if !slices.Contains(a, c) {
			a = append(a, c)
		}
	}
	return a
}

// loads are the load commits of a stream and which of their deliveries were superseded by which commit.
func (l *Lake) loads(ctx context.Context, name StreamName, knownAt time.Time) ([]Manifest, map[FileRef]int64, error) {
	log, err := l.Manifests(ctx)
	if err != nil {
		return nil, nil, err
	}
	var loads []Manifest
	superseded := map[FileRef]int64{}
	for _, m := range KnownBy(log, knownAt) {
		if m.Kind != KindLoad || m.Load.name() != name {
			continue
		}
		loads = append(loads, m)
		for _, ref := range m.Load.Supersedes {
			superseded[ref] = m.Number
		}
	}
	return loads, superseded, nil
}

func (l *Load) name() StreamName { return StreamName{l.Source, l.Stream} }

func loadedPart(m Manifest, p Part, superseded map[FileRef]int64) LoadedPart {
	return LoadedPart{
		Part: p, Commit: m.Number, CommittedAt: m.At, LoadID: m.Load.LoadID,
		SupersededBy: superseded[FileRef{m.Number, p.SourceFile}],
	}
}
