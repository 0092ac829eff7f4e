// Package nightly is the run: extract what is new, build the night's warehouse aside, check it, publish it. Each step can run in a process
// of its own; a step that fails leaves what readers see as it was. It decides no figure: it puts the rooms of the house in order.
package nightly

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish/postgres"
	"github.com/tributary-data/tributary/transforms/ops"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// The steps of a run, in order.
const (
	StepExtract = "extract"
	StepBuild   = "build"
	StepCheck   = "check"
	StepPublish = "publish"
)

// Steps are all steps, in order.
func Steps() []string { return []string{StepExtract, StepBuild, StepCheck, StepPublish} }

// Options of a run. The zero value is a whole night as of the last day that has ended.
type Options struct {
	Dir            string    // the project folder
	Steps          []string  // none = all
	AsOf           string    // YYYY-MM-DD; "" = the last day in the reporting zone that has ended by To
	KnownAt        time.Time // only loads committed by then count; zero = now
	From, To       time.Time // the interval that the run stands for, To exclusive; zero = open, and now
	Windows        []Window  // a backfill: sources that can, extract them one by one; what is published and newer stays, unbuilt
	RPS            float64   // requests per second of each source that is asked, instead of the configured limit; 0 = as configured
	ProgramCurrent bool      // with KnownAt: today's program and maps instead of that night's
	AllowOlder     bool      // publish although what is published is newer
	SkipCode       int       // exit code of a run that finds nothing new; 0 = none of its own
	RunID          string    // "" = a new one
	Version        string    // of tributary
	Clock          func() time.Time
	Lease          time.Duration // of the writer's lock; 0 = the lake's default
	Report         func(Event)   // progress; called from several goroutines, never at the same time
}

const (
	minLease = time.Second
	// lastCode is the highest exit code that has a meaning already, 8 in `tributary airflow trigger --wait`; the system has no more than 255.
	lastCode, highestCode = 8, 255
)

// Event is a piece of progress.
type Event struct {
	Step string
	Text string  // one line for people
	Done bool    // the step has ended
	Part float64 // how much of the step is done, 0 to 1, where known
}

// Statuses of a run.
const (
	StatusPublished  = "published"
	StatusExtracted  = "extracted"   // no more was asked for
	StatusBuilt      = "built"       // not published: older than what is published, or publish was not asked for
	StatusNothingNew = "nothing_new" // the same inputs, rules and as_of are published already
	StatusNoAccruals = "no_accruals" // published; accruals failed for want of an exchange rate
	StatusFailed     = "failed"
)

// Summary is what a run did, as the last line of `tributary run --json` has it.
type Summary struct {
	RunID       string     `json:"run_id"`
	Project     string     `json:"project"`
	Status      string     `json:"status"`
	ExitCode    int        `json:"exit_code"`
	AsOf        string     `json:"as_of"`
	Zone        string     `json:"reporting_tz,omitempty"`
	KnownAt     time.Time  `json:"known_at,omitzero"`
	StartedAt   time.Time  `json:"started_at"`
	Seconds     float64    `json:"seconds"`
	Steps       []Step     `json:"steps"`
	Loads       int        `json:"loads"`
	RowsLanded  int64      `json:"rows_landed"`
	RowsStaged  int64      `json:"rows_staged"`
	Quarantined int64      `json:"rows_quarantined"`
	Warehouse   string     `json:"warehouse,omitempty"`
	Commit      int64      `json:"commit,omitempty"`
	Notices     []string   `json:"notices"`
	Headlines   []Headline `json:"headlines"`
	Error       string     `json:"error,omitempty"`
}

// Step is how one step went.
type Step struct {
	Name    string  `json:"name"`
	Status  string  `json:"status"`
	Seconds float64 `json:"seconds"`
	Detail  string  `json:"detail,omitempty"`
}

// night is a run under way.
type night struct {
	opts    Options
	project *project.Project
	today   *project.Project // also where project is that of a past night
	limits  project.Limits   // of today too
	// database is where readers are besides the file, of today too; nil = nowhere
	database     *postgres.Config
	databaseDown bool // it did not answer: not to be asked again in this run
	lake         *lake.Lake
	writer       *lake.Writer
	folder       warehouse.Folder
	program      string // hash of the program snapshot
	asOf         time.Time
	knownAt      time.Time
	built        string // name of the build aside
	changed      bool   // the extract step landed something
	summary      Summary
	records      lake.Run // what the steps have to say for the record
	before       previous
	movedSince   *int64 // number of the file that moved is since; nil = nothing was compared
	moved        []ops.Moved
	lineage      *recorder // nil = nobody asked for it
}

// Run does what the options ask for. The summary is meaningful with an error too; its ExitCode is that of the process.
func Run(ctx context.Context, opts Options) (Summary, error) {
	n, err := start(opts)
	n.openLineage()
	if err == nil {
		err = n.takeTurn(ctx)
	}
	if err == nil {
		err = n.inTurn(ctx)
	}
	err = n.end(err)
	n.closeLineage(err)
	n.tell(ctx, err)
	return n.summary, err
}

func (n *night) takeTurn(ctx context.Context) (err error) {
	n.lake, err = n.project.OpenLake(n.now)
	if err != nil {
		return err
	}
	n.writer, err = n.lake.Writer(ctx, lake.WriterOptions{Lease: n.opts.Lease})
	return err
}

// inTurn runs the steps until one fails, or another writer takes over: what is wrong then is the other one's doing.
func (n *night) inTurn(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-n.writer.Lost():
			cancel(lake.ErrLostTurn)
		case <-ctx.Done():
		}
	}()
	err := withAdvice(n.run(ctx))
	if err != nil && !errors.Is(err, lake.ErrLostTurn) && errors.Is(n.writer.Renew(), lake.ErrLostTurn) {
		err = fmt.Errorf("%w (stopped while: %w)", lake.ErrLostTurn, err)
	}
	return err
}

func start(opts Options) (*night, error) {
	n := &night{opts: opts}
	if n.opts.RunID == "" {
		n.opts.RunID = uuid.NewString()
	}
	if len(n.opts.Steps) == 0 {
		n.opts.Steps = Steps()
	}
	n.summary = Summary{RunID: n.opts.RunID, StartedAt: n.now().UTC(), Notices: []string{}, Headlines: []Headline{}, Steps: []Step{}}
	for _, s := range n.opts.Steps {
		if !slices.Contains(Steps(), s) {
			return n, configError{fmt.Errorf("--steps: %q is no step; the steps are extract, build, check, publish", s)}
		}
	}
	if c := opts.SkipCode; c < 0 || c > highestCode || c > 0 && c <= lastCode {
		return n, configError{fmt.Errorf("--skip-code: %d cannot stand for nothing new: 1 to %d mean something else already, and there is none above %d; Airflow takes 99", c, lastCode, highestCode)}
	}
	if l := opts.Lease; l != 0 && l < minLease {
		return n, configError{fmt.Errorf("--lease: %s is too short to show a sign of life in: %s is the least", l, minLease)}
	}
	p, err := project.Load(opts.Dir)
	if err != nil {
		return n, configError{err}
	}
	n.project, n.today, n.limits = p, p, p.Config.Limits
	n.summary.Project, n.summary.Zone = p.Config.Project.Value, p.Zone.String()
	n.folder = warehouse.Folder{Dir: p.WarehouseDir()}
	n.checkNotify()
	if err := n.needsMaps(); err != nil {
		return n, err
	}
	cfg, ok, err := Database(p)
	if err != nil {
		return n, err
	}
	if ok {
		n.database = &cfg
	}
	if err := n.setNight(); err != nil {
		return n, err
	}
	return n, n.checkBackfill()
}

// needsMaps refuses to build a warehouse in which nothing could be counted.
func (n *night) needsMaps() error {
	if !slices.Contains(n.opts.Steps, StepBuild) {
		return nil
	}
	missing, err := staging.Missing(n.project.Staging())
	if err != nil || len(missing) == 0 {
		return err
	}
	return configError{fmt.Errorf("%s: no map fills %s, and nothing can be counted without: add it under maps: (docs/maps.md; tributary map propose FILE writes a first one)",
		project.File, strings.Join(missing, " and "))}
}

// setNight settles as_of and known_at.
func (n *night) setNight() error {
	n.knownAt = n.now().UTC()
	if !n.opts.KnownAt.IsZero() {
		n.knownAt = n.opts.KnownAt.UTC()
	}
	n.summary.KnownAt = n.knownAt
	to := n.opts.To
	if to.IsZero() {
		to = n.now()
	}
	if from := n.opts.From; !from.Before(to) {
		return configError{fmt.Errorf("--from %s is not before --to %s, which is exclusive and now unless it is given", from.In(n.project.Zone).Format(time.RFC3339), to.In(n.project.Zone).Format(time.RFC3339))}
	}
	n.asOf = program.LastDayEnded(to, n.project.Zone)
	if n.opts.AsOf != "" {
		day, err := program.ParseDay(n.opts.AsOf)
		if err != nil {
			return configError{fmt.Errorf("--as-of: %w", err)}
		}
		n.asOf = day
	}
	n.summary.AsOf = n.asOf.Format(time.DateOnly)
	if n.asOf.After(program.LastDayEnded(n.now(), n.project.Zone)) {
		n.notice("%s has not ended: once it is published, nights of earlier days are built and not published", n.summary.AsOf)
	}
	return nil
}

func (n *night) run(ctx context.Context) error {
	hash, err := n.writer.StoreProgram(ctx, n.project.Snapshot())
	if err != nil {
		return err
	}
	n.program = hash
	if n.wants(StepExtract) {
		if err := n.step(ctx, StepExtract, n.extract); err != nil {
			return err
		}
		n.summary.Status = StatusExtracted
	}
	if over, err := n.overtaken(ctx); over || err != nil {
		return err
	}
	// a warehouse knows everything that is committed when its build begins, this run's loads included
	if n.opts.KnownAt.IsZero() {
		n.knownAt = n.now().UTC()
		n.summary.KnownAt = n.knownAt
	}
	// a scheduler that runs the steps one by one asks the build for a code: what comes after it is not wanted either
	if n.wants(StepBuild) && (n.wants(StepPublish) || n.opts.SkipCode > 0) {
		same, err := n.nothingNew(ctx)
		if err != nil {
			return err
		}
		if same {
			n.summary.Status = StatusNothingNew
			n.notice("nothing is new: this as_of is published with the same data and rules")
			return n.catchUp(ctx)
		}
	}
	for _, s := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{{StepBuild, n.build}, {StepCheck, n.check}, {StepPublish, n.publish}} {
		if !n.wants(s.name) {
			continue
		}
		n.summary.Status = StatusBuilt
		err := n.step(ctx, s.name, s.do)
		if s.name == StepPublish {
			n.aftermath(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *night) wants(step string) bool { return slices.Contains(n.opts.Steps, step) }

func (n *night) step(ctx context.Context, name string, do func(context.Context) (string, error)) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("stopped before %s: %w", name, err)
	}
	begun := n.now()
	n.report(Event{Step: name, Text: "begins"})
	n.lineage.stepBegins(name, begun)
	detail, err := do(ctx)
	status := "ok"
	if err != nil && !errors.Is(err, ErrNoAccruals) { // which is published
		status, detail = "failed", firstLine(err)
	}
	ended := n.now()
	n.lineage.stepEnds(ended, err)
	n.summary.Steps = append(n.summary.Steps, Step{Name: name, Status: status, Seconds: ended.Sub(begun).Seconds(), Detail: detail})
	n.records.Steps = append(n.records.Steps, lake.Step{Name: name, Status: status, StartedAt: begun.UTC(), FinishedAt: ended.UTC(), Detail: detail})
	if status != "ok" {
		detail = status // the error is told once, at the end
	}
	n.report(Event{Step: name, Text: detail, Done: true})
	return err
}

// end settles the summary, commits the record of the run, failed ones included, and gives the turn back.
func (n *night) end(err error) error {
	n.settle(err)
	if n.writer == nil {
		return err
	}
	if !errors.Is(err, lake.ErrLostTurn) {
		err = n.log(err)
	}
	if closeErr := n.writer.Close(); err == nil {
		err = closeErr
	}
	n.settle(err)
	return err
}

// settle says in the summary how the run went.
func (n *night) settle(err error) {
	s := &n.summary
	s.Seconds = n.now().Sub(s.StartedAt).Seconds()
	s.ExitCode = ExitCode(err)
	if err == nil {
		if s.Status == StatusNothingNew {
			s.ExitCode = n.opts.SkipCode
		}
		return
	}
	s.Error = err.Error()
	if s.ExitCode != ExitNoAccruals {
		s.Status = StatusFailed
	}
}

// log commits the record of the run.
func (n *night) log(err error) error {
	s, r := n.summary, &n.records
	r.ID, r.AsOf, r.KnownAt, r.Program, r.Version = s.RunID, s.AsOf, s.KnownAt, n.program, n.opts.Version
	r.Status, r.ExitCode, r.Error, r.StartedAt, r.FinishedAt = s.Status, s.ExitCode, s.Error, s.StartedAt, n.now().UTC()
	if len(r.Checks) > 0 && err != nil {
		r.Error = firstLine(err) // Checks says the rest, without the rows that the error shows as samples
	}
	ctx := context.Background() // the record is kept even when the run was told to stop
	if _, commitErr := n.writer.Commit(ctx, lake.Manifest{Kind: lake.KindRun, Run: r}); commitErr != nil {
		if err == nil {
			err = fmt.Errorf("recording the run: %w", commitErr)
		}
		return err
	}
	if opsErr := n.publishRecords(ctx); opsErr != nil {
		n.notice("the records of runs in %s could not be renewed, the next run does it: %v", n.recordsPath(), opsErr)
	} else if opsErr := n.recordsToDatabase(ctx); opsErr != nil {
		n.notice("the records of runs in PostgreSQL could not be renewed, the next run does it: %v", opsErr)
	}
	return err
}

func (n *night) now() time.Time {
	if n.opts.Clock != nil {
		return n.opts.Clock()
	}
	return time.Now()
}

func (n *night) report(e Event) {
	if n.opts.Report != nil {
		n.opts.Report(e)
	}
}

func (n *night) notice(format string, args ...any) {
	n.summary.Notices = append(n.summary.Notices, fmt.Sprintf(format, args...))
}

func (n *night) settings() warehouse.Settings {
	return warehouse.Settings{Threads: n.limits.Threads, Memory: n.limits.Memory.Text(), TempDir: os.Getenv("TRIBUTARY_TEMP")}
}
