package nightly_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/transforms/digest"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// TestSameInputsSameRows builds one night twice, the second time from what the first one knew, and compares a hash of every table.
func TestSameInputsSameRows(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, demo.Write(dir))
	first, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: demo.AsOf, Version: "test"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, first.Status)

	again, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: demo.AsOf, Version: "test", KnownAt: first.KnownAt})
	require.NoError(t, err)
	require.NotEqual(t, first.Warehouse, again.Warehouse)
	require.Equal(t, hashes(t, first.Warehouse), hashes(t, again.Warehouse))

	same, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: demo.AsOf, Version: "test"})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusNothingNew, same.Status)

	older, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-06-30", Version: "test", To: time.Now()})
	require.NoError(t, err)
	require.Equal(t, nightly.StatusBuilt, older.Status)
	require.Empty(t, older.Warehouse)
}

func hashes(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := warehouse.OpenReadOnly(t.Context(), path, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	out := map[string]string{}
	all, err := digest.Database(t.Context(), file.DB, "ops")
	require.NoError(t, err)
	for name, hash := range all {
		out[name] = hash
	}
	require.NotEmpty(t, out)
	return out
}

// TestPastNightUsesItsProgram rebuilds a night after a rule has changed.
func TestPastNightUsesItsProgram(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("tributary.yaml", `version: 1
project: small
reporting: {time_zone: UTC, currency: EUR}
sources:
  crm:
    streams:
      partners: {files: [partners.csv], key: [id]}
      deals: {files: [deals.csv], key: [id]}
maps:
  - {entity: partner, from: crm.partners, fields: {partner_id: id, name: id}}
  - entity: deal
    from: crm.deals
    fields: {deal_id: id, amount: amount, currency: {constant: EUR}, created_at: on, closed_at: on, outcome: {constant: won}}
  - entity: deal_partner
    from: crm.deals
    fields: {deal_partner_id: id, deal_id: id, partner_id: partner, role: {constant: sourced}, pct: {constant: "100"}, created_at: on}
`)
	write("partners.csv", "id\np\n")
	write("deals.csv", "id,partner,amount,on\nd,p,10.00,2026-01-10T12:00:00Z\n")
	share := func(s nightly.Summary) string {
		for _, h := range s.Headlines {
			if h.MetricID == "REV-5" {
				return h.Value.Text
			}
		}
		return ""
	}
	first, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31"})
	require.NoError(t, err)
	require.Equal(t, "0", share(first), "no lock dates, so nothing is sourced")
	require.Contains(t, first.Notices[0], "10.00 EUR of won revenue in 1 deals is UNATTRIBUTED")

	require.NoError(t, os.Mkdir(filepath.Join(dir, "program"), 0o700))
	write("program/attribution.yaml", "lock_when_missing: created_at\n")
	second, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31"})
	require.NoError(t, err)
	require.Equal(t, "1", share(second))

	then, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", KnownAt: first.KnownAt})
	require.NoError(t, err)
	require.Equal(t, "0", share(then))
	current, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", KnownAt: first.KnownAt, ProgramCurrent: true})
	require.NoError(t, err)
	require.Equal(t, "1", share(current))
}
