package movement

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// plain is a decimal without needless zeros, but with cents where it has a fraction.
func plain(text string) string { return decimal(rat(text)) }

func plus(a, b string) string { return decimal(new(big.Rat).Add(rat(a), rat(b))) }

func minus(a, b string) string { return decimal(new(big.Rat).Sub(rat(a), rat(b))) }

func decimal(r *big.Rat) string {
	text := strings.TrimRight(r.FloatString(6), "0")
	whole, fraction, _ := strings.Cut(text, ".")
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction + strings.Repeat("0", max(0, 2-len(fraction)))
}

// changeOf finds the figure that moves are of.
func changeOf(all map[string]*Change, metric, grain string, period *string, dims string) (*Change, error) {
	cut := map[string]string{}
	if err := json.Unmarshal([]byte(dims), &cut); err != nil {
		return nil, fmt.Errorf("read the cut %s: %w", dims, err)
	}
	c := all[key(metric, grain, period, cut)]
	if c == nil {
		return nil, fmt.Errorf("%s %s has units without a figure: %s", metric, grain, dims)
	}
	return c, nil
}

// Without is the sum less one of its moves.
func (s CauseSum) Without(m Move) CauseSum {
	s.Moves--
	s.Numerator, s.Denominator = minus(s.Numerator, m.Delta.Numerator), minus(s.Denominator, m.Delta.Denominator)
	s.N, s.NCensored = s.N-m.Delta.N, s.NCensored-m.Delta.NCensored
	return s
}
