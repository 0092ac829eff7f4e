package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// roles makes the two group roles where they are missing. People and tools log in with roles of their own that are members of one.
func (t *Target) roles(ctx context.Context) error {
	for _, role := range []string{t.cfg.Reader, t.cfg.Partner} {
		if role == "" {
			continue
		}
		var there bool
		if err := t.conn.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)", role).Scan(&there); err != nil {
			return fmt.Errorf("look for role %s: %w", role, err)
		}
		if there {
			continue
		}
		create := "CREATE ROLE " + ident(role) + " NOLOGIN NOINHERIT"
		if err := t.exec(ctx, "create role "+role, create); err != nil {
			return fmt.Errorf("%w: %w (a role with CREATEROLE can: %s)", ErrSetup, err, create)
		}
	}
	return t.noMoreThanMembers(ctx)
}

// noMoreThanMembers refuses a login whose partner is named but that could read more, or less, than that partner's rows.
func (t *Target) noMoreThanMembers(ctx context.Context) error {
	var problems []error
	for _, login := range slices.Sorted(maps.Keys(t.cfg.Partners)) {
		var super, bypass, reader, partner bool
		err := t.conn.QueryRow(ctx, `SELECT rolsuper, rolbypassrls, pg_has_role(rolname, $2, 'MEMBER'), pg_has_role(rolname, $3, 'MEMBER')
			FROM pg_roles WHERE rolname = $1`, login, t.cfg.Reader, t.cfg.Partner).Scan(&super, &bypass, &reader, &partner)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			problems = append(problems, fmt.Errorf("publish.postgres.partners: there is no role %s: CREATE ROLE %s LOGIN PASSWORD '…' IN ROLE %s", login, ident(login), ident(t.cfg.Partner)))
		case err != nil:
			return fmt.Errorf("look for role %s: %w", login, err)
		case super || bypass || reader:
			problems = append(problems, fmt.Errorf("publish.postgres.partners: %s can read every partner's rows (it is a superuser, bypasses row security or is a member of %s)", login, t.cfg.Reader))
		case !partner:
			problems = append(problems, fmt.Errorf("publish.postgres.partners: %s is no member of %s: GRANT %s TO %s", login, t.cfg.Partner, ident(t.cfg.Partner), ident(login)))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w:\n%w", ErrSetup, errors.Join(problems...))
	}
	return nil
}

// secure puts into an empty schema who is which partner. The function answers for the login itself, whatever role it has set, and its body
// is bound to this schema's table, so that it goes on to work when the schema is renamed.
func (t *Target) secure(ctx context.Context, schema string) error {
	logins := ident(schema, "partner_login")
	statements := []string{
		"CREATE TABLE " + logins + " (login name PRIMARY KEY, partner text NOT NULL)",
		"ALTER TABLE " + logins + " ENABLE ROW LEVEL SECURITY",
		"CREATE FUNCTION " + ident(schema, "my_partner") + "() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp" +
			" BEGIN ATOMIC SELECT l.partner FROM " + logins + " AS l WHERE l.login = session_user; END",
		"REVOKE ALL ON FUNCTION " + ident(schema, "my_partner") + "() FROM PUBLIC",
	}
	if t.cfg.Partner != "" {
		statements = append(statements, "GRANT EXECUTE ON FUNCTION "+ident(schema, "my_partner")+"() TO "+ident(t.cfg.Partner))
	}
	if err := t.exec(ctx, "secure schema "+schema, statements...); err != nil {
		return err
	}
	for _, login := range slices.Sorted(maps.Keys(t.cfg.Partners)) {
		if _, err := t.conn.Exec(ctx, "INSERT INTO "+logins+" VALUES ($1, $2)", login, t.cfg.Partners[login]); err != nil {
			return fmt.Errorf("say who %s is: %w", login, err)
		}
	}
	publication := ident(schema, "publication")
	return t.exec(ctx, "secure schema "+schema, t.policies(publication, Table{Public: true}, false)...)
}

// policies let readers read all, and a partner's login the rows of its partner; where rows have no partner it reads none. Of metrics it reads
// those that are marked as made of its own rows alone: a share of the company's revenue would tell what that is.
func (t *Target) policies(name string, table Table, marked bool) []string {
	out := []string{"ALTER TABLE " + name + " ENABLE ROW LEVEL SECURITY"}
	allow := func(role, policy, condition string) {
		out = append(out, "GRANT SELECT ON "+name+" TO "+ident(role),
			"CREATE POLICY "+policy+" ON "+name+" FOR SELECT TO "+ident(role)+" USING ("+condition+")")
	}
	if t.cfg.Reader != "" {
		allow(t.cfg.Reader, "readers", "true")
	}
	schema := name[:strings.Index(name, `".`)+1]
	switch {
	case t.cfg.Partner == "":
	case table.Public:
		allow(t.cfg.Partner, "everybody", "true")
	case table.owner() != "":
		// as a subquery it is asked once for a statement, not once for a row
		own := table.owner() + " = (SELECT " + schema + ".my_partner())"
		switch {
		case !table.has("metric_id"):
		case marked:
			own += " AND metric_id IN (SELECT d.metric_id FROM " + schema + ".definition AS d WHERE d.is_own)"
		default: // a night from before the mark
			own = "false"
		}
		allow(t.cfg.Partner, "own_rows", own)
	}
	return out
}

// open lets the roles look into a schema, last of all.
func (t *Target) open(ctx context.Context, schema string) error {
	for _, role := range []string{t.cfg.Reader, t.cfg.Partner} {
		if role == "" {
			continue
		}
		if err := t.exec(ctx, "open schema "+schema, "GRANT USAGE ON SCHEMA "+ident(schema)+" TO "+ident(role)); err != nil {
			return err
		}
	}
	return nil
}
