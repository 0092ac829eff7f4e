package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tributary-data/tributary/pipelines/source"
)

// connector asks one database.
type connector struct {
	config *pgx.ConnConfig
	opts   Options

	mu       sync.Mutex
	holder   *pgx.Conn // whose open transaction keeps the snapshot; nil before Begin
	snapshot string
}

// with does something in a session of its own, which only reads; all of it is one request, made again when the database says later.
func (c *connector) with(ctx context.Context, do func(context.Context, *pgx.Conn) error) error {
	return c.opts.Patience.Do(ctx, func(ctx context.Context) error {
		conn, err := pgx.ConnectConfig(ctx, c.config.Copy())
		if err != nil {
			return c.classify(err)
		}
		defer closeConn(conn)
		if _, err := conn.Exec(ctx, "SET default_transaction_read_only = on"); err != nil {
			return c.classify(err)
		}
		return c.classify(do(ctx, conn))
	})
}

func closeConn(conn *pgx.Conn) {
	_ = conn.PgConn().Conn().Close() // nothing was written: the server needs no farewell
}

// codes say what errors of PostgreSQL mean, by code or class of codes. Any other is what it is.
func codes() map[string]error {
	return map[string]error{
		"28": source.ErrCredentials, "3D": source.ErrConfig, "42501": source.ErrPermission, "42P01": source.ErrConfig, "42703": source.ErrConfig, "3F": source.ErrConfig,
		"08": source.ErrTransient, "53": source.ErrTransient, "57": source.ErrTransient, "58": source.ErrTransient, "40": source.ErrTransient, "25P03": source.ErrTransient, "25P04": source.ErrTransient,
	}
}

// classify says which kind of error it is. A connection that breaks may hold the next time.
func (c *connector) classify(err error) error {
	if err == nil || slices.ContainsFunc(kindsOfErrors(), func(kind error) bool { return errors.Is(err, kind) }) {
		return err
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		for _, code := range []string{refused.Code, refused.Code[:min(2, len(refused.Code))]} {
			if kind := codes()[code]; kind != nil {
				return fmt.Errorf("%s: %w: %s%s", c.place(), kind, refused.Message, detail(refused))
			}
		}
		return fmt.Errorf("%s: %s (%s)%s", c.place(), refused.Message, refused.Code, detail(refused))
	}
	var tried *pgconn.ConnectError
	if errors.As(err, &tried) {
		if text := err.Error(); strings.Contains(text, "tls:") || strings.Contains(text, "x509:") || strings.Contains(text, "server refused TLS") {
			return fmt.Errorf("%s: %w: TLS: %w", c.place(), source.ErrCredentials, errors.Unwrap(err))
		}
	}
	var network net.Error
	if tried != nil || pgconn.SafeToRetry(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("%s: %w: %w", c.place(), source.ErrTransient, err)
	}
	return fmt.Errorf("%s: %w", c.place(), err)
}

func kindsOfErrors() []error {
	return []error{source.ErrTransient, source.ErrConfig, source.ErrPermission, source.ErrCredentials}
}

func detail(e *pgconn.PgError) string {
	if e.Hint == "" {
		return ""
	}
	return " (" + e.Hint + ")"
}

// place is the database without its login.
func (c *connector) place() string {
	return fmt.Sprintf("PostgreSQL %s at %s", c.config.Database, c.config.Host)
}

// splitName parts an object's name as SQL writes it: schema and name, folded to lower case unless they are quoted.
func splitName(text string) (schema, name string, err error) {
	var parts []string
	rest := text
	for {
		var part string
		if strings.HasPrefix(rest, `"`) {
			end := 1
			for end < len(rest) && (rest[end] != '"' || strings.HasPrefix(rest[end:], `""`)) {
				if rest[end] == '"' {
					end++
				}
				end++
			}
			if end >= len(rest) {
				return "", "", fmt.Errorf("%s has a quote that is never closed", text)
			}
			part, rest = strings.ReplaceAll(rest[1:end], `""`, `"`), rest[end+1:]
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			part, rest = strings.ToLower(rest[:end]), rest[end:]
		}
		parts = append(parts, part)
		if rest == "" {
			break
		}
		if rest[0] != '.' {
			return "", "", fmt.Errorf("%s is no name of a table", text)
		}
		rest = rest[1:]
	}
	if len(parts) > 2 || slices.Contains(parts, "") {
		return "", "", fmt.Errorf("%s is no name of a table", text)
	}
	if len(parts) == 1 {
		return "", parts[0], nil
	}
	return parts[0], parts[1], nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
