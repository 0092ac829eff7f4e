package nightly

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tributary-data/tributary/pipelines/lineage"
	"github.com/tributary-data/tributary/pipelines/project"
	columns "github.com/tributary-data/tributary/transforms/lineage"
	"github.com/tributary-data/tributary/transforms/program"
)

// recorder tells a lineage service what the night does: the night itself, its steps, and the tables that they make. A nil one does nothing,
// and nothing that goes wrong with it changes the night.
type recorder struct {
	night      *night
	client     *lineage.Client
	settings   lineage.Settings
	project    string
	self       lineage.Of // the night
	step       lineage.Of // the step under way
	stepName   string
	inputs     []lineage.Dataset // of that step
	outputs    []lineage.Dataset
	tables     map[string][]columns.Column // of the file that is built, by schema.table
	aggregates map[string]bool
}

// Kinds of jobs: a night is a job of tasks, and the build a task of models.
const (
	jobNight = "JOB"
	jobStep  = "TASK"
	jobModel = "MODEL"
)

// openLineage begins to tell, when the standard variables say where. It also does so of a night that could not read its configuration.
func (n *night) openLineage() {
	settings := lineage.FromEnvironment(os.Environ())
	for _, text := range settings.Notes {
		n.noticeLineage(text)
	}
	name := n.summary.Project
	if name == "" {
		_, name = project.ReadNotify(n.opts.Dir)
	}
	if !settings.On() || name == "" {
		return
	}
	r := &recorder{night: n, settings: settings, project: name, client: lineage.Open(settings, n.now)}
	r.self = lineage.Of{Run: lineage.OfRun{ID: lineage.RunID(name, n.summary.RunID, settings.Parent)}, Job: lineage.OfJob{Namespace: settings.Namespace, Name: name}}
	n.lineage = r
	r.emit(lineage.Start, n.summary.StartedAt, r.job(r.self, settings.Parent, jobNight))
}

// closeLineage tells how the night went, and waits a few seconds at most until that has been taken.
func (n *night) closeLineage(err error) {
	r := n.lineage
	if r == nil {
		return
	}
	if errors.Is(err, ErrNoAccruals) { // which is published
		err = nil
	}
	r.emit(outcome(err), n.now(), r.job(r.self, r.settings.Parent, jobNight, failure(err)...))
	if err := r.client.Close(); err != nil {
		n.noticeLineage(err.Error())
	}
}

func (n *night) noticeLineage(text string) { n.notice("lineage: %s; the night is not affected", text) }

// trouble notes what keeps a part of the lineage from being told.
func (r *recorder) trouble(err error) {
	if err != nil {
		r.night.noticeLineage(firstLine(err))
	}
}

func (r *recorder) stepBegins(name string, at time.Time) {
	if r == nil {
		return
	}
	r.stepName, r.step, r.inputs, r.outputs = name, r.part(name), nil, nil
	r.emit(lineage.Start, at, r.job(r.step, &r.self, jobStep))
}

func (r *recorder) stepEnds(at time.Time, err error) {
	if r == nil {
		return
	}
	if errors.Is(err, ErrNoAccruals) {
		err = nil
	}
	e := r.job(r.step, &r.self, jobStep, failure(err)...)
	e.Inputs, e.Outputs = r.inputs, r.outputs
	r.emit(outcome(err), at, e)
}

// ran tells of a part of the build that is over.
func (r *recorder) ran(e lineage.Event, begun, ended time.Time, err error) {
	start := lineage.Event{Run: e.Run, Job: e.Job}
	start.Job.Facets = lineage.With(lineage.JobType(jobModel))
	r.emit(lineage.Start, begun, start)
	e.Run.Facets = e.Run.Facets.And(failure(err)...)
	r.emit(outcome(err), ended, e)
}

func (r *recorder) emit(kind string, at time.Time, e lineage.Event) {
	e.Type, e.Time = kind, at
	r.client.Emit(e)
}

// part names a job inside the night, and its run.
func (r *recorder) part(name string) lineage.Of {
	return lineage.Of{
		Run: lineage.OfRun{ID: lineage.Part(r.self.Run.ID, name)},
		Job: lineage.OfJob{Namespace: r.settings.Namespace, Name: r.project + "." + name},
	}
}

// job is an event of a run of a job, with what is said of every one.
func (r *recorder) job(of lineage.Of, parent *lineage.Of, kind string, more ...lineage.Facet) lineage.Event {
	n := r.night
	version := n.opts.Version
	if version == "" {
		version = "unknown"
	}
	facets := slices.Concat(more, []lineage.Facet{lineage.Engine("tributary", version)})
	if from, to := n.interval(); !to.IsZero() {
		facets = append(facets, lineage.NominalTime(from, to))
	}
	if parent != nil {
		root := r.settings.Root
		if root == nil {
			root = &r.self
		}
		facets = append(facets, lineage.Parent(*parent, *root))
	}
	return lineage.Event{
		Run: lineage.Run{ID: of.Run.ID, Facets: lineage.With(facets...)},
		Job: lineage.Job{Namespace: of.Job.Namespace, Name: of.Job.Name, Facets: lineage.With(lineage.JobType(kind))},
	}
}

// interval is what the night stands for: the one that the scheduler names, the days of a backfill, else the day of as_of.
func (n *night) interval() (from, to time.Time) {
	if n.asOf.IsZero() { // the run ended before it knew
		return from, to
	}
	first, to := n.asOf, program.DayEnd(n.asOf, n.project.Zone)
	if len(n.opts.Windows) > 0 {
		first = n.opts.Windows[0].From
	}
	from = program.DayEnd(first.AddDate(0, 0, -1), n.project.Zone)
	if !n.opts.From.IsZero() && n.opts.From.Before(n.opts.To) {
		return n.opts.From, n.opts.To
	}
	return from, to
}

func outcome(err error) string {
	switch {
	case err == nil:
		return lineage.Complete
	case errors.Is(err, context.Canceled):
		return lineage.Abort
	}
	return lineage.Fail
}

func failure(err error) []lineage.Facet {
	if err == nil {
		return nil
	}
	return []lineage.Facet{lineage.ErrorMessage(oneLine(err))}
}

// findLineage says whether lineage is told, where to, and what keeps it from there.
func findLineage(add adder) {
	const hint = "docs/lineage.md"
	s := lineage.FromEnvironment(os.Environ())
	for _, text := range s.Notes {
		add(Warn, "lineage", text, hint)
	}
	if !s.On() {
		if len(s.Notes) == 0 {
			add(Good, "lineage", "off: no OPENLINEAGE_ variable says where to", "")
		}
		return
	}
	if s.File != "" {
		if info, err := os.Stat(filepath.Dir(s.File)); err != nil || !info.IsDir() {
			add(Warn, "lineage", "there is no folder for the file "+s.File, hint)
			return
		}
	}
	text := "to " + s.Where() + ", jobs in namespace " + s.Namespace
	if s.Parent != nil {
		text += ", as a part of " + s.Parent.Job.Name
	}
	add(Good, "lineage", text, "")
}
