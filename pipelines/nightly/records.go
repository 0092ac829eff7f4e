package nightly

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/transforms/ops"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// statusDied is a run that left no record: killed, or its machine went down.
const statusDied = "died"

// recordStaged keeps for the record what was staged, how new it is, and what was set apart.
func (n *night) recordStaged(ctx context.Context, conn *sql.Conn, staged staging.Result, loads []lake.StreamParts) error {
	landed := map[int64]time.Time{}
	for _, s := range loads {
		for _, p := range append(append([]lake.LoadedPart{}, s.Current...), s.Superseded...) {
			landed[p.Commit] = p.CommittedAt
		}
	}
	set, err := schemas.Load()
	if err != nil {
		return err
	}
	for _, e := range staged.Entities {
		record := lake.Staged{Entity: e.Entity, Rows: e.Rows, Quarantined: e.Quarantined}
		contract, _ := set.Entity(e.Entity)
		if e.Rows > 0 && contract != nil {
			var commit sql.NullInt64
			var newest sql.NullTime
			if err := conn.QueryRowContext(ctx, newestRow(contract)).Scan(&commit, &newest, &record.Deleted); err != nil {
				return fmt.Errorf("how new is staging.%s: %w", e.Entity, err)
			}
			record.LoadedAt, record.NewestAt = landed[commit.Int64].UTC(), newest.Time.UTC()
		}
		n.records.Entities = append(n.records.Entities, record)
	}
	rows, err := conn.QueryContext(ctx, `SELECT coalesce(entity, ''), coalesce(source, ''), coalesce(stream, ''), coalesce(rule, ''), count(*)
		FROM staging.quarantine GROUP BY ALL ORDER BY ALL`)
	if err != nil {
		return fmt.Errorf("count the quarantine: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var q lake.Quarantined
		if err := rows.Scan(&q.Entity, &q.Source, &q.Stream, &q.Rule, &q.Rows); err != nil {
			return fmt.Errorf("count the quarantine: %w", err)
		}
		n.records.Quarantine = append(n.records.Quarantine, q)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("count the quarantine: %w", err)
	}
	return n.noticeDrops(ctx)
}

// A drop is told from a fifth of an entity's rows on, and not of a handful.
const (
	dropTold = 5
	dropFrom = 20
)

// noticeDrops says of which entities there is much less than on the night before: half a delivery in place of a full dump looks like deletions.
func (n *night) noticeDrops(ctx context.Context) error {
	log, err := n.lake.Manifests(ctx)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(log) {
		if m.Run == nil || len(m.Run.Entities) == 0 || m.Run.AsOf > n.summary.AsOf || !slices.Contains([]string{StatusPublished, StatusNoAccruals}, m.Run.Status) {
			continue
		}
		had := map[string]int64{}
		for _, e := range m.Run.Entities {
			had[e.Entity] = e.Rows - e.Deleted
		}
		for _, e := range n.records.Entities {
			before, now := had[e.Entity], e.Rows-e.Deleted
			if gone := before - now; gone >= dropFrom && gone*dropTold >= before {
				n.notice("%s has %d rows, %d on the night of %s: if a delivery was cut short, put the whole file there and run again", e.Entity, now, before, m.Run.AsOf)
			}
		}
		break
	}
	return nil
}

// newestRow reads the newest commit and event time of an entity, and how many of its rows are deleted.
func newestRow(e *schemas.Entity) string {
	at := "NULL"
	if e.EventTime != "" {
		at = "max(" + e.EventTime + ")"
	}
	deleted := "0"
	if _, ok := e.Field("deleted"); ok {
		deleted = "count_if(coalesce(deleted, false))"
	}
	return "SELECT max(_commit), CAST(" + at + " AS TIMESTAMPTZ), " + deleted + " FROM staging." + e.Name
}

// recordsFile has the records of all runs, beside the nights. It is not called ops: DuckDB could not tell the file from the schema.
const recordsFile = "records.duckdb"

func (n *night) recordsPath() string { return filepath.Join(n.folder.Dir, recordsFile) }

// RenewRecords writes the records anew after something else than a run has changed what is published.
func RenewRecords(ctx context.Context, p *project.Project, w *lake.Writer, clock func() time.Time) error {
	n := &night{project: p, today: p, lake: w.Lake(), writer: w, folder: warehouse.Folder{Dir: p.WarehouseDir()}, opts: Options{Clock: clock}}
	n.summary.Project = p.Config.Project.Value
	return n.publishRecords(ctx)
}

// publishRecords writes the records of all runs, failed ones included, into a file of their own: a failed night's checks are to be seen,
// its figures are not. All of it comes from the commit log, but what moved: that is carried over from the file before.
func (n *night) publishRecords(ctx context.Context) error {
	log, err := n.lake.Manifests(ctx)
	if err != nil {
		return err
	}
	aside := fmt.Sprintf("records-%d", n.writer.Turn())
	file, err := n.folder.Create(ctx, aside, warehouse.Settings{Threads: 1})
	if err != nil {
		return err
	}
	if err = addRecords(ctx, file.DB, n.summary.Project, log); err == nil {
		err = errors.Join(addHistory(ctx, file.DB, n.lake), n.keepMoved(ctx, file.DB),
			ops.CreateDue(ctx, file.DB), ops.AddDue(ctx, file.DB, Due(n.today, log, n.now())...))
	}
	if err != nil {
		return errors.Join(err, file.Close(), n.folder.Discard(aside))
	}
	err = file.Finish(ctx)
	if err == nil {
		err = os.Rename(n.folder.BuildPath(aside), n.recordsPath())
	}
	if err != nil {
		return errors.Join(err, n.folder.Discard(aside))
	}
	return nil
}

// history is how many runs the file of records goes back: more than a year of nights.
const history = 400

// records are rows of schema ops.
type records struct {
	project    string
	runs       []ops.Run
	steps      []ops.Step
	checks     []ops.Check
	loads      []ops.Load
	freshness  []ops.Freshness
	quarantine []ops.Quarantine
}

func addRecords(ctx context.Context, db ops.DB, name string, log []lake.Manifest) error {
	r := records{project: name}
	for _, m := range newest(log, history) {
		switch {
		case m.Run != nil:
			r.run(*m.Run)
		case m.Load != nil:
			r.load(m, runOf(log[m.Number-1:], m.Writer))
		case m.Turn != nil && m.Turn.TookOver != nil:
			r.died(*m.Turn.TookOver, log[:m.Number-1])
		}
	}
	return errors.Join(ops.Create(ctx, db), ops.CreateSchedule(ctx, db), r.add(ctx, db))
}

// newest is the end of a log that has the last n runs.
func newest(log []lake.Manifest, n int) []lake.Manifest {
	for i, m := range slices.Backward(log) {
		if m.Run == nil {
			continue
		}
		if n == 0 {
			return log[i+1:]
		}
		n--
	}
	return log
}

// runOf is the id of the run that a writer recorded; the writer's own token when it came to no record.
func runOf(log []lake.Manifest, writer string) string {
	for _, m := range log {
		if m.Run != nil && m.Writer == writer {
			return m.Run.ID
		}
	}
	return writer
}

func (r *records) run(run lake.Run) {
	day, _ := program.ParseDay(run.AsOf) // a run that failed early has none
	r.addRun(ops.Run{
		ID: run.ID, Project: r.project, AsOf: day, KnownAt: run.KnownAt, Version: run.Version, ProgramHash: run.Program,
		StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, Status: run.Status, Message: run.Error,
	})
	for _, s := range run.Steps {
		r.steps = append(r.steps, ops.Step{Run: run.ID, Step: s.Name, StartedAt: s.StartedAt, Duration: s.FinishedAt.Sub(s.StartedAt), Status: s.Status, Message: s.Detail})
	}
	for _, c := range run.Checks {
		r.checks = append(r.checks, ops.Check{
			Run: run.ID, Table: c.Table, Name: c.Name, Kind: c.Kind, Severity: c.Severity, Status: c.Status, Failed: c.Failed,
			Detail: c.Detail, File: c.File, Line: c.Line,
		})
	}
	r.staged(run.ID, run)
}

// addRun adds a run. Steps that a scheduler ran in processes of their own, tries again included, are one run when they were given one id.
func (r *records) addRun(run ops.Run) {
	at := slices.IndexFunc(r.runs, func(had ops.Run) bool { return had.ID == run.ID })
	if at < 0 {
		r.runs = append(r.runs, run)
		return
	}
	run.StartedAt = r.runs[at].StartedAt
	r.runs[at] = run
}

func (r *records) staged(id string, run lake.Run) {
	for _, e := range run.Entities {
		r.freshness = append(r.freshness, ops.Freshness{Run: id, Entity: e.Entity, Rows: e.Rows, NewestAt: e.NewestAt, LoadedAt: e.LoadedAt, Quarantined: e.Quarantined})
	}
	for _, q := range run.Quarantine {
		r.quarantine = append(r.quarantine, ops.Quarantine{Run: id, Entity: q.Entity, Source: q.Source, Stream: q.Stream, Rule: q.Rule, Rows: q.Rows})
	}
}

func (r *records) load(m lake.Manifest, run string) {
	l := m.Load
	load := ops.Load{
		Run: run, Source: l.Source, Stream: l.Stream, LoadID: l.LoadID, Commit: m.Number, StartedAt: l.StartedAt,
		Files: int64(len(l.Files)), Rows: l.Rows, Quarantined: l.Quarantined,
	}
	for _, p := range l.Parts {
		load.Bytes += p.Bytes
	}
	if a := l.Asked; a != nil {
		load.Asked, load.From, load.To, load.Told, load.Exact, load.Repeated, load.Gone = a.What, a.From, a.To, a.Told, a.Exact, a.Repeated, a.Gone
	}
	r.loads = append(r.loads, load)
}

// died is a run that another one took over and that left no record.
func (r *records) died(h lake.Holder, before []lake.Manifest) {
	if runOf(before, h.Token) == h.Token {
		r.runs = append(r.runs, ops.Run{ID: h.Token, Project: r.project, StartedAt: h.Started, Status: statusDied, Message: h.String() + ", ended without a record and was taken over"})
	}
}

func (r *records) add(ctx context.Context, db ops.DB) error {
	return errors.Join(
		ops.AddRuns(ctx, db, r.runs...), ops.AddSteps(ctx, db, r.steps...), ops.AddChecks(ctx, db, r.checks...), ops.AddLoads(ctx, db, r.loads...),
		ops.AddFreshness(ctx, db, r.freshness...), ops.AddQuarantine(ctx, db, r.quarantine...),
	)
}
