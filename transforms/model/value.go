package model

import (
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/schemas/diag"
)

// share reads 0.2 or 20%.
func share(d *diag.Decoder, t diag.Text) *float64 {
	if t.Value == "" {
		return nil
	}
	text, percent := strings.CutSuffix(t.Value, "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || v < 0 {
		d.Problems.Add(t.Pos, "write 0.2 or 20%", "%q is no share", t.Value)
		return nil
	}
	if percent {
		v /= 100
	}
	return &v
}

// duration reads 36h, 90m or 2d.
func duration(d *diag.Decoder, t diag.Text) time.Duration {
	text, factor := t.Value, time.Duration(1)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		text, factor = days+"h", 24
	}
	v, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil || v <= 0 {
		d.Problems.Add(t.Pos, "write 36h, 90m or 2d", "%q is no duration", t.Value)
		return 0
	}
	return v * factor
}
