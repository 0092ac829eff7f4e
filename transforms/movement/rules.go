package movement

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// readRules finds out whether both nights were made by the same rules: program, maps, models and version of the program. Where they are
// not, it names the tables of rules that differ.
func (p *Pair) readRules(ctx context.Context) error {
	if p.From.Version != p.To.Version {
		p.rules = append(p.rules, fmt.Sprintf("tributary %s to %s", p.From.Version, p.To.Version))
	}
	if p.From.Program == p.To.Program {
		return nil
	}
	tables, err := p.texts(ctx, "list the tables of rules", `SELECT DISTINCT table_name FROM duckdb_tables()
		WHERE schema_name = 'program' AND database_name = `+text(p.catalogs[after])+` ORDER BY table_name`)
	if err != nil {
		return err
	}
	found := 0
	for _, t := range tables {
		differs, err := p.ruleDiffers(ctx, t)
		if err != nil {
			return err
		}
		if differs {
			p.rules = append(p.rules, t)
			found++
		}
	}
	if found == 0 {
		p.rules = append(p.rules, "maps or models")
	}
	return nil
}

// ruleDiffers compares a table of rules, without what grows with as_of by itself.
func (p *Pair) ruleDiffers(ctx context.Context, table string) (bool, error) {
	if slices.Contains([]string{"fiscal_day", "fiscal_period", "calendar_interval"}, table) {
		return false, nil
	}
	columns := p.shared("program", table)
	columns = slices.DeleteFunc(columns, func(c string) bool { return slices.Contains([]string{"as_of", "as_of_at", "known_at"}, c) })
	if len(columns) == 0 {
		return true, nil
	}
	var rows int64
	if err := p.conn.QueryRowContext(ctx, "SELECT count(*) FROM ("+p.different("program", table, columns, "true")+") AS different").Scan(&rows); err != nil {
		return false, fmt.Errorf("compare the rules in program.%s: %w", table, err)
	}
	return rows > 0, nil
}

// different selects the rows of a table that one of the nights has and the other has not.
func (p *Pair) different(schema, table string, columns []string, where string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = ident(c)
	}
	list := strings.Join(quoted, ", ")
	one := func(a, b int) string {
		return "(SELECT " + list + " FROM " + p.in(a, schema, table) + " WHERE " + where + " EXCEPT ALL SELECT " + list + " FROM " + p.in(b, schema, table) + " WHERE " + where + ")"
	}
	return one(before, after) + " UNION ALL " + one(after, before)
}
