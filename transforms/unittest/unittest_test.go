package unittest_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/unittest"
)

func setup(ctx context.Context, db *sql.DB) error {
	if err := prelude.Create(ctx, db, "UTC"); err != nil {
		return err
	}
	_, err := db.ExecContext(ctx, `
CREATE SCHEMA program; CREATE SCHEMA staging;
CREATE TABLE program.param AS SELECT DATE '2026-01-31' AS as_of, TIMESTAMPTZ '2026-02-01 00:00:00Z' AS as_of_at, TIMESTAMPTZ '2026-02-01 00:00:00Z' AS known_at, 'UTC' AS reporting_tz;
CREATE TABLE program.motion AS SELECT 'resale' AS motion;
CREATE TABLE staging.deal (deal_id VARCHAR, amount DECIMAL(18,4), created_at TIMESTAMPTZ, motion VARCHAR);`)
	return err
}

var models = fstest.MapFS{
	"core/deal.sql": {Data: []byte(`/* tributary
grain: [deal_id]
*/
SELECT CAST(deal_id AS VARCHAR) AS deal_id, money_round(amount) AS amount, CAST(amount AS DOUBLE) / 3 AS third, report_date(created_at) AS day, d.motion,
  m.motion IS NOT NULL AS known
FROM staging.deal AS d CROSS JOIN program.param AS p LEFT JOIN program.motion AS m ON m.motion = d.motion
WHERE d.created_at < p.as_of_at`)},
	"core/total.sql": {Data: []byte(`/* tributary
grain: [motion]
materialise: view
*/
SELECT motion, CAST(sum(amount) AS DECIMAL(18,2)) AS amount, count(*) AS n FROM core.deal GROUP BY motion`)},
	"core/broken.sql": {Data: []byte("/* tributary\ngrain: []\n*/\nSELECT nonsense FROM core.deal")},
}

func run(t *testing.T, text string) unittest.Results {
	t.Helper()
	set, err := model.Load(t.Context(), models, nil)
	require.NoError(t, err)
	tests, err := unittest.Load(fstest.MapFS{"tests/deal.yaml": {Data: []byte(text)}}, "sql")
	require.NoError(t, err)
	results, err := unittest.Run(t.Context(), set, tests, unittest.Options{Setup: setup})
	require.NoError(t, err)
	return results
}

const passing = `model: core.deal
tests:
  - name: money is rounded half away from zero
    given:
      staging.deal:
        - {deal_id: d1, amount: 1.005, created_at: 2026-01-31 23:30:00}
        - {deal_id: d2, amount: -1.005}
        - {deal_id: d3, amount: 2, created_at: 2026-01-01, motion: resale}
    expect:
      - {deal_id: d3, amount: 2, third: 0.666666667, day: 2026-01-01, motion: resale, known: true}
      - {deal_id: d1, amount: 1.01, third: 0.335, day: 2026-01-31, known: false}
  - name: as_of moves
    param: {as_of: 2025-12-31}
    given:
      staging.deal:
        - {deal_id: d1, created_at: 2025-12-31 23:30:00}
        - {deal_id: d2, created_at: 2026-01-01 00:30:00}
    expect: [{deal_id: d1}]
  - name: the zone moves with the program
    param: {reporting_tz: Europe/Berlin}
    given:
      staging.deal:
        - {deal_id: d1, created_at: 2026-01-01 23:30:00}
        - {deal_id: d2, created_at: 2026-01-31 23:30:00}
    expect: [{deal_id: d1, day: 2026-01-02}]
  - name: program rows replace the default
    given:
      program.motion: [{motion: referral}]
      staging.deal: [{deal_id: d1, motion: resale, created_at: 2026-01-01}]
    expect: [{known: false}]
  - name: upstream models are made for real
    model: core.total
    given:
      staging.deal:
        - {deal_id: d1, motion: a, amount: 1, created_at: 2026-01-01}
        - {deal_id: d2, motion: a, amount: 2, created_at: 2026-01-01}
        - {deal_id: d2, motion: b, created_at: 2026-01-01}
    where: motion = 'a'
    expect: [{amount: 3.00, n: 2}]
  - name: or given
    model: core.total
    given:
      core.deal: [{deal_id: d1, amount: 7}]
    expect: [{motion: null, amount: 7}]
  - name: nothing of nothing
    model: core.total
    expect: []
`

func TestPassing(t *testing.T) {
	results := run(t, passing)
	require.NoError(t, results.Err())
	require.Len(t, results, 7)
}

func TestTestsDoNotSeeEachOther(t *testing.T) {
	results := run(t, passing+"  - name: again nothing\n    expect: []\n  - name: default program\n    given: {staging.deal: [{motion: resale, created_at: 2026-01-01}]}\n    expect: [{known: true}]\n")
	require.NoError(t, results.Err())
}

func TestDifferences(t *testing.T) {
	results := run(t, `model: core.deal
tests:
  - name: rows
    given:
      staging.deal:
        - {deal_id: d1, amount: 1, created_at: 2026-01-01}
        - {deal_id: d2, amount: 2, created_at: 2026-01-01}
        - {deal_id: d2, amount: 2, created_at: 2026-01-01}
    expect:
      - {deal_id: d1, amount: 1.5, motion: x}
      - {deal_id: d2, amount: 2}
      - {deal_id: d3, amount: 3}
  - name: no key
    given:
      staging.deal: [{amount: 1, created_at: 2026-01-01}]
    expect: [{amount: 1.01}]
  - name: bad cells
    expect:
      - {amuont: 1}
      - {amount: 1.005}
  - name: bad text
    expect: [{amount: lots}]
  - name: bad given
    given: {staging.deal: [{deal: d1}]}
    expect: []
  - name: bad table
    given: {staging.dael: [{deal: d1}]}
    expect: []
  - {name: bad model, model: core.dael, expect: []}
  - {name: broken model, model: core.broken, expect: []}
  - {name: bad param, param: {asof: 2026-01-01}, expect: []}
  - {name: bad where, where: x = 1, expect: []}
`)
	// Which candidates DuckDB names differs from run to run.
	got := regexp.MustCompile(`Candidate bindings: .*`).ReplaceAllString(results.Err().Error(), "Candidate bindings: …")
	require.Equal(t, strings.TrimSpace(`
10 of 10 unit tests failed:
sql/tests/deal.yaml:3: rows of core.deal
  rows: 3 expected, 3 found (- missing, + not expected, ~ different)
  ~ deal_id=d1: amount is 1.00, expected 1.50; motion is null, expected x
  - deal_id=d3, amount=3.00, motion=null
  + deal_id=d2, amount=2.00, motion=null
sql/tests/deal.yaml:13: no key of core.deal
  rows: 1 expected, 1 found (- missing, + not expected, ~ different)
  - amount=1.01
  + amount=1.00
sql/tests/deal.yaml:17: bad cells of core.deal
  sql/tests/deal.yaml:19: core.deal has no column amuont (did you mean amount?)
  sql/tests/deal.yaml:20: 1.005 has more decimal places than column amount keeps (DECIMAL(18,2))
sql/tests/deal.yaml:21: bad text of core.deal
  sql/tests/deal.yaml:22: expected row: Conversion Error: Could not convert string "lots" to DECIMAL(18,2)
sql/tests/deal.yaml:23: bad given of core.deal
  sql/tests/deal.yaml:24: staging.deal has no column deal (did you mean deal_id?)
sql/tests/deal.yaml:26: bad table of core.deal
  sql/tests/deal.yaml:27: unknown table staging.dael (did you mean staging.deal?)
sql/tests/deal.yaml:29: bad model of core.dael
  sql/tests/deal.yaml:29: unknown model core.dael (did you mean core.deal?)
sql/tests/deal.yaml:30: broken model of core.broken
  sql/core/broken.sql:4: core.broken: Binder Error: Referenced column "nonsense" not found in FROM clause! Candidate bindings: …
sql/tests/deal.yaml:31: bad param of core.deal
  sql/tests/deal.yaml:31: program.param has no column asof (did you mean as_of?)
sql/tests/deal.yaml:32: bad where of core.deal
  sql/tests/deal.yaml:32: read core.deal: Binder Error: Referenced column "x" not found in FROM clause! Candidate bindings: …`), got)
	require.ErrorIs(t, results.Err(), unittest.ErrFailed)
}

func TestLoadProblems(t *testing.T) {
	_, err := unittest.Load(fstest.MapFS{
		"tests/a.yaml": {Data: []byte("tests:\n  - {name: x, expect: []}\n  - {name: y, model: m, expects: []}\n  - {name: x, model: m, expect: [{a: [1]}]}\n")},
		"tests/b.yaml": {Data: []byte("tests: [")},
	}, "sql")
	require.EqualError(t, err, strings.TrimSpace(`
sql/tests/a.yaml:2: test "x" names no model (write model: core.deal, here or at the top of the file)
sql/tests/a.yaml:3: key "expect" is missing
sql/tests/a.yaml:3: unknown key "expects" (did you mean expect?)
sql/tests/a.yaml:4: a test named "x" is there already, on line 2
sql/tests/a.yaml:4: a: a cell is a single value (write a list or an object as quoted text)
sql/tests/b.yaml:1: not valid YAML: did not find expected node content (YAML is indented with spaces; quote a value that holds ': ' or begins with a special character)`))
}

func TestUpdateRewritesOnlyWhatWasExpected(t *testing.T) {
	const before = `# about deals
model: core.deal
tests:
  # the first
  - name: one
    given:
      staging.deal:
        - {deal_id: "a: b", amount: 1.5, created_at: 2026-01-01}
        - {deal_id: null, amount: 2, created_at: 2026-01-01}
    expect:
    # these rows
    - {deal_id: d9, amount: 9}

    - {deal_id: d8}
    where: amount > 0

  - name: two
    expect: [{deal_id: x}]
  - name: three
    expect: []
`
	const after = `# about deals
model: core.deal
tests:
  # the first
  - name: one
    given:
      staging.deal:
        - {deal_id: "a: b", amount: 1.5, created_at: 2026-01-01}
        - {deal_id: null, amount: 2, created_at: 2026-01-01}
    expect:
      - {deal_id: null, amount: 2.00}
      - {deal_id: "a: b", amount: 1.50}
    where: amount > 0

  - name: two
    expect: []
  - name: three
    expect: []
`
	path := filepath.Join(t.TempDir(), "deal.yaml")
	require.NoError(t, os.WriteFile(path, []byte(before), 0o600))
	at := func(string) string { return path }
	written, err := unittest.Update(run(t, before), at)
	require.NoError(t, err)
	require.Equal(t, []string{"sql/tests/deal.yaml"}, written)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, after, string(text))
	require.NoError(t, run(t, after).Err())
}
