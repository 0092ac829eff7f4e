package staging

import (
	"context"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/schemas"
)

// decide finds the rows that lose against another of the same key. Within one source the newest wins; between sources the user says
// which, or the run stops. It gives the relation of losers, "" when every key is there once.
func (p *Plan) decide(ctx context.Context, e *schemas.Entity, typed string, result *EntityResult) (string, error) {
	key := identList(e.Key())
	var rows, distinct int64
	if err := p.queryRow(ctx, []any{&rows, &distinct}, "SELECT count(*), count(DISTINCT hash(%s)) FROM %s WHERE _bad IS NULL", key, typed); err != nil {
		return "", err
	}
	result.NotBorn = rows // less the rows of the table and the superseded, once they are known
	if rows == distinct {
		return "", nil
	}
	ranked := "temp." + ident("ranked "+e.Name)
	err := p.exec(ctx, `CREATE OR REPLACE TEMP TABLE %[1]s AS
SELECT rowid AS _rowid, %[2]s, _gone, _source, _source_file, _source_line, %[3]s AS _rank, %[4]s AS _newness, hash(%[5]s) AS _content,
  row_number() OVER (PARTITION BY %[2]s ORDER BY _gone, %[3]s, %[4]s DESC NULLS LAST, _commit DESC, _row DESC, _source, _map DESC) AS _place
FROM (SELECT *, rowid FROM %[6]s WHERE _bad IS NULL AND hash(%[2]s) IN (SELECT hash(%[2]s) FROM %[6]s WHERE _bad IS NULL GROUP BY 1 HAVING count(*) > 1))`,
		ident("ranked "+e.Name), key, p.sourceRank(e), newness(e), identList(e.FieldNames()), typed)
	if err != nil {
		return "", err
	}
	if err := p.refuseClash(ctx, e, ranked, key); err != nil {
		return "", err
	}
	if err := p.warnDuplicates(ctx, e, ranked, key); err != nil {
		return "", err
	}
	losers := "temp." + ident("losers "+e.Name)
	if err := p.exec(ctx, "CREATE OR REPLACE TEMP TABLE %s AS SELECT _rowid FROM %s WHERE _place > 1", ident("losers "+e.Name), ranked); err != nil {
		return "", err
	}
	if err := p.queryRow(ctx, []any{&result.Superseded}, "SELECT count(*) FROM %s", losers); err != nil {
		return "", err
	}
	result.NotBorn -= result.Superseded
	return losers, p.exec(ctx, "DROP TABLE %s", ranked)
}

// newness says which of two rows of one source is the later version.
func newness(e *schemas.Entity) string {
	if _, ok := e.Field("modified_at"); ok {
		return "coalesce(CAST(epoch_us(modified_at) AS DECIMAL(38,6)), _version)"
	}
	return "_version"
}

// sourceRank orders the sources of an entity: as the user says, else those whose ids needed no translation first.
func (p *Plan) sourceRank(e *schemas.Entity) string {
	identity := p.cfg.Identity[e.Name]
	if len(identity.SourceOrder) == 0 {
		return "CASE WHEN _translated THEN 1 ELSE 0 END"
	}
	var b strings.Builder
	b.WriteString("CASE split_part(_source, '.', 1)")
	for i, s := range identity.SourceOrder {
		fmt.Fprintf(&b, " WHEN %s THEN %d", text(s.Value), i)
	}
	fmt.Fprintf(&b, " ELSE %d END", len(identity.SourceOrder))
	return b.String()
}

// refuseClash stops when two sources name the same record and nothing says which of them counts.
func (p *Plan) refuseClash(ctx context.Context, e *schemas.Entity, ranked, key string) error {
	var keys int64
	var sample string
	err := p.queryRow(ctx, []any{&keys, &sample}, `SELECT count(*), coalesce(string_agg(_say, '; ' ORDER BY _say) FILTER (_n <= 3), '') FROM (
SELECT concat_ws(' ', %[1]s) || ': ' || string_agg(_source || ' ' || coalesce(_source_file, '') || ':' || coalesce(_source_line, 0), ', ' ORDER BY _source, _place) AS _say,
  row_number() OVER (ORDER BY %[1]s) AS _n
FROM %[2]s AS r WHERE NOT _gone AND _rank = (SELECT min(_rank) FROM %[2]s AS b WHERE NOT b._gone AND %[3]s)
GROUP BY %[1]s HAVING count(DISTINCT split_part(_source, '.', 1)) > 1)`, key, ranked, sameKey(e, "b", "r"))
	if err != nil || keys == 0 {
		return err
	}
	return &DataError{
		Msg:  fmt.Sprintf("several sources name the same %s, and nothing says which counts: %d keys, such as %s", e.Name, keys, sample),
		Hint: fmt.Sprintf("identity: %s: needs a source_order or a crosswalk in tributary.yaml, or give one source's keys a prefix", e.Name),
	}
}

func sameKey(e *schemas.Entity, a, b string) string {
	parts := make([]string, 0, len(e.Key()))
	for _, k := range e.Key() {
		parts = append(parts, fmt.Sprintf("%s.%s = %s.%s", a, ident(k), b, ident(k)))
	}
	return strings.Join(parts, " AND ")
}

// warnDuplicates names keys whose newest rows differ although none is newer: one of them had to be taken.
func (p *Plan) warnDuplicates(ctx context.Context, e *schemas.Entity, ranked, key string) error {
	return p.exec(ctx, `INSERT INTO staging.warning
SELECT %[1]s, %[2]s, '%[3]s', count(*), min(_sample) FROM (
SELECT concat_ws(' ', %[4]s) || coalesce(' in ' || min(_source_file || ':' || _source_line), '') AS _sample FROM %[5]s AS r
WHERE NOT _gone AND _newness IS NOT DISTINCT FROM (SELECT b._newness FROM %[5]s AS b WHERE b._place = 1 AND %[6]s)
  AND _rank = (SELECT b._rank FROM %[5]s AS b WHERE b._place = 1 AND %[6]s)
GROUP BY %[4]s HAVING count(DISTINCT _content) > 1) HAVING count(*) > 0`,
		text(e.Name), text(strings.Join(e.Key(), ",")), warnDuplicate, key, ranked, sameKey(e, "b", "r"))
}

func identList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = ident(n)
	}
	return strings.Join(quoted, ", ")
}

// checkCrosswalks refuses a crosswalk that translates one id into several.
func (p *Plan) checkCrosswalks(ctx context.Context) error {
	for _, id := range p.cfg.Identity {
		for _, c := range id.Crosswalk {
			s := p.streams[c.From.Value]
			if s == nil {
				continue
			}
			sc := &scope{stream: s.name, columns: s.columnNames()}
			local, key := sc.own(c.Local.Pos, c.Local.Value, &p.problems), sc.own(c.Key.Pos, c.Key.Value, &p.problems)
			if local == "NULL" || key == "NULL" {
				continue
			}
			var ids int64
			var sample string
			err := p.queryRow(ctx, []any{&ids, &sample}, `SELECT count(*), coalesce(min(_say), '') FROM (
SELECT %[1]s || ' (' || string_agg(DISTINCT %[2]s, ', ' ORDER BY %[2]s) || ')' AS _say FROM %[3]s WHERE %[1]s IS NOT NULL GROUP BY %[1]s HAVING count(DISTINCT %[2]s) > 1)`, local, key, s.live())
			if err != nil {
				return err
			}
			if ids > 0 {
				return &DataError{Msg: fmt.Sprintf("%s: the crosswalk %s gives several ids for one: %s", c.At, s.name, sample), Hint: "give the stream a key, so that the newest row counts"}
			}
		}
	}
	return nil
}
