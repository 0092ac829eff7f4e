package staging

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// unnestScale leaves room in a row's number for the elements of its list.
const unnestScale = 65536

// sourceFilter marks the place where a query can be narrowed to some rows of the stream.
const sourceFilter = " /* all rows */"

// sourceQuery gives the rows of a map: the stream's, one per list element where the map unnests, with the lookups' columns beside.
func (m *mapCompiler) sourceQuery(where string, joins []string) string {
	version := m.stream.version
	if _, ok := fieldSpec(m.spec, "modified_at"); ok {
		version = "NULL" // the field itself says which row is newer
	}
	query := fmt.Sprintf("SELECT *, %s AS _version FROM %s%s", version, m.stream.rows(), sourceFilter)
	if m.spec.Unnest != nil {
		query = m.unnestQuery(query)
	}
	columns := []string{`"row".*`}
	for _, l := range m.spec.Lookup {
		for _, c := range m.scope.used[l.Name] {
			columns = append(columns, fmt.Sprintf("%s.%s AS %s", ident(l.Name), ident(c), ident(l.Name+"."+c)))
		}
	}
	query = fmt.Sprintf("SELECT %s\nFROM (\n%s\n) AS \"row\"", strings.Join(columns, ", "), indent(query))
	if len(joins) > 0 {
		query += "\n" + strings.Join(joins, "\n")
	}
	if where != "" {
		query = fmt.Sprintf("SELECT * FROM (\n%s\n)\nWHERE %s", indent(query), where)
	}
	return query
}

// unnestQuery makes a row per element of a list. What is no list stays one row and is quarantined.
func (m *mapCompiler) unnestQuery(query string) string {
	u := m.spec.Unnest
	t := textOf(m.list, m.columnType([]string{u.Column.Value}))
	list, element := "", func(key string) string { return "_element" }
	if u.Split.Value != "" {
		list = fmt.Sprintf("list_filter(list_transform(string_split(%s, %s), lambda e: trim(e)), lambda e: e <> '')", t, text(u.Split.Value))
	} else {
		j := fmt.Sprintf("staging.exact_json(%s)", t)
		at := "$"
		if u.JSON.Value != "" {
			at = u.JSON.Value
		}
		list = fmt.Sprintf("CASE WHEN json_valid(%[1]s) THEN CASE WHEN json_type(%[1]s, %[2]s) = 'ARRAY' THEN from_json(json_extract(%[1]s, %[2]s), '[\"JSON\"]') END END", j, text(at))
		element = func(key string) string {
			if key == "value" {
				return "json_extract_string(_element, '$')"
			}
			return fmt.Sprintf("json_extract_string(_element, %s)", text(`$."`+key+`"`))
		}
	}
	// One null element stands for a column that is no list, and for an empty one that is to be kept.
	empty := "[]"
	if u.Keep {
		empty = "[NULL]"
	}
	notList := fmt.Sprintf("(%s IS NOT NULL AND _list IS NULL)", nulled(t, nil))
	query = fmt.Sprintf("SELECT *, %s AS _list FROM (\n%s\n)", list, indent(query))
	query = fmt.Sprintf("SELECT * EXCLUDE (_list), CASE WHEN %[1]s THEN [NULL] WHEN coalesce(len(_list), 0) = 0 THEN %[2]s ELSE _list END AS _list, %[1]s AS _not_a_list, %[3]s AS _list_text FROM (\n%[4]s\n)",
		notList, empty, t, indent(query))
	query = fmt.Sprintf("SELECT * EXCLUDE (_list), unnest(_list) AS _element, unnest(range(1, len(_list) + 1)) AS _index FROM (\n%s\n)", indent(query))
	columns := []string{fmt.Sprintf("* REPLACE (_row * %d + _index AS _row)", unnestScale)}
	for _, key := range m.scope.used[m.scope.item] {
		expr := element(key)
		if key == "index" {
			expr = "_index"
		}
		columns = append(columns, fmt.Sprintf("nullif(%s, '') AS %s", castIndex(key, expr), ident(m.scope.item+"."+key)))
	}
	return fmt.Sprintf("SELECT %s FROM (\n%s\n)", strings.Join(columns, ", "), indent(query))
}

func castIndex(key, expr string) string {
	if key == "index" {
		return "CAST(" + expr + " AS VARCHAR)"
	}
	return expr
}

// joins gives the joins of a map's lookups.
func (m *mapCompiler) joins(ctx context.Context) []string {
	var out []string
	for _, l := range m.spec.Lookup {
		other := m.p.streams[l.From.Value]
		if other == nil {
			out = append(out, m.emptyLookup(l))
			continue
		}
		from := other.live()
		if l.Where.Value != "" {
			sc := &scope{stream: other.name, columns: other.columnNames()}
			if e, ok := parseExpression(ctx, m.p.parser, l.Where, &m.p.problems); ok {
				from = fmt.Sprintf("(SELECT * FROM %s WHERE %s)", from, e.rewrite(func(r reference) string {
					sql, _ := sc.resolve(e.at, r.parts, nil, &m.p.problems)
					return sql
				}))
			}
		}
		out = append(out, fmt.Sprintf("LEFT JOIN %s AS %s ON %s", from, ident(l.Name), m.joinCondition(ctx, l, other)))
	}
	return out
}

// emptyLookup stands for a stream that has not delivered yet: its columns are unknown, so all that were asked for are null.
func (m *mapCompiler) emptyLookup(l Lookup) string {
	columns := []string{"1 AS _none"}
	for _, c := range m.scope.used[l.Name] {
		columns = append(columns, fmt.Sprintf("CAST(NULL AS VARCHAR) AS %s", ident(c)))
	}
	return fmt.Sprintf("LEFT JOIN (SELECT %s) AS %s ON false", strings.Join(columns, ", "), ident(l.Name))
}

func (m *mapCompiler) joinCondition(ctx context.Context, l Lookup, other *stream) string {
	if l.On.Text.Value != "" {
		e, ok := parseExpression(ctx, m.p.parser, l.On.Text, &m.p.problems)
		if !ok {
			return "false"
		}
		return e.rewrite(func(r reference) string { return m.joinName(e, r) })
	}
	var parts []string
	for _, pair := range l.On.Pairs {
		column := (&scope{stream: other.name, columns: other.columnNames()}).own(pair.Column.Pos, pair.Column.Value, &m.p.problems)
		e, ok := parseExpression(ctx, m.p.parser, pair.Expr, &m.p.problems)
		if !ok {
			continue
		}
		parts = append(parts, fmt.Sprintf("CAST(%s.%s AS VARCHAR) = CAST((%s) AS VARCHAR)", ident(l.Name), column, e.rewrite(func(r reference) string { return m.joinName(e, r) })))
	}
	return strings.Join(parts, " AND ")
}

// joinName names a column inside a join, where nothing has been renamed yet.
func (m *mapCompiler) joinName(e expression, r reference) string {
	sql, field := m.scope.resolve(e.at, r.parts, nil, &m.p.problems)
	if field != "" || len(r.parts) < 2 {
		return `"row".` + sql
	}
	if name, ok := findFold(m.scope.lookups(), r.parts[0]); ok {
		if c, ok := findFold(m.scope.beside[name], r.parts[1]); ok {
			return ident(name) + "." + ident(c)
		}
	}
	return `"row".` + sql
}

// crosswalks are the joins that translate a source's ids, and what each translated field becomes.
func (m *mapCompiler) crosswalks() (joins []string, value map[string]string, translated string) {
	value, translated = map[string]string{}, "false"
	for _, f := range m.entity.Fields {
		target := ""
		switch key := m.entity.Key(); {
		case len(key) == 1 && f.Name == key[0]:
			target = m.entity.Name
		case f.Ref != nil:
			target = f.Ref.Entity
		}
		if _, mapped := m.readings[f.Name]; !mapped || target == "" {
			continue
		}
		for i, c := range m.p.cfg.Identity[target].Crosswalk {
			other := m.p.streams[c.From.Value]
			if c.Source.Value != sourceOf(m.stream.name) || other == nil {
				continue
			}
			name := ident(fmt.Sprintf("crosswalk %d of %s", i+1, f.Name))
			joins = append(joins, fmt.Sprintf("LEFT JOIN (%s) AS %s ON %s._local = %s", crosswalkQuery(c, other), name, name, fieldColumn(f.Name)))
			value[f.Name] = fmt.Sprintf("coalesce(%s._key, %s)", name, fieldColumn(f.Name))
			if target == m.entity.Name && f.Ref == nil {
				translated = name + "._key IS NOT NULL"
			}
		}
	}
	return joins, value, translated
}

func crosswalkQuery(c Crosswalk, s *stream) string {
	local, key := findColumn(s, c.Local.Value), findColumn(s, c.Key.Value)
	return fmt.Sprintf("SELECT %[1]s AS _local, any_value(%[2]s) AS _key FROM %[3]s WHERE %[1]s IS NOT NULL AND %[2]s IS NOT NULL GROUP BY 1", local, key, s.live())
}

func findColumn(s *stream, name string) string {
	c, _ := findFold(s.columnNames(), name)
	return textOf(ident(c), s.typeOf(c))
}

// finalQuery gives the entity's columns, the lineage, and the number of the first thing that is wrong with each row. The details of
// what is wrong are another query, of the bad rows only: there are few, and computing them for all costs more than reading them.
func (m *mapCompiler) finalQuery(query string) (typed, details string) {
	failures, drops := m.failures()
	joins, translatedValue, translated := m.crosswalks()
	query = fmt.Sprintf("SELECT *, %s AS _bad\nFROM (\n%s\n)", badNumber(failures), indent(query))
	if len(drops) > 0 {
		query += "\nWHERE NOT (" + strings.Join(drops, " OR ") + ")"
	}
	columns := make([]string, 0, len(m.entity.Fields)+16)
	for _, f := range m.entity.Fields {
		expr := m.unmapped(f)
		if _, ok := m.readings[f.Name]; ok {
			expr = fieldColumn(f.Name)
		}
		if v, ok := translatedValue[f.Name]; ok {
			expr = v
		}
		columns = append(columns, fmt.Sprintf("%s AS %s", expr, ident(f.Name)))
	}
	columns = append(columns, text(m.stream.name)+" AS _source", "_source_file, _source_line, _load_id, _commit, _row", "_gone",
		"CAST(_version AS DECIMAL(38,6)) AS _version", translated+" AS _translated", fmt.Sprintf("%d AS _map", m.index), "_bad")
	typed = fmt.Sprintf("SELECT\n  %s\nFROM (\n%s\n) AS mapped", strings.Join(columns, ",\n  "), indent(query))
	if len(joins) > 0 {
		typed += "\n" + strings.Join(joins, "\n")
	}
	details = fmt.Sprintf("SELECT %s, _source_file, _source_line, _load_id\nFROM (\n%s\n)\nWHERE _bad IS NOT NULL AND NOT _gone", strings.Join(badDetails(failures, m.spec.At.String()), ",\n  "), indent(query))
	return typed, details
}

// failures are all reasons for the quarantine, in the contract's order, and the conditions under which a row is none of this map's.
func (m *mapCompiler) failures() (failures []numberedFailure, drops []string) {
	if m.spec.Unnest != nil {
		failures = append(failures, numberedFailure{failure{"_not_a_list", text(ruleNotList)}, m.spec.Unnest.Column.Value, "_list_text", "a list"})
	}
	for _, f := range m.entity.Fields {
		r, ok := m.readings[f.Name]
		if !ok {
			continue
		}
		if r.drop != "" {
			drops = append(drops, fmt.Sprintf("coalesce(%s, false)", r.drop))
		}
		for _, fail := range r.failures {
			failures = append(failures, numberedFailure{fail, f.Name, r.shown, r.expected})
		}
	}
	return failures, drops
}

func (m *mapCompiler) unmapped(f schemas.Field) string {
	if f.NullAs != nil {
		return text(*f.NullAs)
	}
	return "CAST(NULL AS " + f.Type + ")"
}

type numberedFailure struct {
	failure
	field, shown, expected string
}

func badNumber(failures []numberedFailure) string {
	var b strings.Builder
	for i, f := range failures {
		fmt.Fprintf(&b, " WHEN %s THEN %d", f.when, i+1)
	}
	if b.Len() == 0 {
		return "CAST(NULL AS INTEGER)"
	}
	return "CASE" + b.String() + " END"
}

// badDetails says of a bad row what is wrong.
func badDetails(failures []numberedFailure, at string) []string {
	of := func(column string, value func(f numberedFailure) string) string {
		var b strings.Builder
		for i, f := range failures {
			fmt.Fprintf(&b, " WHEN %d THEN %s", i+1, value(f))
		}
		if b.Len() == 0 {
			return "CAST(NULL AS VARCHAR) AS " + column
		}
		return fmt.Sprintf("CASE _bad%s END AS %s", b.String(), column)
	}
	return []string{
		of("_rule", func(f numberedFailure) string { return f.rule }),
		of("_field", func(f numberedFailure) string { return text(f.field) }),
		of("_value", func(f numberedFailure) string { return fmt.Sprintf("CAST(%s AS VARCHAR)", f.shown) }),
		of("_detail", func(f numberedFailure) string {
			if f.expected == "" {
				return text("map " + at)
			}
			return text("expected " + f.expected + "; map " + at)
		}),
	}
}

// typedColumns are the columns of an entity's typed rows, before duplicates are decided and as_of cuts.
func typedColumns(e *schemas.Entity) []column {
	columns := make([]column, 0, len(e.Fields)+16)
	for _, f := range e.Fields {
		columns = append(columns, column{f.Name, f.Type})
	}
	return slices.Concat(columns, lineageColumns(), markColumns())
}
