package generator_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/generator"
)

// record is a CSV row by column name.
type record map[string]string

func table(t *testing.T, dir, entity string) []record {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "data", entity+".csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	out := make([]record, len(rows)-1)
	for i, row := range rows[1:] {
		out[i] = record{}
		for c, name := range rows[0] {
			out[i][name] = row[c]
		}
	}
	return out
}

// index finds records by a key column and insists that it is unique.
func index(t *testing.T, rows []record, key string) map[string]record {
	t.Helper()
	out := make(map[string]record, len(rows))
	for _, r := range rows {
		require.NotEmpty(t, r[key])
		require.NotContains(t, out, r[key], key)
		out[r[key]] = r
	}
	return out
}

func count(rows []record, is func(record) bool) int {
	n := 0
	for _, r := range rows {
		if is(r) {
			n++
		}
	}
	return n
}

// The invented program has every oddity that the metrics must cope with.
func TestWorldHasItsOddities(t *testing.T) {
	dir, opts := t.TempDir(), generator.DemoOptions()
	require.NoError(t, generator.WriteClean(dir, opts.Seed, opts.Leads))
	partners, leads := index(t, table(t, dir, "partner"), "partner_id"), table(t, dir, "lead")
	deals, units := index(t, table(t, dir, "deal"), "deal_id"), table(t, dir, "lead_assignment")
	claims, credits := table(t, dir, "deal_registration"), table(t, dir, "deal_partner")
	stages, invoices := table(t, dir, "deal_stage"), table(t, dir, "invoice")
	require.Len(t, partners, 120)
	require.Len(t, leads, 3000)
	require.InDelta(t, 950, len(deals), 100)

	has := func(what string, rows []record, is func(record) bool) {
		t.Helper()
		require.Positive(t, count(rows, is), what)
	}
	set := func(field string) func(record) bool { return func(r record) bool { return r[field] != "" } }
	is := func(field, value string) func(record) bool { return func(r record) bool { return r[field] == value } }
	all := values(partners)
	for _, kind := range []string{"reseller", "var", "msp", "affiliate", "distributor", "si", "referral"} {
		has(kind, all, is("partner_type", kind))
	}
	for _, metal := range []string{"platinum", "gold", "silver", ""} {
		has("tier "+metal, all, is("program_tier", metal))
	}
	has("Null", all, is("name", "Null"))
	has("test partner", all, is("test", "true"))
	has("deleted partner", all, is("deleted", "true"))
	has("merged partner", all, set("merged_into"))
	has("terminated partner", all, set("terminated_at"))
	has("never enrolled", all, is("enrolled_at", ""))
	for _, direction := range []string{"vendor_to_partner", "partner_to_vendor", "affiliate"} {
		has(direction, leads, is("direction", direction))
	}
	has("merged lead", leads, set("merged_into"))
	has("unknown partner", leads, func(r record) bool { return r["partner_id"] != "" && partners[r["partner_id"]] == nil })
	has("recalled", units, is("unassign_reason", "recalled"))
	has("reassigned", units, is("unassign_reason", "reassigned"))
	has("acknowledged before assigned", units, func(r record) bool { return r["acknowledged_at"] != "" && r["acknowledged_at"] < r["assigned_at"] })
	for _, decision := range []string{"approved", "rejected", "expired", "withdrawn", "pending"} {
		has(decision, claims, is("decision", decision))
	}
	has("duplicate", claims, set("duplicate_of"))
	closed := func(r record) string {
		if d := deals[r["deal_id"]]; d != nil {
			return d["closed_at"]
		}
		return ""
	}
	after := func(field string) func(record) bool {
		return func(r record) bool { return closed(r) != "" && r[field] > closed(r) }
	}
	has("registered after the close", claims, after("submitted_at"))
	has("approved after the close", claims, func(r record) bool {
		return r["decision"] == "approved" && after("decided_at")(r) && !after("submitted_at")(r)
	})
	has("locked after the close", credits, after("locked_at"))
	has("never locked", credits, is("locked_at", ""))
	has("two sourced", groups(credits), func(r record) bool { return r["sourced"] > "1" })
	has("changed after the lock", credits, func(r record) bool { return r["pct"] != r["current_pct"] })
	has("credit", invoices, is("kind", "credit"))
	has("refund", invoices, is("kind", "refund"))
	has("after a win", stages, after("entered_at"))
	has("two motions", motions(stages), func(r record) bool { return r["motions"] > "1" })
}

func values(m map[string]record) []record {
	out := make([]record, 0, len(m))
	for _, r := range m {
		out = append(out, r)
	}
	return out
}

// groups counts the sourced rows of each deal.
func groups(credits []record) []record {
	n := map[string]int{}
	for _, c := range credits {
		if c["role"] == "sourced" {
			n[c["deal_id"]]++
		}
	}
	var out []record
	for _, k := range n {
		out = append(out, record{"sourced": string(rune('0' + k))})
	}
	return out
}

// motions counts the motions that each deal went through.
func motions(stages []record) []record {
	seen := map[string]map[string]bool{}
	for _, s := range stages {
		if seen[s["deal_id"]] == nil {
			seen[s["deal_id"]] = map[string]bool{}
		}
		seen[s["deal_id"]][s["motion"]] = true
	}
	var out []record
	for _, m := range seen {
		out = append(out, record{"motions": string(rune('0' + len(m)))})
	}
	return out
}
