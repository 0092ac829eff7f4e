package report

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Partner is a partner as a source names it. Excluded says why it has no pack: merged, deleted or test.
type Partner struct {
	ID, Name, Excluded string
	into               string // the partner that a merged one is part of
}

// partners lists every partner of the warehouse by id.
func partners(ctx context.Context, conn *sql.Conn) ([]Partner, error) {
	rows, err := conn.QueryContext(ctx, `SELECT p.partner_id, p.name, coalesce(p.excluded, CASE WHEN r.is_test THEN 'test' END, ''), coalesce(r.survivor_id, '')
		FROM core.partner AS p LEFT JOIN core.partner_ref AS r ON r.partner_id = p.partner_id ORDER BY p.partner_id`)
	if err != nil {
		return nil, fmt.Errorf("read the partners: %w", err)
	}
	defer rows.Close()
	var out []Partner
	for rows.Next() {
		var p Partner
		if err := rows.Scan(&p.ID, &p.Name, &p.Excluded, &p.into); err != nil {
			return nil, fmt.Errorf("read the partners: %w", err)
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// find looks a partner up by its id or its whole name.
func find(all []Partner, text string) (Partner, error) {
	var named []Partner
	for _, p := range all {
		if p.ID == text {
			return p, nil
		}
		if strings.EqualFold(p.ID, text) || strings.EqualFold(p.Name, text) {
			named = append(named, p)
		}
	}
	switch len(named) {
	case 1:
		return named[0], nil
	case 0:
		return Partner{}, &AskedError{fmt.Sprintf("there is no partner %q%s", text, nearest(all, text))}
	}
	var ids []string
	for _, p := range named {
		ids = append(ids, p.ID)
	}
	return Partner{}, &AskedError{fmt.Sprintf("%d partners are named %q: ask by id, one of %s", len(named), text, strings.Join(ids, ", "))}
}

// nearest suggests up to three partners by id or name.
func nearest(all []Partner, text string) string {
	words := map[string]Partner{}
	var candidates, out []string
	for _, p := range all {
		for _, word := range []string{p.ID, p.Name} {
			if word != "" {
				words[word] = p
				candidates = append(candidates, word)
			}
		}
		if len(text) > 2 && strings.Contains(strings.ToLower(p.Name), strings.ToLower(text)) {
			out = append(out, label(p))
		}
	}
	if near := diag.Nearest(text, candidates); near != "" && !slices.Contains(out, label(words[near])) {
		out = append([]string{label(words[near])}, out...)
	}
	if len(out) == 0 {
		return ": table core.partner of the warehouse lists them (tributary warehouse ls names the file)"
	}
	return ": did you mean " + strings.Join(out[:min(3, len(out))], " or ") + "?"
}

func label(p Partner) string {
	if p.Name == "" || p.Name == p.ID {
		return p.ID
	}
	return p.ID + " (" + p.Name + ")"
}

// why says why a partner has no pack, or "".
func (p Partner) why() string {
	switch p.Excluded {
	case "merged":
		return fmt.Sprintf("was merged into %s: its figures are in that pack", p.into)
	case "deleted":
		return "is deleted in its source: its facts count for no partner"
	case "test":
		return "is a test partner: it is left out of every figure"
	}
	return ""
}
