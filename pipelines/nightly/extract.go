package nightly

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tributary-data/tributary/pipelines/current"
	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/transforms/staging"
)

// extract lands what is new in the sources.
func (n *night) extract(ctx context.Context) (string, error) {
	asked, leave, problem := n.connect(ctx)
	defer leave()
	files := 0
	for _, p := range passes(n.project.Streams(), asked, n.opts.Windows, n.project.Zone) {
		taken, err := n.pass(ctx, p)
		files += taken
		if problem = errors.Join(problem, err); err != nil {
			break
		}
	}
	n.changed = n.summary.Loads > 0
	if problem != nil {
		return "", problem
	}
	n.pullHistory(ctx)
	if len(asked) == 0 {
		return fmt.Sprintf("%d new or changed files, %d rows in %d loads", files, n.summary.RowsLanded, n.summary.Loads), nil
	}
	return fmt.Sprintf("%d streams asked, %d new or changed files, %d rows in %d loads", len(asked), files, n.summary.RowsLanded, n.summary.Loads), nil
}

// connect makes a connector of every source that is asked. One that cannot be made leaves its streams out: the others are extracted.
func (n *night) connect(ctx context.Context) (streams []extract.Stream, leave func(), problem error) {
	var connectors []source.Connector
	for _, s := range n.project.Config.Sources {
		if s.Asked == nil {
			continue
		}
		c, err := n.project.Connect(ctx, s, n.opts.RPS)
		if err != nil {
			problem = errors.Join(problem, err)
			continue
		}
		connectors = append(connectors, c)
		streams = append(streams, n.project.AskedStreams(s, c)...)
	}
	return streams, func() {
		for _, c := range connectors {
			if err := c.Close(); err != nil {
				n.notice("a source could not be left: %v", err)
			}
		}
	}, problem
}

// pass is one extraction; it returns how many files it took.
func (n *night) pass(ctx context.Context, p pass) (int, error) {
	result, err := extract.Run(ctx, n.writer, p.streams, extract.Options{
		ProjectDir: n.project.Dir, Clock: n.now, Progress: n.reportExtract(n.now()), Current: current.Of(n.lake),
	})
	files, rows := 0, int64(0)
	for _, s := range result.Streams {
		if s.Commit != 0 {
			n.summary.Loads++
		}
		files += s.New + s.Changed
		rows += s.Rows
		for _, d := range s.Drift {
			n.notice("%s.%s: %s", s.Source, s.Stream, d)
		}
		for _, text := range s.Notices {
			n.notice("%s.%s: %s", s.Source, s.Stream, text)
		}
	}
	n.summary.RowsLanded += rows
	n.lineage.extracted(ctx, result)
	if err != nil {
		if ExitCode(err) == ExitUnexpected {
			err = dataError{err}
		}
		if p.label != "" {
			err = fmt.Errorf("%s: %w", p.label, err)
		}
		return files, err
	}
	if p.label != "" {
		n.report(Event{Step: StepExtract, Text: fmt.Sprintf("%s: %d rows", p.label, rows), Done: true})
	}
	return files, nil
}

// reportExtract tells of progress: rows, how many of them in a second, and of how many where that is known.
func (n *night) reportExtract(begun time.Time) func(extract.Progress) {
	return func(e extract.Progress) {
		rate := 0.0
		if seconds := n.now().Sub(begun).Seconds(); seconds > 0 {
			rate = float64(e.Rows) / seconds
		}
		part, read := 0.0, fmt.Sprint(e.Rows)
		switch {
		case e.Total > 0:
			part, read = min(1, float64(e.Read)/float64(e.Total)), fmt.Sprintf("%d of %d", e.Read, e.Total)
		case e.TotalBytes > 0:
			part = float64(e.Bytes) / float64(e.TotalBytes)
		}
		n.report(Event{Step: StepExtract, Text: fmt.Sprintf("%s.%s %s: %s rows, %.0f/s", e.Source, e.Stream, e.File, read, rate), Part: part})
	}
}

// nothingNew says whether what is published already was made of the same loads and rules for the same as_of.
func (n *night) nothingNew(ctx context.Context) (bool, error) {
	if n.changed || !n.opts.KnownAt.IsZero() {
		return false, nil
	}
	log, err := n.lake.Manifests(ctx)
	if err != nil {
		return false, err
	}
	var published *lake.Publish
	var newest int64
	for _, m := range log {
		switch m.Kind {
		case lake.KindPublish:
			published = m.Publish
		case lake.KindLoad:
			if !m.Load.OfRuns && !m.Load.Empty() {
				newest = m.Number
			}
		}
	}
	if published == nil || published.Rollback || published.AsOf != n.summary.AsOf || published.Program != n.program || newest > published.Commit {
		return false, nil
	}
	if _, err := os.Stat(filepath.Join(n.folder.Dir, published.Warehouse)); err != nil {
		return false, nil //nolint:nilerr // a published file that is gone is built again
	}
	return versionOf(log, published.RunID) == n.opts.Version, nil
}

// versionOf is the version of tributary that a run was made with.
func versionOf(log []lake.Manifest, id string) string {
	for _, m := range log {
		if m.Kind == lake.KindRun && m.Run.ID == id {
			return m.Run.Version
		}
	}
	return ""
}

// past swaps in the program and maps of the night that known_at names.
func (n *night) past(ctx context.Context) error {
	if n.opts.KnownAt.IsZero() || n.opts.ProgramCurrent {
		return nil
	}
	log, err := n.lake.Manifests(ctx)
	if err != nil {
		return err
	}
	// a night's record is committed after its known_at, so it is found by what it says, not by when it was committed
	hash := ""
	var newest time.Time
	for _, m := range log {
		if m.Kind == lake.KindRun && m.Run.Program != "" && !m.Run.KnownAt.After(n.knownAt) && !m.Run.KnownAt.Before(newest) {
			hash, newest = m.Run.Program, m.Run.KnownAt
		}
	}
	if hash == "" {
		n.notice("no run knew as little as %s: today's program is used", n.knownAt.Format(time.RFC3339))
		return nil
	}
	if err := n.useProgram(ctx, hash); err != nil {
		return fmt.Errorf("the program of that night (%s) cannot be read by this version; --program current uses today's: %w", hash, err)
	}
	return nil
}

// useProgram swaps in the configuration, rules and models that a run has left in the lake.
func (n *night) useProgram(ctx context.Context, hash string) error {
	if hash == n.program {
		return nil
	}
	files, err := n.lake.LoadProgram(ctx, hash)
	if err != nil {
		return err
	}
	p, err := project.LoadFiles(files, project.Options{Dir: n.project.Dir})
	if err != nil {
		return err
	}
	n.project, n.program = p, hash
	return nil
}

// data is what each stream had delivered by known_at, and the newest commit among it.
func (n *night) data(ctx context.Context) ([]staging.StreamData, []lake.StreamParts, int64, error) {
	log, err := n.lake.Manifests(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	streams, err := n.lake.Streams(ctx, n.knownAt)
	if err != nil {
		return nil, nil, 0, err
	}
	var (
		out    []staging.StreamData
		parts  []lake.StreamParts
		newest int64 // loads without rows count: they too are known
	)
	for _, m := range lake.KnownBy(log, n.knownAt) {
		if m.Kind == lake.KindLoad && !m.Load.OfRuns && !m.Load.Empty() {
			newest = m.Number
		}
	}
	for _, s := range streams {
		p, err := n.lake.Parts(ctx, s.Source, s.Stream, n.knownAt)
		if err != nil {
			return nil, nil, 0, err
		}
		if p.OfRuns {
			continue
		}
		out = append(out, current.Data(n.lake, p))
		parts = append(parts, p)
	}
	return out, parts, newest, nil
}

// stagingOf is how raw rows become entities. What identifies the records of a source that is asked, and which of two counts, its loads say.
func stagingOf(p *project.Project, loads []lake.StreamParts) staging.Config {
	cfg := p.Staging()
	for _, l := range loads {
		if _, known := cfg.Streams[l.String()]; known && l.Standing.Settings != "" {
			cfg.Streams[l.String()] = current.Spec(l)
		}
	}
	return cfg
}
