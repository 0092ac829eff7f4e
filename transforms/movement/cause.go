package movement

import (
	"context"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

// findCauses fills in why each unit of temp.moved adds something else. It compares the source rows of both nights: the unit's own, those of
// the deal and the lead that it belongs to, and those that name it.
func (p *Pair) findCauses(ctx context.Context, cat *catalogue.Catalogue, contracts *schemas.Set, metrics []*catalogue.Metric, specs []catalogue.UnitSpec) error {
	for side, name := range sides() {
		if err := p.use(ctx, side); err != nil {
			return err
		}
		profile, err := cat.ProfileSQL(ctx, p.conn, specs, "temp.moved")
		if err != nil {
			return err
		}
		if err := p.exec(ctx, "look at the units", "CREATE OR REPLACE TEMP TABLE profile_"+name+" AS "+profile); err != nil {
			return err
		}
	}
	err := p.exec(ctx, "look at what units belong to",
		`CREATE OR REPLACE TEMP TABLE belongs AS
			SELECT DISTINCT entity, entity_key, 'deal' AS to_entity, deal_id AS to_key FROM (SELECT * FROM temp.profile_before UNION ALL SELECT * FROM temp.profile_after) AS either
			WHERE deal_id IS NOT NULL AND entity <> 'deal'
			UNION
			SELECT DISTINCT entity, entity_key, 'lead', lead_id FROM (SELECT * FROM temp.profile_before UNION ALL SELECT * FROM temp.profile_after) AS either
			WHERE lead_id IS NOT NULL AND entity <> 'lead'`,
		`CREATE OR REPLACE TEMP TABLE involved AS
			SELECT DISTINCT entity, entity_key FROM temp.moved WHERE entity <> ''
			UNION SELECT to_entity, to_key FROM temp.belongs`,
		"CREATE OR REPLACE TEMP TABLE source (entity VARCHAR, entity_key VARCHAR, was BOOLEAN, is_there BOOLEAN, fields VARCHAR)",
		"CREATE OR REPLACE TEMP TABLE around (entity VARCHAR, entity_key VARCHAR, what VARCHAR)",
	)
	if err != nil {
		return err
	}
	if err := p.compareSources(ctx, contracts); err != nil {
		return err
	}
	if err := p.compareRates(ctx); err != nil {
		return err
	}
	return p.exec(ctx, "find the causes", factsSQL(metrics), spellsSQL, p.judgeSQL(), balanceSQL(metrics))
}

// factsSQL says which fact each metric is over.
func factsSQL(metrics []*catalogue.Metric) string {
	rows := make([]string, len(metrics))
	for i, m := range metrics {
		rows[i] = "(" + text(m.ID) + ", " + text(m.Fact) + ")"
	}
	return "CREATE OR REPLACE TEMP TABLE fact_of AS SELECT * FROM (VALUES " + strings.Join(rows, ", ") + ") AS given(metric_id, fact)"
}

// compareSources compares the source rows of every entity that is involved.
func (p *Pair) compareSources(ctx context.Context, contracts *schemas.Set) error {
	involved, err := p.texts(ctx, "look at the units", "SELECT DISTINCT entity FROM temp.involved ORDER BY entity")
	if err != nil {
		return err
	}
	for _, name := range involved {
		entity, ok := contracts.Entity(name)
		if !ok {
			continue // a row of the program
		}
		columns := p.shared("staging", name)
		if len(columns) == 0 {
			continue
		}
		if err := p.exec(ctx, "compare staging."+name, p.sourceSQL(entity, columns)); err != nil {
			return err
		}
		if err := p.compareAround(ctx, contracts, entity); err != nil {
			return err
		}
	}
	return nil
}

// sourceSQL compares an entity's own rows field by field. A row that is marked as deleted is not there.
func (p *Pair) sourceSQL(e *schemas.Entity, columns []string) string {
	var fields []string
	for _, f := range e.Fields {
		if f.Key == 0 && f.Name != "deleted" && slices.Contains(columns, f.Name) {
			fields = append(fields, "CASE WHEN b."+ident(f.Name)+" IS DISTINCT FROM a."+ident(f.Name)+" THEN "+fieldSQL(f)+" END")
		}
	}
	live := "true"
	if slices.Contains(columns, "deleted") {
		live = "NOT coalesce(deleted, false)"
	}
	side := func(which int) string {
		return "(SELECT *, " + catalogue.SourceKey(e) + " AS _key, " + live + " AS _live FROM " + p.in(which, "staging", e.Name) + ")"
	}
	return "INSERT INTO temp.source SELECT i.entity, i.entity_key, coalesce(b._live, false), coalesce(a._live, false),\n" +
		"  CASE WHEN b._key IS NOT NULL AND a._key IS NOT NULL THEN concat_ws(', ', " + strings.Join(append(fields, "NULL"), ", ") + ") ELSE '' END\n" +
		"FROM temp.involved AS i\nLEFT JOIN " + side(before) + " AS b ON b._key = i.entity_key\nLEFT JOIN " + side(after) + " AS a ON a._key = i.entity_key\n" +
		"WHERE i.entity = " + text(e.Name)
}

// fieldSQL names a field that changed; with both values, unless they may be words about somebody.
func fieldSQL(f schemas.Field) string {
	coded := f.Kind != schemas.Text || len(f.Accepted) > 0 || f.AcceptedFrom != "" || f.Ref != nil
	if !coded || f.Classification != "internal" {
		return text(f.Name)
	}
	value := func(alias string) string {
		v := "CAST(" + alias + "." + ident(f.Name) + " AS VARCHAR)"
		if f.Kind == schemas.Decimal {
			v = "rtrim(rtrim(" + v + ", '0'), '.')"
		}
		return "coalesce(" + v + ", 'none')"
	}
	return text(f.Name+" ") + " || " + value("b") + " || ' to ' || " + value("a")
}

// compareAround notes which entities have other rows that name a unit than before.
func (p *Pair) compareAround(ctx context.Context, contracts *schemas.Set, e *schemas.Entity) error {
	key := e.Key()
	if len(key) != 1 {
		return nil
	}
	for _, other := range contracts.Entities {
		columns := p.shared("staging", other.Name)
		columns = slices.DeleteFunc(columns, func(c string) bool { return strings.HasPrefix(c, "_") }) // where a row came from is no news
		for _, f := range other.Fields {
			if f.Ref == nil || f.Ref.Entity != e.Name || f.Ref.Field != key[0] || other.Name == e.Name || !slices.Contains(columns, f.Name) {
				continue
			}
			where := ident(f.Name) + " IN (SELECT entity_key FROM temp.involved WHERE entity = " + text(e.Name) + ")"
			err := p.exec(ctx, "compare staging."+other.Name, "INSERT INTO temp.around SELECT DISTINCT "+text(e.Name)+", "+ident(f.Name)+", "+text(other.Name)+
				" FROM ("+p.different("staging", other.Name, columns, where)+") AS different")
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// compareRates reads the exchange rates at which the units, or the deals that they belong to, were counted.
func (p *Pair) compareRates(ctx context.Context) error {
	for side, name := range sides() {
		if err := p.use(ctx, side); err != nil {
			return err
		}
		err := p.exec(ctx, "read the exchange rates", "CREATE OR REPLACE TEMP TABLE rate_"+name+` AS
SELECT entity, entity_key, string_agg(DISTINCT rate, ' ' ORDER BY rate) AS rate, string_agg(DISTINCT base, ' ' ORDER BY base) AS base
FROM (
  SELECT 'deal' AS entity, deal_id AS entity_key, CAST(close_rate AS VARCHAR) AS rate, CAST(NULL AS VARCHAR) AS base FROM core.deal
  UNION ALL SELECT entity, entity_key, CAST(rate AS VARCHAR), NULL FROM core.revenue_line WHERE entity <> 'deal'
  UNION ALL SELECT entity, entity_key, CASE WHEN entity <> 'deal' THEN CAST(to_functional AS VARCHAR) END, program_id || ' ' || CAST(base AS VARCHAR) FROM incentives.event
  UNION ALL SELECT 'deal_partner', deal_partner_id, NULL, milestone || ' ' || CAST(base AS VARCHAR) FROM incentives.credit
) AS rated
WHERE (entity, entity_key) IN (SELECT (entity, entity_key) FROM temp.involved)
GROUP BY entity, entity_key`)
		if err != nil {
			return err
		}
	}
	return nil
}

// spellsSQL finds the units that count in another period than before.
const spellsSQL = `CREATE OR REPLACE TEMP TABLE redated AS
WITH spell AS (
  SELECT metric_id, grain, dims, entity, entity_key, period_start, bool_or(side = 'before') AS was, bool_or(side = 'after') AS is_there
  FROM (SELECT *, 'before' AS side FROM temp.unit_before UNION ALL SELECT *, 'after' AS side FROM temp.unit_after) AS unit
  WHERE (metric_id, entity, entity_key) IN (SELECT (metric_id, entity, entity_key) FROM temp.moved WHERE entity <> '')
  GROUP BY metric_id, grain, dims, entity, entity_key, period_start
)
SELECT metric_id, grain, dims, entity, entity_key
FROM spell
GROUP BY metric_id, grain, dims, entity, entity_key
HAVING (bool_or(was AND NOT is_there) AND bool_or(is_there AND NOT was))
  OR min(period_start) FILTER (WHERE was) <> min(period_start) FILTER (WHERE is_there)`

// judgeSQL decides. What a source row says comes before rules, rules before time. Other rules without other rows are the cause of another
// period or partner too.
func (p *Pair) judgeSQL() string {
	otherRules, otherDay := "false", "false"
	if p.rules != nil {
		otherRules = "true"
	}
	if p.From.AsOf != p.To.AsOf {
		otherDay = "true"
	}
	return `CREATE OR REPLACE TEMP TABLE moved AS
WITH deal_or_lead AS (
  SELECT g.entity, g.entity_key,
    string_agg(DISTINCT CASE WHEN s.was <> s.is_there THEN CASE WHEN s.was THEN s.entity || ' deleted' ELSE s.entity || ' new' END
      WHEN s.fields <> '' THEN s.entity || ': ' || s.fields END, '; ') AS fields,
    bool_or(b.rate IS DISTINCT FROM a.rate) AS is_rate_changed,
    max(coalesce(b.rate, 'none') || ' to ' || coalesce(a.rate, 'none')) FILTER (WHERE b.rate IS DISTINCT FROM a.rate) AS rates
  FROM temp.belongs AS g
  LEFT JOIN temp.source AS s ON s.entity = g.to_entity AND s.entity_key = g.to_key
  LEFT JOIN temp.rate_before AS b ON b.entity = g.to_entity AND b.entity_key = g.to_key
  LEFT JOIN temp.rate_after AS a ON a.entity = g.to_entity AND a.entity_key = g.to_key
  GROUP BY g.entity, g.entity_key
),
around AS (
  SELECT entity, entity_key, string_agg(DISTINCT what, ', ' ORDER BY what) AS what
  FROM (
    SELECT entity, entity_key, what FROM temp.around
    UNION ALL SELECT g.entity, g.entity_key, r.what FROM temp.belongs AS g JOIN temp.around AS r ON r.entity = g.to_entity AND r.entity_key = g.to_key
    WHERE r.what <> g.entity
  ) AS every
  GROUP BY entity, entity_key
),
seen AS (
  SELECT m.*,
    s.entity IS NOT NULL AS has_source, coalesce(s.was, false) AS was, coalesce(s.is_there, false) AS is_there,
    concat_ws('; ', nullif(s.fields, ''), d.fields) AS fields,
    coalesce('with ' || r.what, '') AS around,
    t.entity IS NOT NULL AS is_redated,
    pb.whose IS NOT NULL AND pa.whose IS NOT NULL AND pb.whose <> pa.whose AS is_reattributed,
    coalesce(pb.whose, '') || ' to ' || coalesce(pa.whose, '') AS whose,
    coalesce(b.rate IS DISTINCT FROM a.rate OR d.is_rate_changed, false) AS is_rate_changed,
    CASE WHEN b.rate IS DISTINCT FROM a.rate THEN coalesce(b.rate, 'none') || ' to ' || coalesce(a.rate, 'none') ELSE d.rates END AS rates,
    b.base IS DISTINCT FROM a.base AS is_base_changed,
    coalesce(b.base, 'none') || ' to ' || coalesce(a.base, 'none') AS bases,
    fb.status AS status_before, fa.status AS status_after
  FROM temp.moved AS m
  LEFT JOIN temp.source AS s ON s.entity = m.entity AND s.entity_key = m.entity_key
  LEFT JOIN deal_or_lead AS d ON d.entity = m.entity AND d.entity_key = m.entity_key
  LEFT JOIN around AS r ON r.entity = m.entity AND r.entity_key = m.entity_key
  LEFT JOIN temp.redated AS t ON t.metric_id = m.metric_id AND t.grain = m.grain AND t.dims = m.dims AND t.entity = m.entity AND t.entity_key = m.entity_key
  LEFT JOIN temp.fact_of AS o ON o.metric_id = m.metric_id
  LEFT JOIN temp.profile_before AS pb ON pb.fact = o.fact AND pb.entity = m.entity AND pb.entity_key = m.entity_key
  LEFT JOIN temp.profile_after AS pa ON pa.fact = o.fact AND pa.entity = m.entity AND pa.entity_key = m.entity_key
  LEFT JOIN temp.rate_before AS b ON b.entity = m.entity AND b.entity_key = m.entity_key
  LEFT JOIN temp.rate_after AS a ON a.entity = m.entity AND a.entity_key = m.entity_key
  LEFT JOIN temp.figure_before AS fb ON fb.metric_id = m.metric_id AND fb.grain = m.grain AND coalesce(fb.period_start, ` + noPeriod + `) = m.period_start AND fb.dims = m.dims
  LEFT JOIN temp.figure_after AS fa ON fa.metric_id = m.metric_id AND fa.grain = m.grain AND coalesce(fa.period_start, ` + noPeriod + `) = m.period_start AND fa.dims = m.dims
),
judged AS (
  SELECT *, CASE
    WHEN 'failed_missing_fx' IN (coalesce(status_before, ''), coalesce(status_after, '')) THEN 'rate changed'
    WHEN has_source AND NOT was AND is_there THEN 'new'
    WHEN has_source AND was AND NOT is_there THEN 'deleted'
    WHEN is_redated AND (fields <> '' OR around <> '' OR NOT ` + otherRules + `) THEN 'redated'
    WHEN is_reattributed AND (fields <> '' OR around <> '' OR NOT ` + otherRules + `) THEN 're-attributed'
    WHEN fields <> '' THEN 'changed'
    WHEN is_rate_changed OR (is_base_changed AND NOT ` + otherRules + ` AND around = '') THEN 'rate changed'
    WHEN ` + otherRules + ` THEN 'rule changed'
    WHEN around <> '' THEN 'changed'
    WHEN ` + otherDay + ` THEN 'aged'
    ELSE 'changed'
  END AS found
  FROM seen
)
SELECT metric_id, grain, period_start, dims, entity, entity_key, partner, numerator_before, numerator_after, denominator_before, denominator_after,
  n_before, n_after, n_censored_before, n_censored_after, value_before, value_after,
  found AS cause,
  CASE
    WHEN found IN ('new', 'deleted', 'aged') THEN ''
    WHEN found = 're-attributed' THEN concat_ws('; ', whose, nullif(fields, ''), nullif(around, ''))
    WHEN found = 'rate changed' THEN coalesce(CASE WHEN is_rate_changed THEN rates WHEN is_base_changed THEN bases END, 'an exchange rate was missing')
    WHEN found = 'rule changed' THEN ` + text(strings.Join(p.rules, ", ")) + `
    ELSE coalesce(nullif(fields, ''), around)
  END AS detail
FROM judged`
}

// balanceSQL tells an event whose share of a balance moved because of the balance's other events from one that only grew older: what is
// owed depends on all events of a balance.
func balanceSQL(metrics []*catalogue.Metric) string {
	ids := []string{"''"}
	for _, m := range metrics {
		if slices.Contains(m.Always, "program") {
			ids = append(ids, text(m.ID))
		}
	}
	return `CREATE OR REPLACE TEMP TABLE moved AS
SELECT * REPLACE (CASE WHEN cause = 'aged' AND partner <> '' AND metric_id IN (` + strings.Join(ids, ", ") + `)
    AND bool_or(cause NOT IN ('aged', 'rule changed')) OVER (PARTITION BY metric_id, grain, dims, partner)
  THEN 'balance' ELSE cause END AS cause)
FROM temp.moved`
}
