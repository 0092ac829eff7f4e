package staging

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Part is one Parquet file of raw rows.
type Part struct {
	Path       string // absolute
	Commit     int64  // number of the commit that brought it
	Superseded bool   // replaced by a newer snapshot: its records that are in no other part have vanished from the source
}

// StreamData is everything that was extracted of a stream by the moment that is built.
type StreamData struct {
	Name       string // source.stream
	Parts      []Part // in order of commit
	Quarantine []Part // rows that extraction could not decode
}

// stream is a stream that has delivered, ready to be read by maps.
type stream struct {
	name    string
	spec    Stream
	columns []column // of the source, without lineage
	newest  []string // those of them that the newest commit brought; nil when that was the only one
	key     []string // expressions that make rows versions of one record
	version string   // expression that orders versions as a number, NULL without one
	query   string   // of a map that is a SELECT
	// superseded says that some rows have a newer version or a deletion, gone that some records have vanished.
	superseded, gone bool
	unordered        *Warning // of rows of one file that share key and version and differ
	empty            bool     // the newest snapshot has no rows
	many             bool     // so many rows that planning counts for less than reading
}

// The tables of a stream live in a catalog of their own beside the warehouse, and are gone with it when staging is done.
func (s *stream) live() string   { return "raw." + ident(rawName(s.name)) }
func (s *stream) parts() string  { return "raw." + ident("parts of "+s.name) }
func (s *stream) old() string    { return "raw." + ident("superseded parts of "+s.name) }
func (s *stream) losers() string { return "raw." + ident("superseded rows of "+s.name) }
func (s *stream) vanished() string {
	return "raw." + ident("vanished rows of "+s.name)
}

// rows is the relation that maps read: current rows, and vanished ones marked so.
func (s *stream) rows() string {
	if s.query != "" {
		return s.query
	}
	if !s.gone {
		return fmt.Sprintf("(SELECT *, false AS _gone FROM %s)", s.live())
	}
	return fmt.Sprintf("(SELECT *, false AS _gone FROM %s UNION ALL BY NAME SELECT *, true AS _gone FROM %s)", s.live(), s.vanished())
}

func (s *stream) columnNames() []string {
	names := make([]string, len(s.columns))
	for i, c := range s.columns {
		names[i] = c.name
	}
	return names
}

func (s *stream) typeOf(name string) string {
	for _, c := range s.columns {
		if c.name == name {
			return c.typ
		}
	}
	return ""
}

// openStream makes the raw table of a stream: the newest version of every record. It is nil for a stream that has no rows.
func (p *Plan) openStream(ctx context.Context, data StreamData) (*stream, error) {
	s := &stream{name: data.Name, spec: p.cfg.Streams[data.Name], version: "NULL"}
	current, old := splitParts(data.Parts, s.spec.mode())
	if len(current)+len(old) == 0 {
		return nil, nil //nolint:nilnil // a stream without data is no error and has no rows
	}
	described := current
	if len(current) == 0 {
		described = old
	}
	have, err := p.describe(ctx, "SELECT * FROM "+readParquet(described))
	if err != nil {
		return nil, fmt.Errorf("read the parts of %s: %w", data.Name, err)
	}
	for _, c := range have {
		switch {
		case c.name == "file_row_number" || c.name == "file_index":
			p.problems.Add(s.spec.Key.At, "rename it with header:", "stream %s has a column named %s, which DuckDB keeps for itself", s.name, c.name)
		case !slices.Contains(rawLineage(), c.name):
			s.columns = append(s.columns, c)
		}
	}
	if s.newest, err = p.newestColumns(ctx, described); err != nil {
		return nil, fmt.Errorf("read the parts of %s: %w", data.Name, err)
	}
	if ok, err := p.describeRecords(ctx, s); err != nil || !ok {
		return s, err
	}
	rows, err := p.currentRows(ctx, s, current, old)
	if err != nil {
		return nil, fmt.Errorf("find the current rows of %s: %w", s.name, err)
	}
	s.many = rows > 200_000
	if err := p.vanishedRows(ctx, s, rows, old); err != nil {
		return nil, fmt.Errorf("find what vanished from %s: %w", s.name, err)
	}
	return s, nil
}

// newestColumns are the columns of what the newest commit brought: a column that is not among them may have been renamed.
func (p *Plan) newestColumns(ctx context.Context, parts []Part) ([]string, error) {
	newest := parts[len(parts)-1].Commit
	var last []Part
	for _, part := range parts {
		if part.Commit == newest {
			last = append(last, part)
		}
	}
	if len(last) == len(parts) {
		return nil, nil
	}
	columns, err := p.describe(ctx, "SELECT * FROM "+readParquet(last))
	names := make([]string, 0, len(columns))
	for _, c := range columns {
		if !slices.Contains(rawLineage(), c.name) {
			names = append(names, c.name)
		}
	}
	return names, err
}

// rawLineage is the columns of raw Parquet that are none of the source's.
func rawLineage() []string {
	return []string{"_load_id", "_extracted_at", "_source_file", "_source_line", "_op"}
}

// splitParts sets apart the parts that newer snapshots replaced; in other modes nothing vanishes and they are of no use.
func splitParts(parts []Part, mode string) (current, old []Part) {
	for _, part := range parts {
		switch {
		case !part.Superseded:
			current = append(current, part)
		case mode == ModeSnapshot:
			old = append(old, part)
		}
	}
	byCommit := func(a, b Part) int { return cmp.Compare(a.Commit, b.Commit) }
	slices.SortStableFunc(current, byCommit)
	slices.SortStableFunc(old, byCommit)
	return current, old
}

// describeRecords turns the stream's key and version into SQL; false when the user has to mend them.
func (p *Plan) describeRecords(ctx context.Context, s *stream) (bool, error) {
	before := len(p.problems)
	sc := &scope{stream: s.name, columns: s.columnNames()}
	switch {
	case s.spec.Key.Expr != "":
		if e, ok := parseExpression(ctx, p.parser, diag.Text{Value: s.spec.Key.Expr, Pos: s.spec.Key.At}, &p.problems); ok {
			s.key = []string{e.rewrite(func(r reference) string {
				sql, _ := sc.resolve(e.at, r.parts, nil, &p.problems)
				return sql
			})}
		}
	case len(s.spec.Key.Columns) > 0:
		for _, name := range s.spec.Key.Columns {
			s.key = append(s.key, sc.own(s.spec.Key.At, name, &p.problems))
		}
	default:
		for _, name := range s.columnNames() {
			s.key = append(s.key, ident(name))
		}
		if len(s.key) == 0 { // no row has told yet what the fields are
			s.key = []string{"0"}
		}
	}
	if s.spec.Version != nil {
		var err error
		if s.version, err = p.versionSQL(ctx, s, sc); err != nil {
			return false, err
		}
	}
	return len(p.problems) == before, nil
}

// versionSQL is a number that grows with the version: a number as it is, a time as its microseconds.
func (p *Plan) versionSQL(ctx context.Context, s *stream, sc *scope) (string, error) {
	v := *s.spec.Version
	src := ""
	switch {
	case v.Column.Value != "":
		src = sc.own(v.Column.Pos, v.Column.Value, &p.problems)
		src = textOf(src, s.typeOf(strings.Trim(src, `"`)))
	case v.Expr.Value != "":
		e, _ := parseExpression(ctx, p.parser, v.Expr, &p.problems)
		src = "CAST((" + e.rewrite(func(r reference) string {
			sql, _ := sc.resolve(e.at, r.parts, nil, &p.problems)
			return sql
		}) + ") AS VARCHAR)"
	}
	zone := zoneSQL{name: p.cfg.Zone}
	if v.Zone != nil && v.Zone.Name.Value != "" {
		zone.name = v.Zone.Name.Value
		if err := p.useZone(ctx, v.Zone.Name); err != nil {
			return "", err
		}
	}
	var m moment
	for _, f := range v.Date {
		m = m.or(formatMoment(src, f.Value))
	}
	if len(v.Date) == 0 {
		m = formatMoment(src, "iso")
	}
	var at []string
	if m.at != "" {
		at = append(at, m.at)
	}
	if m.wall != "" {
		at = append(at, zone.instant(m.wall))
	}
	return fmt.Sprintf("coalesce(CASE WHEN regexp_full_match(%[1]s, '%[2]s') THEN TRY_CAST(%[1]s AS DECIMAL(38,6)) END, CAST(epoch_us(coalesce(%[3]s, NULL)) AS DECIMAL(38,6)))",
		src, plainNumber, strings.Join(at, ", ")), nil
}

func readParquet(parts []Part) string {
	paths := make([]string, len(parts))
	for i, part := range parts {
		paths[i] = text(part.Path)
	}
	return "read_parquet([" + strings.Join(paths, ", ") + "], union_by_name = true)"
}

// partsView names all rows of some parts with their commit and a number that orders them, counted on from before.
func (p *Plan) partsView(ctx context.Context, view string, s *stream, parts []Part, before int64) (rows int64, err error) {
	counts, err := p.partRows(ctx, parts)
	if err != nil {
		return 0, err
	}
	have, err := p.describe(ctx, "SELECT * FROM "+readParquet(parts))
	if err != nil {
		return 0, err
	}
	commits, offsets := make([]string, len(parts)), make([]string, len(parts))
	for i, part := range parts {
		commits[i] = fmt.Sprint(part.Commit)
		offsets[i] = fmt.Sprint(before + rows)
		rows += counts[part.Path]
	}
	var columns []string
	for _, c := range s.columns {
		columns = append(columns, columnOr(have, c))
	}
	for _, c := range []column{{"_source_file", "VARCHAR"}, {"_source_line", "BIGINT"}, {"_load_id", "VARCHAR"}, {"_extracted_at", "TIMESTAMPTZ"}, {"_op", "VARCHAR"}} {
		columns = append(columns, columnOr(have, c))
	}
	key := "row(" + strings.Join(s.key, ", ") + ")"
	if len(s.key) == 1 {
		key = s.key[0]
	}
	columns = append(columns, key+" AS _key", byFile(commits)+" AS _commit", byFile(offsets)+" + file_row_number AS _row")
	none := ""
	if s.empty && view == s.parts() {
		rows, none = 0, " WHERE false"
	}
	return rows, p.exec(ctx, "CREATE OR REPLACE VIEW %s AS SELECT %s FROM %s%s", view, strings.Join(columns, ", "), readParquet(parts), none)
}

// byFile chooses a number by the file that a row is from.
func byFile(values []string) string {
	if len(values) == 1 {
		return "CAST(" + values[0] + " AS BIGINT)"
	}
	return "CAST([" + strings.Join(values, ", ") + "][CAST(file_index AS BIGINT) + 1] AS BIGINT)"
}

func columnOr(have []column, want column) string {
	for _, c := range have {
		if c.name == want.name {
			return ident(want.name)
		}
	}
	return fmt.Sprintf("CAST(NULL AS %s) AS %s", want.typ, ident(want.name))
}

func (p *Plan) partRows(ctx context.Context, parts []Part) (map[string]int64, error) {
	paths := make([]string, len(parts))
	for i, part := range parts {
		paths[i] = text(part.Path)
	}
	counts := map[string]int64{}
	err := p.query(ctx, func(scan func(...any) error) error {
		var path string
		var n int64
		if err := scan(&path, &n); err != nil {
			return err
		}
		counts[path] = n
		return nil
	}, "SELECT file_name, num_rows FROM parquet_file_metadata([%s])", strings.Join(paths, ", "))
	return counts, err
}

// currentRows makes the raw table without superseded versions. Windows over all rows are only paid for when two rows share a key.
func (p *Plan) currentRows(ctx context.Context, s *stream, current, old []Part) (rows int64, err error) {
	if len(current) == 0 { // the newest snapshot is empty: nothing is left of what was
		current = old[:1]
		s.empty = true
	}
	rows, err = p.partsView(ctx, s.parts(), s, current, 0)
	if err != nil {
		return 0, err
	}
	var keyed, distinct, deletes int64
	err = p.queryRow(ctx, []any{&keyed, &distinct, &deletes},
		"SELECT count(*) FILTER (%[1]s), count(DISTINCT %[2]s) FILTER (%[1]s), count(*) FILTER (_op = 'delete') FROM %[3]s", s.keyed(), s.hash(), s.parts())
	if err != nil {
		return 0, err
	}
	if keyed == distinct && deletes == 0 {
		return rows, p.exec(ctx, "CREATE OR REPLACE VIEW %s AS SELECT * EXCLUDE (_key) FROM %s", s.live(), s.parts())
	}
	s.superseded = true
	// Rows that share a key, newest first; a marker of deletion takes all of its record's rows with it.
	err = p.exec(ctx, `CREATE OR REPLACE TABLE %[1]s AS
SELECT _row, coalesce(_op = 'delete', false) AS _is_delete, row_number() OVER newest AS _version_rank,
  first_value(coalesce(_op = 'delete', false)) OVER newest AS _deleted,
  (%[6]s) IS NOT DISTINCT FROM lag(%[6]s) OVER newest AND _commit = lag(_commit) OVER newest AS _tied
FROM (SELECT * FROM %[2]s WHERE %[3]s AND %[4]s IN (SELECT %[4]s FROM %[2]s WHERE %[3]s GROUP BY 1 HAVING count(*) > 1 OR bool_or(coalesce(_op = 'delete', false))))
WINDOW newest AS (PARTITION BY _key ORDER BY %[5]s)`, s.losers(), s.parts(), s.keyed(), s.hash(), s.newestFirst(), s.version)
	if err != nil {
		return 0, err
	}
	if err := p.warnUnordered(ctx, s); err != nil {
		return 0, err
	}
	return rows, p.exec(ctx, "CREATE OR REPLACE VIEW %s AS SELECT * EXCLUDE (_key) FROM %s ANTI JOIN (SELECT _row FROM %s WHERE _version_rank > 1 OR _deleted) USING (_row)",
		s.live(), s.parts(), s.losers())
}

// warnUnordered looks for records that one file has several times, with other values and no newer version. The later row counts; but
// perhaps the key is too short, and the others are records of their own.
func (p *Plan) warnUnordered(ctx context.Context, s *stream) error {
	if s.spec.Key.WholeRow() {
		return nil
	}
	var tied int64
	if err := p.queryRow(ctx, []any{&tied}, "SELECT count(*) FROM %s WHERE _tied AND _version_rank = 2", s.losers()); err != nil || tied == 0 {
		return err
	}
	w := Warning{Field: s.name, Rule: warnDuplicate}
	err := p.queryRow(ctx, []any{&w.Rows, &w.Sample}, `SELECT count(*), coalesce(min(_sample), '') FROM (
SELECT min_by(_source_file || ':' || _source_line, p._row) AS _sample FROM %s AS p JOIN (SELECT _row, _version_rank FROM %s WHERE NOT _deleted) AS l USING (_row)
GROUP BY p._key, p._commit, p._source_file, %s HAVING min(l._version_rank) = 1 AND count(DISTINCT hash(%s)) > 1)`, s.parts(), s.losers(), s.version, identList(s.columnNames()))
	if w.Rows > 0 {
		s.unordered = &w
	}
	return err
}

func (s *stream) newestFirst() string {
	if s.spec.ByLoad {
		return "_commit DESC, " + s.version + " DESC NULLS LAST, _row DESC"
	}
	return s.version + " DESC NULLS LAST, _commit DESC, _row DESC"
}

// keyed is the condition that a row can be a version of a record: its key is known. With the whole row as the key it always is.
func (s *stream) keyed() string {
	if s.spec.Key.WholeRow() {
		return "true"
	}
	parts := make([]string, len(s.key))
	for i, k := range s.key {
		parts[i] = k + " IS NOT NULL"
	}
	return strings.Join(parts, " AND ")
}

func (s *stream) hash() string { return "hash(" + strings.Join(s.key, ", ") + ")" }

// vanishedRows keeps the last known version of what is gone: deleted records, and keys that only superseded snapshots have.
func (p *Plan) vanishedRows(ctx context.Context, s *stream, rows int64, old []Part) error {
	var from []string
	if s.superseded {
		from = append(from, fmt.Sprintf(`SELECT p.* EXCLUDE (_key) FROM %s AS p JOIN %s AS l USING (_row) WHERE l._deleted AND NOT l._is_delete
QUALIFY row_number() OVER (PARTITION BY p._key ORDER BY l._version_rank) = 1`, s.parts(), s.losers()))
	}
	if len(old) > 0 && s.spec.mode() == ModeSnapshot {
		if _, err := p.partsView(ctx, s.old(), s, old, rows); err != nil {
			return err
		}
		from = append(from, fmt.Sprintf(`SELECT * EXCLUDE (_key) FROM (SELECT * FROM %s WHERE %s AND coalesce(_op, '') <> 'delete') ANTI JOIN (SELECT _key FROM %s) USING (_key)
QUALIFY row_number() OVER (PARTITION BY _key ORDER BY %s) = 1`, s.old(), s.keyed(), s.parts(), s.newestFirst()))
	}
	if len(from) == 0 {
		return nil
	}
	if err := p.exec(ctx, "CREATE OR REPLACE TABLE %s AS %s", s.vanished(), strings.Join(from, "\nUNION ALL BY NAME\n")); err != nil {
		return err
	}
	var n int64
	if err := p.queryRow(ctx, []any{&n}, "SELECT count(*) FROM %s", s.vanished()); err != nil {
		return err
	}
	s.gone = n > 0
	return nil
}
