//go:build contracts

package outside_test

import (
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2" // the duckdb driver
	"github.com/stretchr/testify/require"
)

// tool is datacontract-cli, installed by install-python.sh.
func tool(t *testing.T) string {
	t.Helper()
	path := os.Getenv("DATACONTRACT")
	require.FileExists(t, path, "DATACONTRACT names no program: run this by make test-contracts")
	return path
}

func TestEveryContractIsValid(t *testing.T) {
	files, err := filepath.Glob("../../schemas/*.odcs.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) { command(t, tool(t), "lint", file) })
	}
}

func TestWarehouseKeepsItsContracts(t *testing.T) {
	d := newDemo(t)
	results := d.check(t, d.warehouse(t))
	require.Greater(t, len(results), 900, "some checks were not made")
	for _, c := range results {
		require.Equal(t, "passed", c.Result, "%s.%s: %s: %s", c.Model, c.Field, c.Name, c.Reason)
	}

	broken := filepath.Join(t.TempDir(), "broken.duckdb")
	content, err := os.ReadFile(d.warehouse(t))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(broken, content, 0o600))
	breakRows(t, broken)
	var named []string
	for _, c := range d.check(t, broken) {
		if c.Result != "passed" {
			named = append(named, c.Model+"."+c.Field+": "+c.Type)
		}
	}
	require.ElementsMatch(t, []string{
		"activity.activity_id: field_unique",
		"deal_partner.pct: field_minimum",
		"deal.outcome: field_invalid_values",
		"deal_stage.entered_at: field_required",
		"deal_registration.partner_id: field_quality_sql",
	}, named)
}

// breakRows breaks one row in each of five ways: duplicate key, below the limit, value not accepted, null where one is needed, orphan.
func breakRows(t *testing.T, database string) {
	t.Helper()
	db, err := sql.Open("duckdb", database)
	require.NoError(t, err)
	defer db.Close()
	for _, statement := range []string{
		"INSERT INTO staging.activity FROM staging.activity LIMIT 1",
		"UPDATE staging.deal_partner SET pct = -5 WHERE deal_partner_id = (SELECT min(deal_partner_id) FROM staging.deal_partner)",
		"UPDATE staging.deal SET outcome = 'settled' WHERE deal_id = (SELECT min(deal_id) FROM staging.deal)",
		"UPDATE staging.deal_stage SET entered_at = NULL WHERE rowid = (SELECT min(rowid) FROM staging.deal_stage)",
		"UPDATE staging.deal_registration SET partner_id = 'nobody' WHERE registration_id = (SELECT min(registration_id) FROM staging.deal_registration)",
	} {
		result, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
		rows, err := result.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, rows, statement)
	}
}

// check is one check of datacontract-cli.
type check struct{ Type, Model, Field, Name, Result, Reason string }

// check has datacontract-cli test a warehouse; that checks fail is no failure of this.
func (d demo) check(t *testing.T, warehouse string) []check {
	t.Helper()
	dir := t.TempDir()
	contract, output := filepath.Join(dir, "contract.odcs.yaml"), filepath.Join(dir, "results.json")
	require.NoError(t, os.WriteFile(contract, []byte(d.tributary(t, "contracts", "--database", warehouse)), 0o600))
	said, err := exec.CommandContext(t.Context(), tool(t), "test", contract, "--output", output, "--output-format", "json").CombinedOutput()
	text, readErr := os.ReadFile(output)
	require.NoError(t, readErr, "datacontract made no results: %v\n%s", err, said)
	var report struct{ Checks []check }
	require.NoError(t, json.Unmarshal(text, &report))
	return report.Checks
}
