package postgres_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
	"github.com/tributary-data/tributary/pipelines/publish/localpg/pgtest"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/postgres"
)

// server is a real PostgreSQL for all tests of the package.
var server *localpg.Server

func TestMain(m *testing.M) {
	if extractUntilKilled() {
		return
	}
	pgtest.Main(m, func(s *localpg.Server) { server = s })
}

var places atomic.Int32

// place is a database of a test's own, with a schema sales and a role that may only read it.
type place struct {
	t     testing.TB
	admin *pgx.Conn
	url   string // of the role
	role  string
}

func newPlace(t testing.TB) *place {
	t.Helper()
	n := places.Add(1)
	name, role := fmt.Sprintf("place%d", n), fmt.Sprintf("reader%d", n)
	owner := connect(t, server.URL())
	exec(t, owner, "CREATE DATABASE "+name)
	exec(t, owner, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'secret word'", role))
	address := strings.Replace(server.URL(), "/tributary?", "/"+name+"?", 1)
	p := &place{t: t, role: role, url: strings.Replace(address, "tributary:tributary@", role+":"+url.PathEscape("secret word")+"@", 1)}
	p.admin = connect(t, address)
	p.exec("CREATE SCHEMA sales; GRANT USAGE ON SCHEMA sales TO %s; ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT SELECT ON TABLES TO %s", role, role)
	return p
}

func connect(t testing.TB, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql)
	require.NoError(t, err, sql)
}

func (p *place) exec(format string, args ...any) {
	p.t.Helper()
	exec(p.t, p.admin, fmt.Sprintf(format, args...))
}

// texts are the rows of a query as PostgreSQL writes them in UTC; null is left out.
func (p *place) texts(sql string) []map[string]string {
	p.t.Helper()
	p.exec("SET TimeZone = 'UTC'")
	results, err := p.admin.PgConn().Exec(context.Background(), sql).ReadAll()
	require.NoError(p.t, err)
	var out []map[string]string
	for _, row := range results[0].Rows {
		record := map[string]string{}
		for i, f := range results[0].FieldDescriptions {
			if row[i] != nil {
				record[f.Name] = string(row[i])
			}
		}
		out = append(out, record)
	}
	return out
}

// instant is what a query gives.
func (p *place) instant(sql string) time.Time {
	p.t.Helper()
	var at time.Time
	require.NoError(p.t, p.admin.QueryRow(context.Background(), sql).Scan(&at))
	return at
}

// connector makes one that does not wait between requests.
func (p *place) connector(opts postgres.Options) source.Connector {
	p.t.Helper()
	if opts.URL == "" {
		opts.URL = p.url
	}
	if opts.Patience == nil {
		opts.Patience = &source.Patience{Tools: source.Tools{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}}
	}
	c, err := postgres.New(opts)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = c.Close() })
	return c
}

// hooked calls something before a page is read.
type hooked struct {
	source.Connector
	before func(page int)
}

func (h *hooked) Open(ctx context.Context, r source.Request) (source.Pages, error) {
	pages, err := h.Connector.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	return &hookedPages{Pages: pages, hooked: h}, nil
}

type hookedPages struct {
	source.Pages
	*hooked
	page int
}

func (h *hookedPages) Next(b *source.Batch) error {
	h.page++
	h.before(h.page)
	return h.Pages.Next(b)
}

// wire stands between a connector and the server, and can be cut after so many more bytes of answers.
type wire struct {
	address string
	server  string
	mu      sync.Mutex
	left    int // bytes of answers until it is cut; negative = never
	open    []net.Conn
}

func newWire(t testing.TB, address string) (*wire, string) {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &wire{address: listener.Addr().String(), server: target.Host, left: -1}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.carry(client)
		}
	}()
	target.Host = w.address
	return w, target.String()
}

func (w *wire) carry(client net.Conn) {
	up, err := net.Dial("tcp", w.server)
	if err != nil {
		_ = client.Close()
		return
	}
	w.mu.Lock()
	w.open = append(w.open, client, up)
	w.mu.Unlock()
	go func() {
		buffer := make([]byte, 32<<10)
		for {
			n, err := client.Read(buffer)
			if n > 0 {
				_, _ = up.Write(buffer[:n])
			}
			if err != nil {
				_ = up.Close()
				return
			}
		}
	}()
	buffer := make([]byte, 16)
	for {
		n, err := up.Read(buffer)
		n, last := w.pass(n)
		if n > 0 {
			_, _ = client.Write(buffer[:n])
		}
		if err != nil || last {
			_ = client.Close()
			_ = up.Close()
			return
		}
	}
}

// pass tells how many of so many bytes may pass. When they are the last, every connection is cut.
func (w *wire) pass(n int) (int, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left < 0 {
		return n, false
	}
	if n < w.left {
		w.left -= n
		return n, false
	}
	n, w.left = w.left, -1
	for _, c := range w.open {
		_ = c.(*net.TCPConn).SetLinger(0)
	}
	return n, true
}

// cut lets so many more bytes pass.
func (w *wire) cut(after int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = after
}
