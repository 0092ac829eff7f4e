package recompute

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
)

// printed is a row as `tributary metrics query --json` writes it.
type printed struct {
	MetricID      string           `json:"metric_id"`
	Grain         string           `json:"grain"`
	PeriodStart   string           `json:"period_start"`
	Dims          dims             `json:"dims"`
	Unit          string           `json:"unit"`
	Value         json.RawMessage  `json:"value"`
	Numerator     json.RawMessage  `json:"numerator"`
	Denominator   json.RawMessage  `json:"denominator"`
	N             int64            `json:"n"`
	NCensored     int64            `json:"n_censored"`
	NExcluded     int64            `json:"n_excluded"`
	Excluded      map[string]int64 `json:"excluded"`
	LowerBound    json.RawMessage  `json:"lower_bound"`
	ProjectedBase json.RawMessage  `json:"projected_base"`
	Status        string           `json:"status"`
}

// Printed reads what the product answers to `metrics query --all --by all --grain all --json`, in the form that Compare takes.
func Printed(r io.Reader) ([]Row, error) {
	in := json.NewDecoder(r)
	if _, err := in.Token(); err != nil {
		return nil, fmt.Errorf("the product's rows: %w", err)
	}
	var out []Row
	for in.More() {
		var p printed
		if err := in.Decode(&p); err != nil {
			return nil, fmt.Errorf("the product's row %d: %w", len(out)+1, err)
		}
		row, err := p.row()
		if err != nil {
			return nil, fmt.Errorf("the product's row %d of %s: %w", len(out)+1, p.MetricID, err)
		}
		out = append(out, row)
	}
	Sort(out)
	return out, nil
}

func (p printed) row() (Row, error) {
	r := Row{
		Metric: p.MetricID, Grain: p.Grain, PeriodStart: p.PeriodStart, Dims: dimsJSON(p.Dims), Unit: p.Unit,
		N: p.N, NCensored: p.NCensored, NExcluded: p.NExcluded, Excluded: p.Excluded, Status: p.Status,
	}
	if p.Unit == inText {
		return r, json.Unmarshal(p.Value, &r.Text)
	}
	for _, f := range []struct {
		from json.RawMessage
		into **big.Rat
	}{{p.Value, &r.Value}, {p.Numerator, &r.Numerator}, {p.Denominator, &r.Denominator}, {p.LowerBound, &r.LowerBound}, {p.ProjectedBase, &r.Projected}} {
		text := string(f.from)
		if text == "" || text == "null" {
			continue
		}
		if text[0] == '"' {
			text = text[1 : len(text)-1]
		}
		v, ok := new(big.Rat).SetString(text)
		if !ok {
			return r, fmt.Errorf("%s is no number", text)
		}
		*f.into = v
	}
	return r, nil
}
