package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tributary-data/tributary/pipelines/source"
)

// login is what a session says of itself.
type login struct {
	user, version             string
	super, seesOthers, backup bool
}

// Check finds out whether the login is accepted and what it may read.
func (c *connector) Check(ctx context.Context, streams []source.Stream) (out []source.Finding, err error) {
	err = c.with(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		findings, err := c.checkLogin(ctx, conn)
		if err != nil {
			return err
		}
		for _, s := range streams {
			f, err := c.checkStream(ctx, conn, s)
			if err != nil {
				return err
			}
			findings = append(findings, f)
		}
		out = findings
		return nil
	})
	if errors.Is(err, source.ErrCredentials) || errors.Is(err, source.ErrConfig) {
		return []source.Finding{{Subject: "login", Detail: err.Error(), Mend: "mend the url"}}, nil
	}
	return out, err
}

func (c *connector) checkLogin(ctx context.Context, conn *pgx.Conn) ([]source.Finding, error) {
	var l login
	err := conn.QueryRow(ctx, `SELECT current_user, current_setting('server_version'), rolsuper, pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), pg_is_in_recovery()
FROM pg_roles WHERE rolname = current_user`).Scan(&l.user, &l.version, &l.super, &l.seesOthers, &l.backup)
	if err != nil {
		return nil, err
	}
	detail := fmt.Sprintf("%s, PostgreSQL %s as %s", c.place(), l.version, l.user)
	if l.backup {
		detail += ", a standby"
	}
	if _, encrypted := conn.PgConn().Conn().(*tls.Conn); !encrypted {
		detail += ", not encrypted"
	}
	out := []source.Finding{{Subject: "login", OK: true, Detail: detail}}
	if l.super {
		out[0].Mend = "a role that may only read is enough: CREATE ROLE tributary LOGIN; and what is granted below"
	}
	late := source.Finding{Subject: "late commits", OK: true, Detail: "sees since when transactions have been running: what commits late is read by the next run"}
	if !l.seesOthers || l.backup {
		late.Detail = "cannot see since when transactions have been running: what commits later than `overlap` after its change is missed"
		late.Mend = fmt.Sprintf("GRANT pg_read_all_stats TO %s;", quote(l.user))
		if l.backup {
			late.Mend = "ask the primary, or keep `overlap` longer than the longest transaction"
		}
	}
	return append(out, late), nil
}

// checkStream says what keeps a stream from being read, with the statement that mends it.
func (c *connector) checkStream(ctx context.Context, conn *pgx.Conn, s source.Stream) (source.Finding, error) {
	f := source.Finding{Subject: s.Name}
	r, err := c.find(ctx, conn, s)
	if errors.Is(err, source.ErrConfig) {
		f.Detail = err.Error()
		return f, nil
	}
	if err != nil {
		return f, err
	}
	wanted, missing := r.wanted(s)
	switch {
	case !r.usable:
		f.Detail, f.Mend = "schema "+r.schema+" may not be used", c.grantSchema(r)+" "+fmt.Sprintf("GRANT SELECT ON %s TO %s;", r.quoted(), quote(c.config.User))
	case len(missing) > 0:
		f.Detail, f.Mend = fmt.Sprintf("%s has no column %s", r.origin(), strings.Join(missing, ", ")), "mend `fields`, `key` or `cursor`"
	default:
		c.checkColumns(&f, r, wanted, s)
	}
	return f, nil
}

// wanted are the columns that a stream names, all of them where it names none, and those that are not there.
func (r relation) wanted(s source.Stream) (wanted []column, missing []string) {
	named := append(append([]string{}, s.Fields...), s.Key...)
	if s.Cursor != "" {
		named = append(named, s.Cursor)
	}
	for _, name := range named {
		if _, found := r.column(name); !found && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	for _, col := range r.columns {
		if len(s.Fields) == 0 || slices.Contains(named, col.name) {
			wanted = append(wanted, col)
		}
	}
	return wanted, missing
}

func (c *connector) checkColumns(f *source.Finding, r relation, wanted []column, s source.Stream) {
	var denied []string
	for _, col := range wanted {
		if !col.readable {
			denied = append(denied, col.name)
		}
	}
	switch {
	case len(denied) == len(r.columns):
		f.Detail, f.Mend = "no right to read "+r.origin(), fmt.Sprintf("GRANT SELECT ON %s TO %s;", r.quoted(), quote(c.config.User))
	case len(denied) > 0:
		f.Detail, f.Mend = fmt.Sprintf("no right to read %s of %s", strings.Join(denied, ", "), r.origin()), c.grant(r, denied...)
	case r.checkCursor(s.Cursor) != nil:
		f.Detail = r.checkCursor(s.Cursor).Error()
	case r.filtered:
		f.OK, f.Detail = true, "row-level security hides rows of "+r.origin()+": they do not land, and count as deleted"
		f.Mend = fmt.Sprintf("ALTER ROLE %s BYPASSRLS; or a policy that shows all rows", quote(c.config.User))
	default:
		f.OK, f.Detail = true, r.summary(len(wanted), s)
	}
}

// summary says how a stream will be read.
func (r relation) summary(columns int, s source.Stream) string {
	key, cursor := s.Key, s.Cursor
	if len(key) == 0 {
		key = r.key
	}
	text := fmt.Sprintf("%s: %d columns", r.origin(), columns)
	if len(key) > 0 {
		text += ", key " + strings.Join(key, ", ")
	}
	if cursor != "" && len(key) > 0 {
		return text + ", what has changed by " + cursor
	}
	return text + ", read whole each time"
}
