// Package postgres puts the tables of a checked night into a PostgreSQL database, for Grafana and every other reader: the night is filled
// into a schema of its own, aside, and one transaction puts it in the place of the one before. Readers see a whole night or the one
// before it, never part of one. It computes nothing: what it publishes stands in the warehouse file.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Config says where to publish and who may read.
type Config struct {
	URL      string            // postgres://…, with the password
	Schema   string            // that readers look into
	Reader   string            // group role that reads everything
	Partner  string            // group role whose members read the rows of their own partner
	Partners map[string]string // partner id of each login in the Partner role
}

// Night is what is published, as the schema says it of itself.
type Night struct {
	Commit  int64 // the lake's publish commit
	AsOf    string
	KnownAt time.Time
	RunID   string
	File    string // of the warehouse
}

// ErrNewer is a night that must not take the place of a newer publication.
var ErrNewer = errors.New("PostgreSQL already has a newer publication")

// ErrSetup is a server, a role or a schema that a person has to put right first.
var ErrSetup = errors.New("PostgreSQL is not set up for this")

// Target is an open connection to the database.
type Target struct {
	cfg  Config
	conn *pgx.Conn
}

// Valid tells whether the configuration can be right, without asking the server.
func (c Config) Valid() error {
	_, err := c.parse()
	return err
}

func (c Config) parse() (*pgx.ConnConfig, error) {
	parsed, err := pgx.ParseConfig(c.URL)
	if err != nil || !strings.HasPrefix(c.URL, "postgres://") && !strings.HasPrefix(c.URL, "postgresql://") {
		// the cause would show the password
		return nil, fmt.Errorf("%w: publish.postgres.url is no address of a database: write postgres://USER:PASSWORD@HOST:5432/DATABASE", ErrSetup)
	}
	return parsed, nil
}

// Address names the server, as host:port, and the database. It asks nobody.
func (c Config) Address() (server, database string, err error) {
	parsed, err := c.parse()
	if err != nil {
		return "", "", err
	}
	host := parsed.Host
	if strings.HasPrefix(host, "/") { // a socket of this machine
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(int(parsed.Port))), parsed.Database, nil
}

// connectTimeout bounds what a database that does not answer may cost a night.
const connectTimeout = 15 * time.Second

// Open connects and finds out whether the server and the role will do. Errors never hold the password.
func Open(ctx context.Context, cfg Config) (*Target, error) {
	parsed, err := cfg.parse()
	if err != nil {
		return nil, err
	}
	parsed.RuntimeParams["application_name"] = "tributary"
	short, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(short, parsed)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	t := &Target{cfg: cfg, conn: conn}
	if err := t.usable(ctx); err != nil {
		return nil, errors.Join(err, conn.Close(ctx))
	}
	return t, nil
}

// Close ends the connection.
func (t *Target) Close(ctx context.Context) error {
	if err := t.conn.Close(ctx); err != nil {
		return fmt.Errorf("close the connection to PostgreSQL: %w", err)
	}
	return nil
}

// oldest is the first server version that has what is used here (functions with a body that follows renames).
const oldest = 150000

func (t *Target) usable(ctx context.Context) error {
	var version int
	var create bool
	err := t.conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, has_database_privilege(current_database(), 'CREATE')").Scan(&version, &create)
	switch {
	case err != nil:
		return fmt.Errorf("ask PostgreSQL for its version: %w", err)
	case version < oldest:
		return fmt.Errorf("%w: the server is PostgreSQL %d; 15 is the oldest that will do", ErrSetup, version/10000)
	case !create:
		return fmt.Errorf("%w: the role %s may not create schemas: GRANT CREATE ON DATABASE %s TO %s", ErrSetup, t.conn.Config().User, t.conn.Config().Database, t.conn.Config().User)
	}
	return nil
}

// Published is the night that readers see; ok is false when there is none.
func (t *Target) Published(ctx context.Context) (night Night, ok bool, err error) {
	return t.night(ctx, t.cfg.Schema)
}

// night reads what a schema says of itself. A schema without a finished night has none.
func (t *Target) night(ctx context.Context, schema string) (night Night, ok bool, err error) {
	var there bool
	if err := t.conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", ident(schema, "publication")).Scan(&there); err != nil || !there {
		return night, false, wrap(err, "look for schema "+schema)
	}
	err = t.conn.QueryRow(ctx, "SELECT coalesce(commit, 0), as_of::text, known_at, run_id, file FROM "+ident(schema, "publication")).
		Scan(&night.Commit, &night.AsOf, &night.KnownAt, &night.RunID, &night.File)
	if errors.Is(err, pgx.ErrNoRows) {
		return night, false, nil
	}
	return night, err == nil, wrap(err, "read what schema "+schema+" holds")
}

// Suffixes of schemas that no reader looks into: nights that are being filled, and nights that were replaced.
const (
	nextSuffix = "_next_"
	oldSuffix  = "_old_"
)

// NextSchema is the schema that a night is filled into; turn is the number of the writer's turn, which no other writer has.
func (t *Target) NextSchema(turn int64) string { return t.cfg.Schema + nextSuffix + fmt.Sprint(turn) }

// Filled finds the schema into which a run has filled its night; "" = none.
func (t *Target) Filled(ctx context.Context, runID string) (string, error) {
	schemas, err := t.asides(ctx)
	if err != nil {
		return "", err
	}
	for _, s := range schemas {
		night, ok, err := t.night(ctx, s)
		if err != nil {
			return "", err
		}
		if ok && night.RunID == runID && strings.HasPrefix(s, t.cfg.Schema+nextSuffix) {
			return s, nil
		}
	}
	return "", nil
}

// asides are the schemas that no reader looks into.
func (t *Target) asides(ctx context.Context) ([]string, error) {
	rows, err := t.conn.Query(ctx, `SELECT nspname FROM pg_namespace WHERE starts_with(nspname, $1) OR starts_with(nspname, $2) ORDER BY nspname`,
		t.cfg.Schema+nextSuffix, t.cfg.Schema+oldSuffix)
	if err != nil {
		return nil, fmt.Errorf("list schemas: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return out, wrap(err, "list schemas")
}

// Tidy drops the nights that nobody sees, but the one named. What a reader still holds stays for the next time.
func (t *Target) Tidy(ctx context.Context, but string) error {
	schemas, err := t.asides(ctx)
	if err != nil {
		return err
	}
	for _, s := range schemas {
		if s == but {
			continue
		}
		if err := t.Drop(ctx, s); err != nil && !busy(err) {
			return err
		}
	}
	return nil
}

// Drop removes a schema with all that it holds.
func (t *Target) Drop(ctx context.Context, schema string) error {
	return wrap(pgx.BeginFunc(ctx, t.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, timeouts); err != nil {
			return err //nolint:wrapcheck // said below
		}
		_, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS "+ident(schema)+" CASCADE")
		return err //nolint:wrapcheck // said below
	}), "drop schema "+schema)
}

// busy tells whether a statement gave up waiting for readers.
func busy(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}

func ident(names ...string) string { return pgx.Identifier(names).Sanitize() }

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
