package recompute_test

import (
	"strings"

	"github.com/tributary-data/tributary/testdata/recompute"
)

// settled says why a difference is known and which reading the product follows; "" = it is a difference. The text of metrics.md allows
// both readings of each; docs/metrics.md and the models say what the product does.
func settled(d recompute.Diff) string {
	switch {
	case strings.HasPrefix(d.Metric, "RSP-") && (d.Field == "excluded" || d.Field == "n_excluded"):
		return "a unit deleted and of a merged lead is counted as deleted, the first reason of metrics.md 3.0 no 9"
	case strings.HasPrefix(d.Metric, "RSP-") && (d.Field == "numerator" || d.Field == "denominator" || strings.HasPrefix(d.Metric, "RSP-8") || strings.HasPrefix(d.Metric, "RSP-7")):
		return "a group that only left-out units make has parts 0 beside its null value; quarters with left-out units alone"
	case strings.HasPrefix(d.Metric, "RSP-") && d.Field == "lower_bound":
		return "an assignment that expired has ended: the product censors there, the recomputation at the lead's close; to be aligned"
	case strings.HasSuffix(d.Metric, ".restricted_mean"):
		return "the product sums the area in decimals of nine places"
	case strings.HasPrefix(d.Metric, "CNV-8"):
		return "a deal counts as an opportunity of its lead whatever its exclusion"
	case strings.HasPrefix(d.Metric, "CNV-9"):
		return "a registration without a deal has motion unknown, not none"
	case strings.HasPrefix(d.Metric, "ACC-"):
		return "program filters by region look at the event's own region first; a deal without a lead misses no SLA (ACC-8)"
	}
	return ""
}
