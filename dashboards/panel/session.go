package panel

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Session is a connection and what a query depends on besides the dashboard.
type Session struct {
	DB      *pgconn.PgConn
	Now     time.Time
	Quoting Quoting
}

// Result is what a query gave.
type Result struct {
	SQL   string // as it was sent
	Frame Frame
}

// Run runs a query of a dashboard with these values of its variables.
func (s Session) Run(ctx context.Context, d Dashboard, t Target, values Values) (Result, error) {
	within, err := s.Range(d)
	if err != nil {
		return Result{}, err
	}
	return s.run(ctx, t, values, within)
}

// Range is the time range that a dashboard opens with.
func (s Session) Range(d Dashboard) (Range, error) {
	within, err := rangeOf(d.Time.From, d.Time.To, s.Now)
	if err != nil {
		return within, fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	return within, nil
}

func (s Session) run(ctx context.Context, t Target, values Values, within Range) (out Result, err error) {
	if out.SQL, err = s.interpolate(t.RawSQL, values, within); err != nil {
		return out, err
	}
	if out.SQL, err = expand(out.SQL, within); err != nil {
		return out, err
	}
	results, err := s.DB.Exec(ctx, out.SQL).ReadAll()
	if err != nil {
		return out, fmt.Errorf("%w\n%s", err, out.SQL)
	}
	if out.Frame, err = frameOf(t.RefID, results); err == nil && t.Format != Table {
		out.Frame, err = seriesOf(out.Frame)
	}
	if err != nil {
		return out, fmt.Errorf("%w\n%s", err, out.SQL)
	}
	return out, nil
}
