package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/conformance"
	"github.com/tributary-data/tributary/pipelines/source/postgres"
)

const page = 3

// stage is a table that the conformance suite plays on.
type stage struct {
	*place
	wire    *wire
	address string // through the wire
	timeout time.Duration
	hook    func(page int)

	mu    sync.Mutex
	wait  func() // instead of waiting, once
	waits int
}

func start(t testing.TB) conformance.Harness {
	s := &stage{place: newPlace(t), timeout: time.Minute, hook: func(int) {}}
	s.wire, s.address = newWire(t, s.url)
	s.exec(`CREATE TABLE sales.deals (id text PRIMARY KEY, name text NOT NULL, amount numeric(20,4), extra text DEFAULT 'x', changed_at timestamptz NOT NULL)`)
	return conformance.Harness{
		Connect: s.connect, Stream: source.Stream{Name: "deals", Object: "sales.deals", Cursor: "changed_at"}, Overlap: 10 * time.Minute, Page: page,
		Now:     func(testing.TB) time.Time { return s.instant("SELECT clock_timestamp()") },
		Put:     func(_ testing.TB, id, name string) { s.put(id, name, "clock_timestamp()") },
		PutLate: func(_ testing.TB, id, name string) { s.put(id, name, "clock_timestamp() - interval '5 minutes'") },
		Delete:  func(_ testing.TB, id string) { s.exec("DELETE FROM sales.deals WHERE id = '%s'", id) },
		AddField: func(testing.TB) {
			s.exec("ALTER TABLE sales.deals ADD COLUMN stage text DEFAULT 'open'")
		},
		DropField: func(testing.TB) string {
			s.exec("ALTER TABLE sales.deals DROP COLUMN extra")
			return "extra"
		},
		Cursor: func(_ testing.TB, id string) time.Time {
			return s.instant("SELECT changed_at FROM sales.deals WHERE id = '" + id + "'")
		},
		Truth: func(testing.TB) conformance.Records {
			out := conformance.Records{}
			for _, row := range s.texts("SELECT * FROM sales.deals") {
				out[row["id"]] = row
			}
			return out
		},
		Faults: s.faults(),
	}
}

func (s *stage) put(id, name, at string) {
	s.exec(`INSERT INTO sales.deals (id, name, amount, changed_at) VALUES ('%[1]s', '%[2]s', length('%[2]s') + 0.1000, %[3]s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, amount = excluded.amount, changed_at = excluded.changed_at`, id, name, at)
}

func (s *stage) connect(testing.TB) source.Connector {
	patience := &source.Patience{Timeout: s.timeout, Tools: source.Tools{Wait: s.waited, Random: func() float64 { return 0 }}}
	return &hooked{s.connector(postgres.Options{URL: s.address, Page: page, Patience: patience}), func(page int) { s.hook(page) }}
}

func (s *stage) waited(ctx context.Context, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waits++
	if s.wait != nil {
		s.wait()
		s.wait = nil
	}
	return ctx.Err()
}

// onPage does something before the second page, once or each time.
func (s *stage) onPage(do func(), each bool) func(testing.TB) func() {
	return func(testing.TB) func() {
		done := false
		s.hook = func(page int) {
			if page == 2 && (each || !done) {
				done = true
				do()
			}
		}
		return func() { s.hook = func(int) {} }
	}
}

// untilWaited fails until the connector has waited for the first time.
func (s *stage) untilWaited(begin, mend func()) conformance.Injection {
	before := 0
	return conformance.Injection{
		Inject: func(testing.TB) func() {
			begin()
			before, s.wait = s.waits, mend
			return func() {}
		},
		Seen: func(t testing.TB) { require.Greater(t, s.waits, before, "it waited before it asked again") },
	}
}

func (s *stage) faults() map[conformance.Fault]conformance.Injection {
	var lock pgx.Tx
	busy := s.untilWaited(func() { s.exec("ALTER ROLE %s CONNECTION LIMIT 0", s.role) }, func() { s.exec("ALTER ROLE %s CONNECTION LIMIT -1", s.role) })
	locked := s.untilWaited(func() {
		other := connect(s.t, s.admin.Config().ConnString())
		var err error
		lock, err = other.Begin(context.Background())
		require.NoError(s.t, err)
		_, err = lock.Exec(context.Background(), "LOCK TABLE sales.deals IN ACCESS EXCLUSIVE MODE")
		require.NoError(s.t, err)
		s.timeout = time.Second
	}, func() {
		require.NoError(s.t, lock.Rollback(context.Background()))
	})
	return map[conformance.Fault]conformance.Injection{
		conformance.TooManyRequests: busy,   // 53300, too many connections
		conformance.Timeout:         locked, // the table cannot be read before the deadline
		conformance.ServerError: {Inject: s.onPage(func() {
			s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s'", s.role)
		}, false)},
		conformance.Truncated:     {Inject: s.onPage(func() { s.wire.cut(100) }, false)},
		conformance.ExpiredToken:  {Never: "a session lasts as long as it is open; a password that has run out is one that is wrong"},
		conformance.DuplicatePage: {Never: "a cursor in a snapshot has every row once"},
		conformance.ReorderedPages: {Inject: func(testing.TB) func() {
			s.exec("CREATE TABLE turned AS SELECT * FROM sales.deals ORDER BY id DESC; TRUNCATE sales.deals; INSERT INTO sales.deals SELECT * FROM turned; DROP TABLE turned")
			return func() {}
		}},
		conformance.WrongCredentials: {
			Inject: func(testing.TB) func() {
				s.exec("ALTER ROLE %s PASSWORD 'another'", s.role)
				return func() { s.exec("ALTER ROLE %s PASSWORD 'secret word'", s.role) }
			},
			Finds: func(t testing.TB, findings []source.Finding) {
				require.Len(t, findings, 1)
				require.Contains(t, findings[0].Detail, "password authentication failed")
				require.NotContains(t, findings[0].Detail, "secret word")
			},
		},
		conformance.MissingPermission: {
			Inject: func(testing.TB) func() {
				s.exec("REVOKE SELECT ON sales.deals FROM %s", s.role)
				return func() {}
			},
			Finds: func(t testing.TB, findings []source.Finding) {
				last := findings[len(findings)-1]
				require.False(t, last.OK)
				s.exec("%s", last.Mend) // what it says is what mends it
			},
		},
		conformance.SamePage:  {Never: "a cursor only goes forward"},
		conformance.BreaksOff: {Inject: s.onPage(func() { s.wire.cut(100) }, true)},
	}
}

func TestConformance(t *testing.T) {
	conformance.Run(t, start)
}

func TestKills(t *testing.T) {
	conformance.Kills(t, start(t), 30, 7)
}
