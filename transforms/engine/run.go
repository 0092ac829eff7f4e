package engine

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"time"

	"github.com/tributary-data/tributary/transforms/model"
)

// run makes the models of one build. The scheduler alone touches its maps; workers only make.
type run struct {
	db    *sql.DB
	graph *model.Graph
	opts  Options
	order []*model.Model
	// downstream models of each, and how many upstream each still waits for
	downstream map[string][]*model.Model
	waiting    map[string]int
	// height is the longest chain of models below: the long chains start first.
	height map[string]int
	// phases says how many of the made tables must be there first.
	phases map[string]int
}

func newRun(db *sql.DB, graph *model.Graph, opts Options) *run {
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	r := &run{db: db, graph: graph, opts: opts, order: graph.Order(), downstream: map[string][]*model.Model{}, waiting: map[string]int{}, height: map[string]int{}}
	for i := len(r.order) - 1; i >= 0; i-- {
		m := r.order[i]
		for _, up := range graph.Upstream(m.Name()) {
			r.downstream[up] = append(r.downstream[up], m)
			r.waiting[m.Name()]++
			r.height[up] = max(r.height[up], r.height[m.Name()]+1)
		}
	}
	r.phases = r.phaseOf()
	return r
}

// all makes the models that rest on no made table, then what other code makes, then the rest.
func (r *run) all(ctx context.Context) Result {
	results := map[string]ModelResult{}
	for i := 0; ; i++ {
		r.phase(ctx, i, results)
		if i == len(r.opts.Made) {
			break
		}
		if r.failed(results) || ctx.Err() != nil {
			break
		}
		made := r.made(ctx, r.opts.Made[i])
		r.finish(made, results)
		if made.Err != nil {
			break
		}
	}
	return r.collect(results)
}

// phaseOf is how many of the made tables must be there before each model.
func (r *run) phaseOf() map[string]int {
	after := map[string]int{}
	for i, made := range r.opts.Made {
		for _, name := range made.Tables {
			after[name] = i + 1
		}
	}
	phases := map[string]int{}
	for _, m := range r.order {
		for _, name := range r.graph.External(m.Name()) {
			phases[m.Name()] = max(phases[m.Name()], after[name])
		}
		for _, up := range r.graph.Upstream(m.Name()) {
			phases[m.Name()] = max(phases[m.Name()], phases[up])
		}
	}
	return phases
}

func (r *run) failed(results map[string]ModelResult) bool {
	for _, result := range results {
		if result.Err != nil {
			return true
		}
	}
	return false
}

// phase makes the models of one phase, on as many connections as there are workers.
func (r *run) phase(ctx context.Context, phase int, results map[string]ModelResult) {
	var ready []*model.Model
	for _, m := range r.order {
		if r.phases[m.Name()] == phase && r.waiting[m.Name()] == 0 {
			ready = append(ready, m)
		}
	}
	jobs, done := make(chan *model.Model), make(chan ModelResult)
	var workers sync.WaitGroup
	for range r.opts.Workers {
		workers.Go(func() {
			for m := range jobs {
				done <- r.make(ctx, m)
			}
		})
	}
	r.schedule(ctx, phase, ready, jobs, done, results)
	close(jobs)
	workers.Wait()
}

func (r *run) made(ctx context.Context, made Made) ModelResult {
	result := ModelResult{Name: made.Tables[0], Materialise: model.Table, State: OK, Started: r.opts.Clock()}
	if err := made.Make(ctx, r.db); err != nil {
		result.Err = fmt.Errorf("make %s: %w", made.Tables[0], err)
	} else if err := r.db.QueryRowContext(ctx, "SELECT count(*) FROM "+made.Tables[0]).Scan(&result.Rows); err != nil {
		result.Err = fmt.Errorf("make %s: %w", made.Tables[0], err)
	}
	result.Duration = r.opts.Clock().Sub(result.Started)
	if result.Err != nil {
		result.State = Failed
	}
	return result
}

// schedule hands out models, those with the longest chains below them first, until nothing of the phase is ready or running.
func (r *run) schedule(ctx context.Context, phase int, ready []*model.Model, jobs chan<- *model.Model, done <-chan ModelResult, results map[string]ModelResult) {
	running := 0
	for {
		sort.SliceStable(ready, func(i, j int) bool { return r.height[ready[i].Name()] > r.height[ready[j].Name()] })
		var next *model.Model
		var out chan<- *model.Model // nil while there is nothing to hand out
		if len(ready) > 0 && ctx.Err() == nil {
			next, out = ready[0], jobs
		}
		if next == nil && running == 0 {
			return
		}
		select {
		case out <- next:
			ready, running = ready[1:], running+1
		case result := <-done:
			running--
			for _, m := range r.finish(result, results) {
				if r.phases[m.Name()] == phase {
					ready = append(ready, m)
				}
			}
		}
	}
}

// finish records a result and gives the models that wait for nothing now. What is below a failed model never gets there.
func (r *run) finish(result ModelResult, results map[string]ModelResult) []*model.Model {
	results[result.Name] = result
	if r.opts.OnModel != nil {
		r.opts.OnModel(result)
	}
	if result.State != OK {
		return nil
	}
	var ready []*model.Model
	for _, m := range r.downstream[result.Name] {
		if r.waiting[m.Name()]--; r.waiting[m.Name()] == 0 {
			ready = append(ready, m)
		}
	}
	return ready
}

// make runs one model on a connection of its own.
func (r *run) make(ctx context.Context, m *model.Model) ModelResult {
	result := ModelResult{Name: m.Name(), Materialise: m.Materialise, File: m.File, State: OK, Started: r.opts.Clock()}
	result.Rows, result.Columns, result.Err = r.onConn(ctx, m)
	result.Duration = r.opts.Clock().Sub(result.Started)
	if result.Err != nil {
		result.State = Failed
	}
	return result
}

func (r *run) onConn(ctx context.Context, m *model.Model) (int64, []model.Column, error) {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("make %s: open a connection: %w", m.Name(), err)
	}
	defer conn.Close()
	return Make(ctx, conn, m)
}

// collect puts the results into building order; what has none was skipped.
func (r *run) collect(results map[string]ModelResult) Result {
	out := Result{Total: len(r.order) + len(r.opts.Made)}
	add := func(result ModelResult, ok bool, skipped ModelResult) {
		if !ok {
			result = skipped
		}
		if result.State == OK {
			out.Done++
		}
		out.Models = append(out.Models, result)
	}
	for phase := range len(r.opts.Made) + 1 {
		for _, m := range r.order {
			if r.phases[m.Name()] == phase {
				result, ok := results[m.Name()]
				add(result, ok, ModelResult{Name: m.Name(), Materialise: m.Materialise, File: m.File, State: Skipped})
			}
		}
		if phase < len(r.opts.Made) {
			name := r.opts.Made[phase].Tables[0]
			result, ok := results[name]
			add(result, ok, ModelResult{Name: name, Materialise: model.Table, State: Skipped})
		}
	}
	return out
}
