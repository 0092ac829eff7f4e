package airflow

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
)

// Streams of what Airflow remembers of a DAG.
const (
	StreamRuns  = "dag_runs"  // a row per run
	StreamTasks = "task_runs" // a row per try of a task
)

// overlap is how far behind the last look the next one begins: what Airflow was writing at that moment is seen then.
const overlap = time.Minute

// RunHistory begins to read the runs of a DAG that have changed since a moment, all of them for the zero time.
func (a *Airflow) RunHistory(ctx context.Context, dag string, since time.Time) (source.Pages, error) {
	return a.history(ctx, "/dags/"+url.PathEscape(dag)+"/dagRuns", since, runColumns(), func(says answer) (rows [][]string, asked int, err error) {
		for _, r := range says.Runs {
			rows = append(rows, r.row())
		}
		return rows, len(says.Runs), nil
	})
}

// TaskHistory begins to read the tasks of a DAG that have changed since a moment, each of their tries.
func (a *Airflow) TaskHistory(ctx context.Context, dag string, since time.Time) (source.Pages, error) {
	return a.history(ctx, "/dags/"+url.PathEscape(dag)+"/dagRuns/~/taskInstances", since, taskColumns(), func(says answer) (rows [][]string, asked int, err error) {
		for _, newest := range says.Tasks {
			tries := []Task{newest}
			if newest.Try > 1 { // Airflow lists the newest alone
				if tries, err = a.Tries(ctx, newest.DAG, newest.Run, newest.ID); err != nil {
					return nil, 0, err
				}
			}
			for _, t := range tries {
				rows = append(rows, t.row())
			}
		}
		return rows, len(says.Tasks), nil
	})
}

func runColumns() []string {
	return []string{"dag_id", "dag_run_id", "run_type", "state", "logical_date", "data_interval_start", "data_interval_end", "queued_at", "start_date", "end_date"}
}

func (r Run) row() []string {
	return []string{r.DAG, r.ID, r.Type, r.State, stamp(r.LogicalDate), stamp(r.IntervalStart), stamp(r.IntervalEnd), stamp(r.QueuedAt), stamp(r.StartedAt), stamp(r.EndedAt)}
}

func taskColumns() []string {
	return []string{"dag_id", "dag_run_id", "task_id", "try_number", "state", "queued_when", "start_date", "end_date", "hostname"}
}

func (t Task) row() []string {
	return []string{t.DAG, t.Run, t.ID, strconv.Itoa(t.Try), t.State, stamp(t.QueuedAt), stamp(t.StartedAt), stamp(t.EndedAt), t.Host}
}

// stamp is an instant as text; empty, which becomes null, for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

type answer struct {
	Runs  []Run  `json:"dag_runs"`
	Tasks []Task `json:"task_instances"`
	Total int    `json:"total_entries"`
}

// pages asks for one page after the other.
type pages struct {
	ctx     context.Context //nolint:containedctx // of one reading
	airflow *Airflow
	path    string
	query   url.Values
	columns []string
	rows    func(answer) (rows [][]string, asked int, err error)
	until   time.Time
	seen    int // of what was asked for
	total   int
	line    int64 // of what was read
	asked   bool
}

func (a *Airflow) history(ctx context.Context, path string, since time.Time, columns []string, rows func(answer) ([][]string, int, error)) (source.Pages, error) {
	until, err := a.clock(ctx)
	if err != nil {
		return nil, err
	}
	p := &pages{ctx: ctx, airflow: a, path: path, columns: columns, rows: rows, until: until.Add(-overlap)}
	p.query = url.Values{"limit": {strconv.Itoa(page)}}
	if !since.IsZero() {
		p.query.Set("updated_at_gte", since.UTC().Format(time.RFC3339))
	}
	return p, nil
}

// clock is the server's: ours may be another.
func (a *Airflow) clock(ctx context.Context) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.root()+"/version", nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return time.Time{}, a.unreachable(err)
	}
	if err := a.read(resp, nil); err != nil {
		return time.Time{}, err
	}
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: it does not say what time it is: %w", ErrRefused, err)
	}
	return at.UTC(), nil
}

func (p *pages) Until() time.Time { return p.until }

// Next reads a page. A run that is added meanwhile is new at the end; rows that move between pages are merged by key or come the next time.
func (p *pages) Next(b *source.Batch) error {
	b.Reset(p.columns)
	b.Arena = b.Arena[:0]
	if p.asked && p.seen >= p.total {
		return io.EOF
	}
	p.query.Set("offset", strconv.Itoa(p.seen))
	var says answer
	if err := p.airflow.get(p.ctx, p.path, p.query, &says); err != nil {
		return err
	}
	rows, asked, err := p.rows(says)
	if err != nil {
		return err
	}
	p.asked, p.total = true, says.Total
	p.seen += asked
	if asked == 0 {
		p.total = p.seen // what it counted is no longer there
	}
	for _, row := range rows {
		p.line++
		for i, text := range row {
			cell := source.Null()
			if text != "" {
				cell = b.Text(text)
			}
			b.Cells[i] = append(b.Cells[i], cell)
		}
		b.Lines = append(b.Lines, p.line)
	}
	return nil
}
