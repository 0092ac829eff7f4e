package engine

import (
	"context"
	"database/sql"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/tributary-data/tributary/transforms/model"
)

// run makes the models of one build. The scheduler alone touches waiting and height; workers only make.
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
}

func newRun(db *sql.DB, graph *model.Graph, opts Options) *run {
	if opts.Workers <= 0 {
		opts.Workers = 2
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
	return r
}

// all schedules until every model is made, failed or skipped.
func (r *run) all(ctx context.Context) Result {
	jobs, done := make(chan *model.Model), make(chan ModelResult)
	var workers sync.WaitGroup
	for range min(r.opts.Workers, max(len(r.order), 1)) {
		workers.Go(func() {
			for m := range jobs {
				done <- r.make(ctx, m)
			}
		})
	}
	results := r.schedule(ctx, jobs, done)
	close(jobs)
	workers.Wait()
	return r.collect(results)
}

func (r *run) schedule(ctx context.Context, jobs chan<- *model.Model, done <-chan ModelResult) map[string]ModelResult {
	results, running := map[string]ModelResult{}, 0
	var ready []*model.Model
	for _, m := range r.order {
		if r.waiting[m.Name()] == 0 {
			ready = append(ready, m)
		}
	}
	for len(ready) > 0 || running > 0 {
		sort.SliceStable(ready, func(i, j int) bool { return r.height[ready[i].Name()] > r.height[ready[j].Name()] })
		var next *model.Model
		out := jobs
		if len(ready) > 0 && ctx.Err() == nil {
			next = ready[0]
		} else {
			out = nil
		}
		if next == nil && running == 0 {
			break
		}
		select {
		case out <- next:
			ready, running = ready[1:], running+1
		case result := <-done:
			running--
			ready = append(ready, r.finish(result, results)...)
		}
	}
	return results
}

// finish records a result and gives the models that are ready now. What is below a failed model never becomes ready.
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
	result.Rows, result.Err = r.onConn(ctx, m)
	result.Duration = r.opts.Clock().Sub(result.Started)
	if result.Err != nil {
		result.State = Failed
	}
	return result
}

func (r *run) onConn(ctx context.Context, m *model.Model) (int64, error) {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return 0, fmt.Errorf("make %s: open a connection: %w", m.Name(), err)
	}
	defer conn.Close()
	return Make(ctx, conn, m)
}

func (r *run) collect(results map[string]ModelResult) Result {
	out := Result{Total: len(r.order)}
	for _, m := range r.order {
		result, ok := results[m.Name()]
		if !ok {
			result = ModelResult{Name: m.Name(), Materialise: m.Materialise, File: m.File, State: Skipped}
		}
		if result.State == OK {
			out.Done++
		}
		out.Models = append(out.Models, result)
	}
	return out
}
