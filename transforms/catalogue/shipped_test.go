package catalogue_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

var update = flag.Bool("update", false, "write docs/metrics.md")

func shipped(t *testing.T) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load(catalogue.Layer{FS: sql.FS, Root: "sql"})
	require.NoError(t, err)
	return c
}

func TestDocsAreUpToDate(t *testing.T) {
	const page = "../../docs/metrics.md"
	want := shipped(t).Docs()
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
	}
	got, err := os.ReadFile(page)
	require.NoError(t, err)
	require.True(t, want == string(got), "docs/metrics.md is not what the catalogue says: run go test ./transforms/catalogue -run Docs -update")
}

// TestShippedNamesOfVariants holds the catalogue to the names of metrics.md 3.11.
func TestShippedNamesOfVariants(t *testing.T) {
	require.Equal(t, []string{
		"ACC-1", "ACC-2", "ACC-3", "ACC-4", "ACC-5.clawback", "ACC-5.fx", "ACC-5.manual", "ACC-5.prior_period", "ACC-5.rate", "ACC-5.volume",
		"ACC-6.cliff", "ACC-6.distance", "ACC-7", "ACC-7.estimated", "ACC-8", "ACC-8.all_gates",
		"ACT-1", "ACT-1.ever", "ACT-2", "ACT-2.submitted", "ACT-3", "ACT-4.both", "ACT-4.neither", "ACT-4.registration_only", "ACT-4.revenue_only",
		"CNV-1", "CNV-2", "CNV-3", "CNV-4", "CNV-5", "CNV-6", "CNV-7", "CNV-8", "CNV-8.all_leads", "CNV-9", "CNV-9.submitted", "CNV-10", "CNV-10.value",
		"REV-1", "REV-2", "REV-2.direct", "REV-2.influenced", "REV-3", "REV-4", "REV-5", "REV-5.arr", "REV-5.direct", "REV-5.influenced", "REV-5.new_logo",
		"REV-5.of_total", "REV-6", "REV-6.of_total", "REV-7",
		"RSP-1", "RSP-2", "RSP-3.median", "RSP-3.p90", "RSP-3.unanswered", "RSP-4.mean_answered", "RSP-4.restricted_mean",
		"RSP-5.1", "RSP-5.2", "RSP-5.3.median", "RSP-5.3.p90", "RSP-5.3.unanswered", "RSP-5.4.mean_answered", "RSP-5.4.restricted_mean",
		"RSP-6", "RSP-7", "RSP-8",
		"VEL-1.median", "VEL-1.p90", "VEL-2.median", "VEL-2.p90", "VEL-3.median", "VEL-3.p90", "VEL-5.median", "VEL-5.p90", "VEL-7.median", "VEL-7.p90", "VEL-8",
	}, shipped(t).IDs())
}
