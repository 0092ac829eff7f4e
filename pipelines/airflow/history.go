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

// HistoryOverlap is how far behind the last look the next one begins: what Airflow was writing at that moment is seen then.
const HistoryOverlap = time.Minute

// History is what Airflow remembers of a DAG, as a source: its streams are StreamRuns and StreamTasks.
func (a *Airflow) History(dag string) source.Connector { return &history{airflow: a, dag: dag} }

type history struct {
	airflow *Airflow
	dag     string
}

// Check asks for one run of the DAG.
func (h *history) Check(ctx context.Context, streams []source.Stream) ([]source.Finding, error) {
	var says answer
	if err := h.airflow.get(ctx, h.path(StreamRuns), url.Values{"limit": {"1"}}, &says); err != nil {
		return nil, err
	}
	var out []source.Finding
	for _, s := range streams {
		out = append(out, source.Finding{Subject: s.Name, OK: true, Detail: "may be read"})
	}
	return out, nil
}

// Objects are the two streams.
func (h *history) Objects(context.Context) ([]source.Object, error) {
	return []source.Object{{Name: StreamRuns, Kind: "history", Rows: -1}, {Name: StreamTasks, Kind: "history", Rows: -1}}, nil
}

// Describe says what is read of a stream. Airflow can be asked for what has changed, but does not say when a row did.
func (h *history) Describe(_ context.Context, s source.Stream) (source.Description, error) {
	columns, key := runColumns(), runColumns()[:2]
	switch s.ObjectName() {
	case StreamRuns:
	case StreamTasks:
		columns, key = taskColumns(), taskColumns()[:4]
	default:
		return source.Description{}, fmt.Errorf("%w: Airflow has no history named %s", source.ErrConfig, s.ObjectName())
	}
	d := source.Description{Origin: "airflow:" + h.dag + "/" + s.ObjectName(), Key: key, ByInterval: true}
	for _, name := range columns {
		d.Fields = append(d.Fields, source.Field{Name: name, Type: "text", Kind: source.Text})
	}
	return d, nil
}

// Begin is the server's clock.
func (h *history) Begin(ctx context.Context) (source.Moment, error) {
	now, err := h.airflow.clock(ctx)
	return source.Moment{Now: now, Settled: now}, err
}

// Close does nothing.
func (h *history) Close() error { return nil }

// Open begins to read what has changed since the begin of the interval; its end is now in any case. Of a task every try is a row.
func (h *history) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	p := &pages{ctx: ctx, airflow: h.airflow, path: h.path(r.Stream.ObjectName()), columns: r.Names(), rows: runRows}
	if r.Stream.ObjectName() == StreamTasks {
		p.rows = func(says answer) ([][]string, int, error) { return h.airflow.taskRows(ctx, says) }
	}
	p.query = url.Values{"limit": {strconv.Itoa(page)}}
	if !r.Interval.From.IsZero() {
		p.query.Set("updated_at_gte", r.Interval.From.UTC().Format(time.RFC3339))
	}
	return p, nil
}

func (h *history) path(stream string) string {
	path := "/dags/" + url.PathEscape(h.dag) + "/dagRuns"
	if stream == StreamTasks {
		path += "/~/taskInstances"
	}
	return path
}

func runRows(says answer) (rows [][]string, asked int, err error) {
	for _, r := range says.Runs {
		rows = append(rows, r.row())
	}
	return rows, len(says.Runs), nil
}

func (a *Airflow) taskRows(ctx context.Context, says answer) (rows [][]string, asked int, err error) {
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
	seen    int // of what was asked for
	total   int
	line    int64 // of what was read
	asked   bool
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

// Told is nothing: what Airflow counts may be another number a page later, and it does not count tries.
func (p *pages) Told() source.Told { return source.Told{} }

// Close ends the reading.
func (p *pages) Close() error { return nil }

// Next reads a page. A run that is added meanwhile is new at the end; rows that move between pages are merged by key or come the next time.
func (p *pages) Next(b *source.Batch) error {
	b.Begin(p.columns)
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
