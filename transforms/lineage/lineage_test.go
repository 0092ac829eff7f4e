package lineage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/lineage"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// follow gives the lineage of a query over a few small tables as text: a line per output, then what decides about rows.
func follow(t *testing.T, query string, names ...string) string {
	t.Helper()
	parser, err := syntax.NewParser()
	require.NoError(t, err)
	defer parser.Close()
	q, err := parser.Parse(t.Context(), query)
	require.NoError(t, err)
	tables := map[string][]lineage.Column{
		"s.deal":    {{"deal_id", "VARCHAR"}, {"partner_id", "VARCHAR"}, {"amount", "DECIMAL(18,4)"}, {"closed_at", "TIMESTAMP WITH TIME ZONE"}},
		"s.partner": {{"partner_id", "VARCHAR"}, {"Name", "VARCHAR"}, {"tags", "VARCHAR[]"}},
	}
	found := lineage.Of(q, lineage.Input{
		Columns:    func(table string) []lineage.Column { return tables[table] },
		Aggregates: map[string]bool{"sum": true, "max": true, "count": true, "count_star": true, "quantile_cont": true, "array_agg": true},
	}, names)
	var lines []string
	line := func(name string, sources []lineage.Source) {
		for _, s := range sources {
			name += fmt.Sprintf(" %s.%s:%s", s.Table, s.Column, s.Kind)
		}
		lines = append(lines, name)
	}
	for _, o := range found.Outputs {
		line(o.Name, o.Sources)
	}
	line("rows", found.Rows)
	return strings.Join(lines, "\n")
}

func TestColumns(t *testing.T) {
	for _, c := range []struct{ what, query, want string }{
		{"a column is itself, under any name and case", "SELECT Deal_ID AS id, d.amount FROM s.deal AS d",
			"id s.deal.deal_id:IDENTITY\namount s.deal.amount:IDENTITY\nrows"},
		{"a cast to its own type changes nothing, another one does", "SELECT CAST(amount AS DECIMAL(18,4)) AS a, amount::DECIMAL(18,2) AS b, CAST(closed_at AS TIMESTAMPTZ) AS c FROM s.deal",
			"a s.deal.amount:IDENTITY\nb s.deal.amount:TRANSFORMATION\nc s.deal.closed_at:IDENTITY\nrows"},
		{"a constant and a count have no columns", "SELECT 'deal' AS entity, count(*) AS n, DATE '2026-01-01' AS day FROM s.deal",
			"entity\nn\nday\nrows"},
		{"an expression, an aggregate, and an expression over an aggregate", "SELECT upper(deal_id) AS a, sum(amount) AS b, sum(amount) + 1 AS c, max(upper(deal_id)) AS d FROM s.deal GROUP BY ALL",
			"a s.deal.deal_id:TRANSFORMATION\nb s.deal.amount:AGGREGATION\nc s.deal.amount:AGGREGATION\nd s.deal.deal_id:AGGREGATION\nrows s.deal.deal_id:GROUP_BY"},
		{"the results of a CASE are its value, the conditions decide", "SELECT CASE WHEN amount > 0 THEN deal_id ELSE 'none' END AS a, CASE partner_id WHEN 'p' THEN 1 END AS b FROM s.deal",
			"a s.deal.amount:CONDITIONAL s.deal.deal_id:TRANSFORMATION\nb s.deal.partner_id:CONDITIONAL\nrows"},
		{"WHERE, GROUP BY a place, HAVING, ORDER BY an alias", "SELECT partner_id AS p, sum(amount) AS a FROM s.deal WHERE closed_at IS NOT NULL GROUP BY 1 HAVING max(deal_id) > 'a' ORDER BY a LIMIT 3",
			"p s.deal.partner_id:IDENTITY\na s.deal.amount:AGGREGATION\nrows s.deal.amount:SORT s.deal.closed_at:FILTER s.deal.deal_id:FILTER s.deal.partner_id:GROUP_BY"},
		{"an alias used by a later column", "SELECT amount * 2 AS a, a + 1 AS b FROM s.deal WHERE b > 3",
			"a s.deal.amount:TRANSFORMATION\nb s.deal.amount:TRANSFORMATION\nrows s.deal.amount:FILTER"},
		{"joins", "SELECT d.deal_id, p.name FROM s.deal AS d LEFT JOIN s.partner AS p ON p.partner_id = d.partner_id",
			"deal_id s.deal.deal_id:IDENTITY\nname s.partner.Name:IDENTITY\nrows s.deal.partner_id:JOIN s.partner.partner_id:JOIN"},
		{"USING has one column: the left one", "SELECT partner_id, name FROM s.deal JOIN s.partner USING (partner_id)",
			"partner_id s.deal.partner_id:IDENTITY\nname s.partner.Name:IDENTITY\nrows s.deal.partner_id:JOIN s.partner.partner_id:JOIN"},
		{"… the right one", "SELECT partner_id FROM s.deal RIGHT JOIN s.partner USING (partner_id)",
			"partner_id s.partner.partner_id:IDENTITY\nrows s.deal.partner_id:JOIN s.partner.partner_id:JOIN"},
		{"… or either", "SELECT partner_id FROM s.deal NATURAL FULL JOIN s.partner",
			"partner_id s.deal.partner_id:TRANSFORMATION s.partner.partner_id:TRANSFORMATION\nrows s.deal.partner_id:JOIN s.partner.partner_id:JOIN"},
		{"a semi join only decides", "SELECT * EXCLUDE (amount, closed_at) FROM s.deal SEMI JOIN s.partner USING (partner_id)",
			"deal_id s.deal.deal_id:IDENTITY\npartner_id s.deal.partner_id:IDENTITY\nrows s.deal.partner_id:JOIN s.partner.partner_id:JOIN"},
		{"a star of one table, with a column replaced", "SELECT p.* REPLACE (upper(name) AS name), d.deal_id FROM s.deal AS d, s.partner AS p",
			"partner_id s.partner.partner_id:IDENTITY\nname s.partner.Name:TRANSFORMATION\ntags s.partner.tags:IDENTITY\ndeal_id s.deal.deal_id:IDENTITY\nrows"},
		{"through WITH, which hides a table of its name and sees those before it", `WITH deal AS (SELECT partner_id AS p, sum(amount) AS total FROM s.deal GROUP BY partner_id), big(who, what) AS (SELECT * FROM deal WHERE total > 5)
			SELECT who, what FROM big`,
			"who s.deal.partner_id:IDENTITY\nwhat s.deal.amount:AGGREGATION\nrows s.deal.amount:FILTER s.deal.partner_id:GROUP_BY"},
		{"a union by place, and one by name", "SELECT deal_id AS id, 1 AS kind FROM s.deal UNION ALL SELECT upper(name), 2 FROM s.partner",
			"id s.deal.deal_id:IDENTITY s.partner.Name:TRANSFORMATION\nkind\nrows"},
		{"… by name", "SELECT deal_id AS id, amount FROM s.deal UNION BY NAME SELECT name AS amount, partner_id AS id FROM s.partner",
			"id s.deal.deal_id:IDENTITY s.partner.partner_id:IDENTITY\namount s.deal.amount:IDENTITY s.partner.Name:IDENTITY\nrows s.deal.amount:GROUP_BY s.deal.deal_id:GROUP_BY s.partner.Name:GROUP_BY s.partner.partner_id:GROUP_BY"},
		{"what EXCEPT takes away gives no value", "SELECT partner_id FROM s.partner EXCEPT ALL SELECT partner_id FROM s.deal",
			"partner_id s.partner.partner_id:IDENTITY\nrows s.deal.partner_id:FILTER"},
		{"a scalar subquery that refers to the row outside", "SELECT (SELECT max(amount) FROM s.deal AS d WHERE d.partner_id = p.partner_id) AS largest FROM s.partner AS p",
			"largest s.deal.amount:AGGREGATION s.deal.partner_id:FILTER s.partner.partner_id:FILTER\nrows"},
		{"IN and EXISTS", "SELECT deal_id IN (SELECT name FROM s.partner) AS a FROM s.deal AS d WHERE EXISTS (SELECT 1 FROM s.partner AS p WHERE p.partner_id = d.partner_id)",
			"a s.deal.deal_id:TRANSFORMATION s.partner.Name:CONDITIONAL\nrows s.deal.partner_id:FILTER s.partner.partner_id:FILTER"},
		{"windows", "SELECT sum(amount) OVER w AS a, row_number() OVER w AS b, lag(deal_id) OVER w AS c FROM s.deal WINDOW w AS (PARTITION BY partner_id ORDER BY closed_at) QUALIFY b = 1",
			"a s.deal.amount:AGGREGATION s.deal.closed_at:WINDOW s.deal.partner_id:WINDOW\nb s.deal.closed_at:WINDOW s.deal.partner_id:WINDOW\n" +
				"c s.deal.closed_at:WINDOW s.deal.deal_id:TRANSFORMATION s.deal.partner_id:WINDOW\nrows s.deal.closed_at:WINDOW s.deal.partner_id:WINDOW"},
		{"aggregates with ORDER BY and FILTER", "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) AS a, array_agg(deal_id ORDER BY closed_at) AS b, sum(amount) FILTER (WHERE partner_id = 'p') AS c FROM s.deal",
			"a s.deal.amount:AGGREGATION\nb s.deal.closed_at:SORT s.deal.deal_id:AGGREGATION\nc s.deal.amount:AGGREGATION s.deal.partner_id:FILTER\nrows"},
		{"DISTINCT", "SELECT DISTINCT partner_id FROM s.deal", "partner_id s.deal.partner_id:IDENTITY\nrows s.deal.partner_id:GROUP_BY"},
		{"a lateral join and a function that makes rows of its arguments", "SELECT t.tag, r.i, x.twice FROM s.partner AS p, unnest(p.tags) AS t(tag), range(3) AS r(i), LATERAL (SELECT p.name || p.name AS twice) AS x",
			"tag s.partner.tags:TRANSFORMATION\ni\ntwice s.partner.Name:TRANSFORMATION\nrows"},
		{"VALUES, a struct's field, a lambda", "SELECT v.a, {'k': deal_id}.k AS b, list_transform([amount], lambda e: e + 1) AS c FROM s.deal, (VALUES (1, 'x'), (2, 'y')) AS v(a, z)",
			"a\nb s.deal.deal_id:TRANSFORMATION\nc s.deal.amount:TRANSFORMATION\nrows"},
		{"a recursive query", "WITH RECURSIVE up(id, above) AS (SELECT deal_id, partner_id FROM s.deal UNION ALL SELECT p.name, up.id FROM up JOIN s.partner AS p ON p.partner_id = up.above) SELECT id, above FROM up",
			"id s.deal.deal_id:IDENTITY s.partner.Name:IDENTITY\nabove s.deal.deal_id:IDENTITY s.deal.partner_id:IDENTITY s.partner.Name:IDENTITY\n" +
				"rows s.deal.deal_id:JOIN s.deal.partner_id:JOIN s.partner.Name:JOIN s.partner.partner_id:JOIN"},
	} {
		require.Equal(t, c.want, follow(t, c.query), "%s: %s", c.what, c.query)
	}
}

func TestNamesOfTheTable(t *testing.T) {
	require.Equal(t, "upper(deal_id) s.deal.deal_id:TRANSFORMATION\nn\nrows s.deal.deal_id:GROUP_BY", follow(t, "SELECT upper(deal_id), count(*) FROM s.deal GROUP BY ALL", "upper(deal_id)", "n"))
}

// What cannot be followed for certain is left out, and nothing is said in its place.
func TestLeftOut(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT x, deal_id FROM s.deal, s.unknown":                              "deal_id s.deal.deal_id:IDENTITY\nrows",
		"SELECT u.x, d.deal_id FROM s.deal AS d, s.unknown AS u":                "deal_id s.deal.deal_id:IDENTITY\nrows",
		"SELECT x + amount AS y, deal_id FROM s.deal":                           "deal_id s.deal.deal_id:IDENTITY\nrows",
		"SELECT *, 1 AS one FROM read_csv('a.csv')":                             "one\nrows",
		"SELECT COLUMNS('a.*'), deal_id FROM s.deal":                            "deal_id s.deal.deal_id:IDENTITY\nrows",
		"SELECT * FROM s.deal UNION ALL SELECT * FROM s.unknown":                "rows",
		"SELECT * FROM (PIVOT s.deal ON partner_id IN ('p') USING sum(amount))": "rows",
		"SELECT y FROM (SELECT x AS y FROM s.unknown)":                          "rows",
	} {
		require.Equal(t, want, follow(t, query), query)
	}
}
