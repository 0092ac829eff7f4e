package staging

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// orphans counts the rows that refer to a record nobody has. They keep their row.
func (p *Plan) orphans(ctx context.Context) ([]Warning, error) {
	mapped := p.Entities()
	for _, name := range mapped {
		e, _ := p.set.Entity(name)
		for _, f := range e.Fields {
			if f.Ref == nil || !slices.Contains(mapped, f.Ref.Entity) || !p.isMapped(name, f.Name) {
				continue
			}
			err := p.exec(ctx, `INSERT INTO staging.orphan
SELECT %[1]s, %[2]s, count(*), min(c.%[3]s || coalesce(' in ' || c._source_file || ':' || c._source_line, ''))
FROM staging.%[4]s AS c ANTI JOIN staging.%[5]s AS p ON c.%[3]s = p.%[6]s
WHERE c.%[3]s IS NOT NULL HAVING count(*) > 0`,
				text(name), text(f.Name), ident(f.Name), ident(name), ident(f.Ref.Entity), ident(f.Ref.Field))
			if err != nil {
				return nil, err
			}
		}
	}
	return p.readWarnings(ctx, "SELECT entity, field, 'orphan', rows, sample FROM staging.orphan ORDER BY 1, 2")
}

func (p *Plan) isMapped(entity, field string) bool {
	for _, m := range p.maps {
		if m.entity.Name == entity && slices.Contains(m.mapped, field) {
			return true
		}
	}
	return false
}

// warnings finds values that are kept though a contract or the program does not expect them.
func (p *Plan) warnings(ctx context.Context) ([]Warning, error) {
	for _, name := range p.Entities() {
		e, _ := p.set.Entity(name)
		for _, f := range e.Fields {
			if !p.isMapped(name, f.Name) {
				continue
			}
			condition, rule := p.unexpected(f)
			if condition == "" {
				continue
			}
			err := p.exec(ctx, `INSERT INTO staging.warning
SELECT %[1]s, %[2]s, '%[3]s', count(*), min(%[4]s || coalesce(' in ' || _source_file || ':' || _source_line, '')) FROM staging.%[5]s WHERE %[6]s HAVING count(*) > 0`,
				text(name), text(f.Name), rule, ident(f.Name), ident(name), condition)
			if err != nil {
				return nil, err
			}
		}
	}
	for _, m := range p.maps {
		for _, w := range m.gone {
			if err := p.exec(ctx, "INSERT INTO staging.warning VALUES (%s, %s, %s, %d, %s)", text(w.Entity), text(w.Field), text(w.Rule), w.Rows, text(w.Sample)); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range sorted(slices.Collect(maps.Keys(p.streams))) {
		if w := p.streams[name].unordered; w != nil {
			if err := p.exec(ctx, "INSERT INTO staging.warning VALUES (NULL, %s, %s, %d, %s)", text(w.Field), text(w.Rule), w.Rows, text(w.Sample)); err != nil {
				return nil, err
			}
		}
	}
	return p.readWarnings(ctx, "SELECT coalesce(entity, ''), field, rule, rows, sample FROM staging.warning ORDER BY 1, 2, 3, 5")
}

func (p *Plan) unexpected(f schemas.Field) (condition, rule string) {
	if f.Limit != nil && f.Limit.Keep {
		return outOfRange(ident(f.Name), f.Limit), warnOutOfRange
	}
	if accepted, ok := p.opts.Accepted[f.AcceptedFrom]; ok && f.AcceptedFrom != "" && len(accepted) > 0 {
		return fmt.Sprintf("%s NOT IN (%s)", ident(f.Name), textList(accepted)), warnUnknown
	}
	return "", ""
}

func (p *Plan) readWarnings(ctx context.Context, query string) ([]Warning, error) {
	var out []Warning
	err := p.query(ctx, func(scan func(...any) error) error {
		var w Warning
		if err := scan(&w.Entity, &w.Field, &w.Rule, &w.Rows, &w.Sample); err != nil {
			return err
		}
		out = append(out, w)
		return nil
	}, "%s", query)
	return out, err
}

// undecodedRows takes over what extraction set apart.
func (p *Plan) undecodedRows(ctx context.Context) (int64, error) {
	var total int64
	for _, data := range p.opts.Data {
		if _, ok := p.cfg.Streams[data.Name]; !ok || len(data.Quarantine) == 0 {
			continue
		}
		from := readParquet(data.Quarantine)
		have, err := p.describe(ctx, "SELECT * FROM "+from)
		if err != nil {
			return 0, err
		}
		pick := func(names ...string) string {
			for _, name := range names {
				if hasColumn(have, name) {
					return "CAST(" + ident(name) + " AS VARCHAR)"
				}
			}
			return "CAST(NULL AS VARCHAR)"
		}
		source, streamName, _ := strings.Cut(data.Name, ".")
		err = p.exec(ctx, `INSERT INTO staging.quarantine SELECT NULL, %s, %s, %s, %s, %s, %s, %s, TRY_CAST(%s AS BIGINT), %s FROM %s`,
			text(source), text(streamName), pick("_rule", "rule"), pick("_field", "field"), pick("_value", "value", "_raw", "raw"), pick("_detail", "detail"),
			pick("_source_file"), pick("_source_line"), pick("_load_id"), from)
		if err != nil {
			return 0, err
		}
	}
	err := p.queryRow(ctx, []any{&total}, "SELECT count(*) FROM staging.quarantine WHERE entity IS NULL")
	return total, err
}
