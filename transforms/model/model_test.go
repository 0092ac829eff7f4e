package model_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/model"
)

// files makes a folder of models; a text without a header gets one.
func files(texts map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range texts {
		if !strings.Contains(text, "/*") {
			text = "/* tributary\ngrain: [id]\n*/\n" + text
		}
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func load(t *testing.T, texts map[string]string) (*model.Set, error) {
	t.Helper()
	return model.Load(t.Context(), files(texts), nil)
}

func TestHeader(t *testing.T) {
	set, err := load(t, map[string]string{"core/deal.sql": `/* tributary
description: >-
  Deals, one row
  each.
grain: [deal_id, day]
materialise: view
engine: duckdb
columns:
  deal_id: text
  amount: {type: money, description: in functional currency}
  note: {description: free text}
checks:
  - not_null: [amount, note]
    severity: warn
  - accepted: {stage: [won, lost], kind: [1]}
    where: amount > 0
  - relationship: {partner_id: core.partner.partner_id}
  - {expression: "amount >= 0", name: positive}
  - expression: {sql: "amount < 9", name: small, severity: warn}
  - freshness: {column: closed_at, within: 2d}
  - row_count: {min: 1, max_drop: 20%, max_growth: 3}
*/

-- the deals
SELECT 'a;b' AS deal_id, 1 AS day -- ; end
;
`})
	require.NoError(t, err)
	m, ok := set.Get("Core.Deal")
	require.True(t, ok)
	require.Equal(t, "Deals, one row each.", m.Description)
	require.Equal(t, []string{"deal_id", "day"}, m.Grain)
	require.True(t, m.IsView())
	require.False(t, m.IsPortable())
	require.True(t, m.BuiltIn)
	require.Equal(t, "sql/core/deal.sql", m.File)
	require.Equal(t, 24, m.Line)
	require.Equal(t, "-- the deals\nSELECT 'a;b' AS deal_id, 1 AS day -- ; end\n", m.SQL)
	require.Equal(t, "money", m.Columns[1].Type)
	require.Equal(t, 10, m.Columns[1].At.Line)

	var names []string
	for _, c := range m.Checks {
		names = append(names, c.Severity+" "+c.Kind+" "+c.Name)
	}
	require.Equal(t, []string{
		"warn not_null not_null_amount", "warn not_null not_null_note", "error accepted accepted_stage", "error accepted accepted_kind",
		"error relationship relationship_partner_id", "error expression positive", "warn expression small", "error freshness freshness_closed_at", "error row_count row_count",
	}, names)
	require.Equal(t, "amount > 0", m.Checks[2].Where)
	require.Equal(t, "core.partner", m.Checks[4].RefTable)
	require.InDelta(t, 48, m.Checks[7].Within.Hours(), 0)
	require.InDelta(t, 0.2, *m.Checks[8].Counts.MaxDrop, 0)
	require.Equal(t, 20, m.Checks[7].At.Line)
}

func TestProblemsComeAllAtOnceWithFileAndLine(t *testing.T) {
	_, err := load(t, map[string]string{
		"core/a.sql":      "/* tributary\ngrian: [id]\nmaterialise: tabel\nchecks:\n  - {not_nul: [x]}\n  - {accepted: [x]}\n  - {row_count: {max_drop: some}}\ncolumns: {x: txt}\n*/\nSELECT 1 AS id",
		"core/b.sql":      "-- plain\nSELECT 1 /* x */",
		"core/c.sql":      "/* tributary\ngrain: [id]\n",
		"core/d.sql":      "SELECT 1 AS id,\n  FROM WHERE",
		"core/e.sql":      "SELECT 1; SELECT 2",
		"core/f.sql":      "\n-- really?\nDELETE FROM core.a",
		"core/g.sql":      "SELECT * FROM (\n PIVOT core.a ON x USING sum(y))",
		"core/h.sql":      "SUMMARIZE core.a",
		"core/i.sql":      "-- nothing",
		"core/Jay.sql":    "SELECT 1",
		"program/sla.sql": "SELECT 1",
		"core/k.sql":      "/* tributary */ SELECT 1",
		"readme.md":       "",
		"core/notes.txt":  "",
		"core/l.sql":      "/* tributary\ngrain: [id]\nchecks: [{relationship: {x: core.partner}}, {expression: {name: x}}]\n*/ SELECT 1 AS id",
	})
	require.EqualError(t, err, strings.TrimSpace(`
sql/core/Jay.sql: "Jay" cannot name a table (folder and file name are the table's name: lower case letters, digits and _)
sql/core/a.sql:2: key "grain" is missing (say which columns name a row: grain: [deal_id]; grain: [] for a table of one row)
sql/core/a.sql:2: unknown key "grian" (did you mean grain?)
sql/core/a.sql:3: materialise cannot be "tabel" (did you mean table?)
sql/core/a.sql:5: a check that checks nothing (one of not_null, unique, accepted, relationship, expression, freshness, row_count)
sql/core/a.sql:5: unknown key "not_nul" (did you mean not_null?)
sql/core/a.sql:6: a check that checks nothing (one of not_null, unique, accepted, relationship, expression, freshness, row_count)
sql/core/a.sql:6: expected keys and values, found a list
sql/core/a.sql:7: "some" is no share (write 0.2 or 20%)
sql/core/a.sql:8: column x: "txt" is no type (types: text, boolean, integer, money, decimal, decimal(p,s), number, date, instant or DuckDB's own; a text goes into {type: …, description: …})
sql/core/b.sql:1: the model has no header (begin the file with /* tributary, a line `+"`grain: [key]`"+`, and */)
sql/core/c.sql:1: the header is not closed (end the header with */)
sql/core/d.sql:5: syntax error at or near "WHERE"
sql/core/e.sql:4: 2 statements found (a model is one SELECT)
sql/core/f.sql:6: DELETE is not a SELECT (a model is one SELECT; the runner makes the table)
sql/core/g.sql:5: a PIVOT whose columns depend on the data cannot be a model (give PIVOT an IN list, or write max(CASE WHEN … END) per column)
sql/core/h.sql:4: DESCRIBE, SHOW and SUMMARIZE cannot be a model (a model is one SELECT)
sql/core/i.sql:4: there is no SELECT (write one SELECT below the header)
sql/core/k.sql:1: key "grain" is missing (say which columns name a row: grain: [deal_id])
sql/core/l.sql:3: a check that checks nothing (one of not_null, unique, accepted, relationship, expression, freshness, row_count)
sql/core/l.sql:3: key "sql" is missing
sql/core/l.sql:3: relationship of x: "core.partner" is no column of a table (write schema.table.column, as core.partner.partner_id)
sql/program/sla.sql: schema program comes from the rules under program/ (put models into core, metrics, incentives, quality or a schema of your own)`))
}

func TestUserModelsReplaceAndExtendOurs(t *testing.T) {
	ours := files(map[string]string{"core/a.sql": "SELECT 1 AS id", "core/b.sql": "SELECT id FROM core.a"})
	theirs := files(map[string]string{"core/a.sql": "SELECT 2 AS id", "mine/c.sql": "SELECT id FROM core.b"})
	set, err := model.Load(t.Context(), ours, theirs)
	require.NoError(t, err)
	require.Equal(t, []string{"core.a", "core.b", "mine.c"}, set.Names())
	a, _ := set.Get("core.a")
	require.Equal(t, "SELECT 2 AS id", a.SQL)
	require.False(t, a.BuiltIn)
	b, _ := set.Get("core.b")
	require.True(t, b.BuiltIn)
}

func TestFilesFromOtherEditors(t *testing.T) {
	set, err := load(t, map[string]string{"core/a.sql": "\uFEFF/* tributary\r\ngrain: [id]\r\n*/\r\n\r\nSELECT 1\r\n  AS id;\r\n\r\n"})
	require.NoError(t, err)
	m, _ := set.Get("core.a")
	require.Equal(t, "SELECT 1\n  AS id", m.SQL)
	require.Equal(t, 5, m.Line)
	require.Equal(t, 6, m.Pos(2).Line)
}

func TestAFolderThatIsNotThereIsEmpty(t *testing.T) {
	set, err := model.Load(t.Context(), files(map[string]string{"core/a.sql": "SELECT 1 AS id"}), os.DirFS(t.TempDir()+"/none"))
	require.NoError(t, err)
	require.Equal(t, []string{"core.a"}, set.Names())
}

func TestGraph(t *testing.T) {
	set, err := load(t, map[string]string{
		"core/d.sql": "SELECT id FROM core.c JOIN core.b USING (id) CROSS JOIN program.param",
		"core/c.sql": "WITH b AS (SELECT * FROM core.b) SELECT * FROM b UNION ALL SELECT * FROM staging.deal",
		"core/b.sql": "SELECT id FROM Core.A",
		"core/a.sql": "SELECT id FROM staging.deal",
	})
	require.NoError(t, err)
	g, err := set.Graph([]string{"staging.deal", "program.param"})
	require.NoError(t, err)
	require.Equal(t, "core.a core.b core.c core.d", names(g.Order()))
	require.Equal(t, []string{"core.c", "core.b"}, g.Upstream("core.d"))
	require.Equal(t, []string{"program.param"}, g.External("core.d"))
	require.Equal(t, "core.a core.b core.c", names(g.Ancestors("core.c", nil)))
	require.Equal(t, "core.c", names(g.Ancestors("core.c", func(name string) bool { return name == "core.b" })))
}

func names(models []*model.Model) string {
	var out []string
	for _, m := range models {
		out = append(out, m.Name())
	}
	return strings.Join(out, " ")
}

func TestGraphProblems(t *testing.T) {
	set, err := load(t, map[string]string{
		"core/a.sql":       "SELECT id\nFROM core.c",
		"core/b.sql":       "SELECT id\n\nFROM core.a",
		"core/c.sql":       "SELECT id FROM core.b",
		"core/deal.sql":    "SELECT * FROM staging.dael JOIN partner ON true JOIN other.core.a ON true JOIN 'x.csv' ON true",
		"core/partner.sql": "SELECT * FROM core.partner",
		"staging/lead.sql": "SELECT 1 AS id",
		"core/e.sql":       "/* tributary\ngrain: [id]\nchecks:\n - relationship: {id: core.patner.id}\n*/\nSELECT 1 AS id",
	})
	require.NoError(t, err)
	_, err = set.Graph([]string{"staging.deal", "staging.lead"})
	require.EqualError(t, err, strings.TrimSpace(`
sql/core/b.sql:6: models read each other in a circle: core.a -> core.c -> core.b -> core.a (take one of these readings out)
sql/core/deal.sql:4: table other.core.a lies in another database (models read the warehouse alone)
sql/core/deal.sql:4: unknown table partner (did you mean core.partner?)
sql/core/deal.sql:4: unknown table staging.dael (did you mean staging.deal?)
sql/core/deal.sql:4: unknown table x.csv (`+"`tributary sql`"+` lists the tables)
sql/core/e.sql:4: check relationship_id: unknown table core.patner (did you mean core.partner?)
sql/core/partner.sql:4: core.partner reads itself
sql/staging/lead.sql: table staging.lead is there already, it is not made by a model (give the model another name)`))
}

func TestColumnTypes(t *testing.T) {
	for _, test := range []struct {
		header, duckdb string
		want           bool
	}{
		{"money", "DECIMAL(18,2)", true}, {"money", "DECIMAL(18,4)", true}, {"money", "DECIMAL(38,2)", false}, {"money", "DOUBLE", false}, {"decimal", "DECIMAL(18,9)", true},
		{"decimal(18, 9)", "DECIMAL(18,9)", true}, {"DECIMAL(18,9)", "DECIMAL(18,2)", false}, {"integer", "BIGINT", true}, {"integer", "HUGEINT", false},
		{"instant", "TIMESTAMP WITH TIME ZONE", true}, {"TIMESTAMPTZ", "TIMESTAMP", false}, {"text", "VARCHAR", true}, {"VARCHAR[]", "VARCHAR[]", true}, {"", "BLOB", true},
	} {
		require.Equal(t, test.want, model.Column{Type: test.header}.Accepts(test.duckdb), test)
	}
}
