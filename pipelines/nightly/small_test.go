package nightly_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// small is a project of two files, a partner's and a deal's, with more maps where a test needs them.
func small(t *testing.T, maps ...string) string {
	t.Helper()
	dir := t.TempDir()
	config := `version: 1
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
`
	for _, m := range maps {
		config += "  - " + m + "\n"
	}
	put(t, dir, "tributary.yaml", config)
	put(t, dir, "partners.csv", "id\np\n")
	put(t, dir, "deals.csv", "id,amount,on\nd,10.00,2026-01-10T12:00:00Z\n")
	return dir
}

// Maps of the deals' one partner: without and with the day on which its attribution was locked.
const (
	attributed = `{entity: deal_partner, from: crm.deals, fields: {deal_partner_id: id, deal_id: id, partner_id: {constant: p}, role: {constant: sourced}, pct: {constant: "100"}, created_at: on}}`
	locked     = `{entity: deal_partner, from: crm.deals, fields: {deal_partner_id: id, deal_id: id, partner_id: {constant: p}, role: {constant: sourced}, pct: {constant: "100"}, created_at: on, locked_at: on}}`
)

// put writes a file of a project.
func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}
