package nightly

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/ops"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// buildPrefix begins the name of the file that a night is built in, aside; the number of the writer's turn ends it. So a run that was
// paused and taken over has no name in common with what the other one builds.
const buildPrefix = "night-"

func buildName(turn int64) string { return buildPrefix + strconv.FormatInt(turn, 10) }

// buildTable says what the file that is being built holds, for the steps after the build, also in another process.
const buildTable = `CREATE OR REPLACE TABLE ops.build (run_id VARCHAR, as_of VARCHAR, known_at TIMESTAMPTZ, program_hash VARCHAR, newest_commit BIGINT,
	rows_staged BIGINT, rows_quarantined BIGINT, is_checked BOOLEAN)`

// build makes the night's warehouse aside.
func (n *night) build(ctx context.Context) (string, error) {
	if err := n.past(ctx); err != nil {
		return "", err
	}
	data, loads, newest, err := n.data(ctx)
	if err != nil {
		return "", err
	}
	if len(data) == 0 {
		return "", dataError{errors.New("the lake holds no rows yet: run the extract step, or look at files: in tributary.yaml")}
	}
	if err := n.discardBuilds(); err != nil {
		return "", err
	}
	n.built = buildName(n.writer.Turn())
	file, err := n.folder.Create(ctx, n.built, n.settings())
	if err != nil {
		return "", err
	}
	detail, err := n.fill(ctx, file, data, loads, newest)
	if err != nil {
		return "", errors.Join(err, file.Close(), n.folder.Discard(n.built))
	}
	if err := file.Finish(ctx); err != nil {
		return "", errors.Join(err, n.folder.Discard(n.built)) // half a file only takes up room
	}
	return detail, nil
}

func (n *night) fill(ctx context.Context, file *warehouse.File, data []staging.StreamData, loads []lake.StreamParts, newest int64) (string, error) {
	zone := n.project.Config.Reporting.TimeZone.Value
	if err := prelude.Create(ctx, file.DB, zone); err != nil {
		return "", err
	}
	if err := ops.Create(ctx, file.DB); err != nil {
		return "", err
	}
	conn, err := file.DB.Conn(ctx)
	if err != nil {
		return "", fmt.Errorf("open the warehouse: %w", err)
	}
	defer conn.Close()
	params := n.project.Params(n.asOf, n.knownAt)
	if err := n.project.Program.CreateTables(ctx, conn, params); err != nil {
		return "", err
	}
	staged, err := n.stage(ctx, conn, data)
	if err != nil {
		return "", err
	}
	models, err := n.models(ctx, file.DB, conn)
	if err != nil {
		return "", err
	}
	if err := n.record(ctx, conn, staged, models, loads, newest); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d rows read, %d quarantined, %d models", n.summary.RowsStaged, n.summary.Quarantined, models.Total), nil
}

func (n *night) stage(ctx context.Context, conn *sql.Conn, data []staging.StreamData) (staging.Result, error) {
	begun := n.now()
	plan, err := staging.Compile(ctx, conn, staging.Options{
		Config: n.project.Staging(), Data: data, AsOf: n.summary.AsOf,
		AsOfAt: program.DayEnd(n.asOf, n.project.Zone), Accepted: n.project.Program.Accepted(),
	})
	if err != nil {
		return staging.Result{}, err
	}
	result, err := plan.Run(ctx)
	if err != nil {
		return result, errors.Join(err, plan.Close(ctx))
	}
	n.summary.RowsStaged, n.summary.Quarantined = result.Read(), result.Quarantined()
	if err := n.noticeQuarantine(ctx, conn); err != nil {
		return result, errors.Join(err, plan.Close(ctx))
	}
	for _, w := range result.Orphans {
		n.notice("%s.%s refers to something unknown in %d rows, such as %q: they are kept under unknown", w.Entity, w.Field, w.Rows, w.Sample)
	}
	for _, w := range result.Warnings {
		n.notice("%s", w)
	}
	n.report(Event{Step: StepBuild, Text: fmt.Sprintf("%d rows read, %d quarantined", n.summary.RowsStaged, n.summary.Quarantined), Part: 0.3})
	n.lineage.staged(ctx, conn, plan, result, begun)
	return result, plan.Close(ctx)
}

// noticeQuarantine tells of the rows that are set aside: how many by rule, and where the first one stands.
func (n *night) noticeQuarantine(ctx context.Context, conn *sql.Conn) error {
	if n.summary.Quarantined == 0 {
		return nil
	}
	var rules, first string
	err := conn.QueryRowContext(ctx, `SELECT (SELECT string_agg(rule || ' ' || rows, ', ' ORDER BY rule) FROM (SELECT rule, count(*) AS rows FROM staging.quarantine GROUP BY rule)),
		(SELECT coalesce(source_file || ':' || source_line, source_file, stream, '') FROM staging.quarantine ORDER BY source_file, source_line, rule LIMIT 1)`).Scan(&rules, &first)
	if err != nil {
		return fmt.Errorf("look at the quarantine: %w", err)
	}
	n.notice("%d rows are quarantined (%s), the first is %s: staging.quarantine has each with its rule, value, file and line", n.summary.Quarantined, rules, first)
	return nil
}

// Catalogue reads the metrics: ours, and the user's over them.
func Catalogue(user fs.FS) (*catalogue.Catalogue, error) {
	return catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"}, catalogue.Layer{FS: user, Root: "sql"})
}

// valueTables are what the catalogue fills.
func valueTables() []string {
	return []string{"metrics.metric_value", "metrics.group_value", "metrics.definition"}
}

func (n *night) models(ctx context.Context, db *sql.DB, conn *sql.Conn) (engine.Result, error) {
	set, err := model.Load(ctx, embedded.FS, n.project.SQL())
	if err != nil {
		return engine.Result{}, err
	}
	cat, err := Catalogue(n.project.SQL())
	if err != nil {
		return engine.Result{}, err
	}
	done := 0
	values := engine.Made{Tables: valueTables(), Make: func(ctx context.Context, _ *sql.DB) error {
		n.report(Event{Step: StepBuild, Text: "metrics", Part: 0.6})
		return cat.Store(ctx, conn)
	}}
	return engine.Build(ctx, db, set, engine.Options{
		Workers: n.limits.Threads, Clock: n.now, Made: []engine.Made{values},
		OnModel: func(m engine.ModelResult) {
			done++
			n.lineage.made(ctx, conn, set, cat, m)
			n.report(Event{Step: StepBuild, Text: fmt.Sprintf("%s: %d rows", m.Name, m.Rows), Part: 0.3 + 0.6*float64(done)/float64(max(1, len(set.Names())))})
		},
	})
}

// record writes what the night is made of into schema ops.
func (n *night) record(ctx context.Context, conn *sql.Conn, staged staging.Result, models engine.Result, loads []lake.StreamParts, newest int64) error {
	id := n.summary.RunID
	var made []ops.Model
	for _, m := range models.Models {
		made = append(made, ops.Model{Run: id, Model: m.Name, Materialise: m.Materialise, File: m.File, Rows: m.Rows, StartedAt: m.Started, Duration: m.Duration, Status: m.State})
	}
	if err := ops.AddModels(ctx, conn, made...); err != nil {
		return err
	}
	var landed []ops.Load
	for _, s := range loads {
		byLoad := map[string]*ops.Load{}
		for _, p := range append(append([]lake.LoadedPart{}, s.Current...), s.Superseded...) {
			l := byLoad[p.LoadID]
			if l == nil {
				l = &ops.Load{Run: id, Source: s.Source, Stream: s.Stream, LoadID: p.LoadID, Commit: p.Commit, StartedAt: p.CommittedAt}
				byLoad[p.LoadID] = l
			}
			l.Files++
			l.Rows += p.Rows
			l.Bytes += p.Bytes
		}
		for _, p := range s.Quarantine {
			if l := byLoad[p.LoadID]; l != nil {
				l.Quarantined += p.Rows
			}
		}
		for _, p := range s.Current {
			if l := byLoad[p.LoadID]; l != nil {
				landed = append(landed, *l)
				delete(byLoad, p.LoadID)
			}
		}
	}
	if err := ops.AddLoads(ctx, conn, landed...); err != nil {
		return err
	}
	if err := n.recordStaged(ctx, conn, staged, loads); err != nil {
		return err
	}
	var r records
	r.staged(id, n.records)
	if err := r.add(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, buildTable); err != nil {
		return fmt.Errorf("record the build: %w", err)
	}
	_, err := conn.ExecContext(ctx, "INSERT INTO ops.build VALUES (?, ?, ?, ?, ?, ?, ?, false)",
		id, n.summary.AsOf, n.knownAt, n.program, newest, n.summary.RowsStaged, n.summary.Quarantined)
	if err != nil {
		return fmt.Errorf("record the build: %w", err)
	}
	return ops.AddRuns(ctx, conn, ops.Run{
		ID: id, Project: n.summary.Project, AsOf: n.asOf, KnownAt: n.knownAt, ReportingZone: n.project.Config.Reporting.TimeZone.Value,
		Version: n.opts.Version, ProgramHash: n.program, StartedAt: n.summary.StartedAt, FinishedAt: n.now(), Status: StatusBuilt,
	})
}

var errNothingBuilt = errors.New("nothing is built: run the build step first (tributary run --steps build)")

// resume opens the file that the build step left, for the steps after it.
func (n *night) resume(ctx context.Context) (*warehouse.File, error) {
	builds, err := n.builds()
	if err != nil {
		return nil, err
	}
	if len(builds) == 0 {
		return nil, configError{errNothingBuilt}
	}
	n.built = buildName(slices.Max(builds))
	file, err := n.folder.Resume(ctx, n.built, n.settings())
	if err != nil {
		return nil, err
	}
	if err := n.adopt(ctx, file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// adopt takes over what the build step, perhaps in another process, was told: as_of, known_at and the program.
func (n *night) adopt(ctx context.Context, file *warehouse.File) error {
	var known time.Time
	var hash string
	row := file.DB.QueryRowContext(ctx, "SELECT as_of, known_at, program_hash, rows_staged, rows_quarantined FROM ops.build")
	if err := row.Scan(&n.summary.AsOf, &known, &hash, &n.summary.RowsStaged, &n.summary.Quarantined); err != nil {
		return fmt.Errorf("read what was built: %w", err)
	}
	if asked := n.asOf.Format(time.DateOnly); asked != n.summary.AsOf && (n.opts.AsOf != "" || !n.opts.To.IsZero()) {
		return configError{fmt.Errorf("what is built is as of %s, not %s: run the build step first", n.summary.AsOf, asked)}
	}
	if hash != n.program {
		n.notice("this night goes on with the configuration, rules and models that it was built with: today's are others, and count from the next build on")
	}
	if err := n.useProgram(ctx, hash); err != nil {
		return fmt.Errorf("the program that %s was built with: %w", file.Path, err)
	}
	n.knownAt, n.summary.KnownAt = known.UTC(), known.UTC()
	day, err := program.ParseDay(n.summary.AsOf)
	n.asOf = day
	return err
}

// builds are the turns whose builds lie aside. Those after this run's turn are another writer's, who took over.
func (n *night) builds() ([]int64, error) {
	names, err := n.folder.Builds()
	if err != nil {
		return nil, err
	}
	var turns []int64
	for _, name := range names {
		turn, err := strconv.ParseInt(strings.TrimPrefix(name, buildPrefix), 10, 64)
		if err == nil && turn <= n.writer.Turn() {
			turns = append(turns, turn)
		}
	}
	return turns, nil
}

// discardBuilds makes room for a new build.
func (n *night) discardBuilds() error {
	turns, err := n.builds()
	for _, turn := range turns {
		err = errors.Join(err, n.folder.Discard(buildName(turn)))
	}
	return err
}
