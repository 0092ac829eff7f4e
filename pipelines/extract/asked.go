package extract

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// Inputs of a load, by number: part-00001 and so on.
const (
	rowsInput = 1 + iota
	keysInput // only until they are compared
	goneInput
)

// read reads all pages of a request into parts.
func (a *asking) read(ctx context.Context, request source.Request, input int) (out landed, told source.Told, err error) {
	pages, err := a.Ask.Connector.Open(ctx, request)
	if err != nil {
		return out, told, err
	}
	defer func() {
		if closed := pages.Close(); err == nil {
			err = closed
		}
	}()
	rows, rejects := a.series(a.plan, a.description.Origin, input, lake.RawPath), a.series(a.plan, a.description.Origin, input, lake.QuarantinePath)
	defer rows.discard()
	defer rejects.discard()
	out = landed{rules: map[string]int64{}, file: lake.File{Path: a.description.Origin}}
	read, watched := int64(0), newGuard(pages, len(request.Key) > 0)
	err = newLander(a.run).copy(ctx, watched, rows, rejects, out.rules, func(n int64) {
		read += n
		a.tell(Progress{Source: a.Source, Stream: a.Name, File: a.description.Origin, Rows: n, Read: read, Total: watched.total.Load()})
	})
	if err != nil {
		return out, told, err
	}
	return out, pages.Told(), out.keep(rows, rejects)
}

// commitAsked commits what was landed, or only how far the source has told.
func (a *asking) commitAsked(ctx context.Context, rows, gone landed) error {
	load := lake.Load{
		LoadID: a.loadID, Source: a.Source, Stream: a.Name, Mode: a.Mode, StartedAt: a.started, OfRuns: a.Ask.OfRuns, Asked: &a.asked,
		Files: []lake.File{}, Columns: []lake.Column{}, Parts: append(append([]lake.Part{}, rows.parts...), gone.parts...), Quarantine: rows.quarantine,
		Rows: rows.file.Rows + gone.file.Rows, Quarantined: rows.file.Quarantined, RejectRules: counts(rows.rules),
	}
	a.asked.Gone = gone.file.Rows
	if len(load.Parts)+len(load.Quarantine) > 0 {
		load.Files = []lake.File{{Path: a.description.Origin, Rows: load.Rows, Quarantined: load.Quarantined, Complete: a.Mode == ModeSnapshot}}
	}
	load.Columns = lake.UnionColumns(append(load.Columns, rows.columns...), gone.columns)
	load.Fingerprint = fingerprint(load.Columns)
	if a.Mode == ModeSnapshot && len(load.Parts) > 0 {
		before, err := a.writer.Lake().Deliveries(ctx, a.Source, a.Name)
		if err != nil {
			return err
		}
		for _, d := range before {
			if d.SupersededBy == 0 {
				load.Supersedes = append(load.Supersedes, lake.FileRef{Commit: d.Commit, Path: d.Path})
			}
		}
	}
	number, err := a.writer.Commit(ctx, lake.Manifest{Kind: lake.KindLoad, Load: &load})
	if err != nil {
		return err
	}
	result := &a.result
	if len(load.Files) > 0 {
		result.Commit, result.LoadID = number, load.LoadID
	}
	result.Rows += load.Rows
	result.Quarantined += load.Quarantined
	for rule, n := range rows.rules {
		result.Rules[rule] += n
	}
	return nil
}

// reconcile compares what the source says with what has landed. Of one snapshot they must agree.
func (a *asking) reconcile(ctx context.Context, c *comparison, rows landed, told source.Told) error {
	if !told.Known {
		return nil
	}
	a.asked.Told, a.asked.Exact, a.asked.Repeated = &told.Rows, told.Exact, 0
	got := rows.file.Rows + rows.file.Quarantined - told.Marks
	if got > told.Rows && len(a.request.Key) > 0 {
		distinct, err := c.distinct(ctx, rows.parts, a.request.Key)
		if err != nil {
			return err
		}
		a.asked.Repeated = rows.file.Rows - told.Marks - distinct
		if a.asked.Repeated > 0 {
			a.notice("%d rows came more than once and are merged by key", a.asked.Repeated)
		}
		got -= a.asked.Repeated
	}
	if got == told.Rows {
		return nil
	}
	text := fmt.Sprintf("%s says that it has %d rows, %d came and %d of them are quarantined", a.description.Origin, told.Rows, got, rows.file.Quarantined)
	if told.Exact {
		return fmt.Errorf("%w: %s: nothing of it was landed", ErrCount, text)
	}
	a.notice("%s; it only estimates", text)
	return nil
}

// chooseFields takes those that are asked for, and all that may be read where none are.
func (a *asking) chooseFields() error {
	d := a.description
	wanted := a.Ask.Stream.Fields
	var problems []string
	missing := func(name, why string) {
		problems = append(problems, fmt.Sprintf("field %s of %s %s%s", name, d.Origin, why, a.usedBy(name)))
	}
	needed := append(slices.Clone(a.request.Key), a.request.Cursor)
	for _, name := range append(slices.Clone(wanted), needed...) {
		if f, found := source.FieldNamed(d.Fields, name); name != "" && !found {
			missing(name, "is not there")
		} else if f.Denied != "" && !a.accepted(name) {
			missing(name, "cannot be read: "+f.Denied)
		}
	}
	for _, f := range d.Fields {
		switch {
		case len(wanted) > 0 && !slices.Contains(wanted, f.Name) && !slices.Contains(needed, f.Name):
		case f.Denied == "":
			a.request.Fields = append(a.request.Fields, f)
		case len(wanted) == 0 && !slices.Contains(needed, f.Name) && len(a.uses(f.Name)) > 0 && !a.accepted(f.Name):
			missing(f.Name, "cannot be read: "+f.Denied)
		case len(wanted) == 0:
			a.notice("field %s is left out: %s", f.Name, f.Denied)
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %s", source.ErrPermission, strings.Join(problems, "; "))
	}
	return a.checkNames()
}

// checkNames refuses what SQL or the lake could not tell apart.
func (a *asking) checkNames() error {
	seen := map[string]string{}
	for _, name := range append(lake.LineageColumns(), "_commit", "_row", "file_row_number", "file_index") {
		seen[name] = "the lake's own " + name
	}
	for _, f := range a.request.Fields {
		lower := strings.ToLower(f.Name)
		if other := seen[lower]; other != "" {
			return fmt.Errorf("%w: field %s of %s and %s would be one column: list the others under `fields`", source.ErrConfig, f.Name, a.description.Origin, other)
		}
		seen[lower] = "field " + f.Name
	}
	if len(a.request.Fields) == 0 {
		return fmt.Errorf("%w: %s has no field that may be read", source.ErrPermission, a.description.Origin)
	}
	return nil
}

// compareFields compares the description with that of the last load. New fields are reported; one that has vanished or is of another
// kind is an error where something uses it.
func (a *asking) compareFields() error {
	if a.before.Standing.Object != a.asked.Object {
		return nil
	}
	var problems []string
	for _, was := range a.before.Standing.Fields {
		is, found := source.FieldNamed(a.description.Fields, was.Name)
		unseen := is.Kind == source.Unknown || was.Kind == string(source.Unknown)
		if found && is.Denied == "" && (is.Type == was.Type || unseen) {
			continue
		}
		change := ColumnChange{File: a.description.Origin, Column: was.Name, Was: was.Type}
		text := "is gone"
		switch {
		case found && is.Denied != "":
			text = "can no longer be read: " + is.Denied
		case found:
			change.Is, text = is.Type, fmt.Sprintf("was %s and is %s", was.Type, is.Type)
		}
		harmless := found && is.Denied == "" && string(is.Kind) == was.Kind
		if used := a.usedBy(was.Name); used != "" && !harmless && !a.accepted(was.Name) {
			problems = append(problems, fmt.Sprintf("field %s %s%s", was.Name, text, used))
			continue
		}
		a.result.Drift = append(a.result.Drift, change)
	}
	for _, f := range a.asked.Fields {
		if a.isNew(f.Name) {
			a.result.Drift = append(a.result.Drift, ColumnChange{File: a.description.Origin, Column: f.Name, Is: f.Type})
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w: %s: %s: mend what uses it, or accept it with accept: [NAME] at the stream", ErrDrift, a.description.Origin, strings.Join(problems, "; "))
	}
	return nil
}

func (a *asking) isNew(name string) bool {
	return len(a.before.Standing.Fields) > 0 && !slices.ContainsFunc(a.before.Standing.Fields, func(f lake.Field) bool { return f.Name == name })
}

func (a *asking) newFields() bool {
	return slices.ContainsFunc(a.asked.Fields, func(f lake.Field) bool { return a.isNew(f.Name) })
}

func (a *asking) accepted(name string) bool { return slices.Contains(a.Ask.Accept, name) }

func (a *asking) uses(name string) []string {
	var out []string
	if a.Ask.Uses != nil {
		out = a.Ask.Uses(name)
	}
	if slices.Contains(a.request.Key, name) || name == a.request.Cursor {
		out = append(out, "the stream's key or cursor")
	}
	return out
}

func (a *asking) usedBy(name string) string {
	if uses := a.uses(name); len(uses) > 0 {
		return ", and " + strings.Join(uses, ", ") + " uses it"
	}
	return ""
}

// guard stops a source that keeps sending the same page. A page that comes again a few times is merged by key.
type guard struct {
	source.Pages
	total atomic.Int64 // rows that the source says there are
	limit int
	seed  maphash.Seed
	seen  map[uint64]int
}

// Without a key equal rows are rows of their own, and empty pages may be many.
const (
	mostRepeats      = 3
	mostEqualRepeats = 1000
)

func newGuard(pages source.Pages, keyed bool) *guard {
	g := &guard{Pages: pages, limit: mostRepeats, seed: maphash.MakeSeed(), seen: map[uint64]int{}}
	if !keyed {
		g.limit = mostEqualRepeats
	}
	return g
}

// Next is that of the pages.
func (g *guard) Next(b *source.Batch) error {
	if err := g.Pages.Next(b); err != nil {
		return err
	}
	g.total.Store(g.Told().Rows)
	limit := g.limit
	if b.Rows() == 0 {
		limit = mostEqualRepeats
	}
	page := maphash.Bytes(g.seed, b.Arena)
	g.seen[page]++
	if g.seen[page] > limit+1 {
		return fmt.Errorf("%w: %d times the same %d rows", source.ErrRepeats, g.seen[page], b.Rows())
	}
	return nil
}
