package recompute

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// stored is a row of metrics.metric_value.
type stored struct {
	MetricID, Grain, Dims, Unit, ValueText, Excluded, Status                   string
	PeriodStart                                                                time.Time
	ValueMoney, ValueNumber, Numerator, Denominator, LowerBound, ProjectedBase *big.Rat
	N, NCensored, NExcluded                                                    int64
}

// Stored reads what the product computed, in the form that Compare takes.
func Stored(ctx context.Context, db querier) ([]Row, error) {
	var list []stored
	if err := read(ctx, db, "metrics.metric_value", &list); err != nil {
		return nil, err
	}
	out := make([]Row, 0, len(list))
	for _, s := range list {
		r := Row{
			Metric: s.MetricID, Grain: s.Grain, Unit: s.Unit, Text: s.ValueText, Numerator: s.Numerator, Denominator: s.Denominator,
			N: s.N, NCensored: s.NCensored, NExcluded: s.NExcluded, LowerBound: s.LowerBound, Projected: s.ProjectedBase, Status: s.Status,
			Value: s.ValueNumber, Excluded: map[string]int64{},
		}
		if s.ValueMoney != nil {
			r.Value = s.ValueMoney
		}
		if !s.PeriodStart.IsZero() {
			r.PeriodStart = s.PeriodStart.Format(time.DateOnly)
		}
		d := dims{}
		if err := json.Unmarshal([]byte(s.Dims), &d); err != nil {
			return nil, fmt.Errorf("metrics.metric_value: dims %s of %s: %w", s.Dims, s.MetricID, err)
		}
		r.Dims = dimsJSON(d)
		if strings.TrimSpace(s.Excluded) != "" {
			if err := json.Unmarshal([]byte(s.Excluded), &r.Excluded); err != nil {
				return nil, fmt.Errorf("metrics.metric_value: excluded %s of %s: %w", s.Excluded, s.MetricID, err)
			}
		}
		out = append(out, r)
	}
	Sort(out)
	return out, nil
}
