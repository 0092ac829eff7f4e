package recompute

import (
	"math/big"
	"slices"
)

// Exact numbers: everything is a fraction until it is shown. nil is null.

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

func plus(a, b *big.Rat) *big.Rat { return new(big.Rat).Add(a, b) }

func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

// over is a/b, nil where there is nothing to divide by.
func over(a, b *big.Rat) *big.Rat {
	if a == nil || b == nil || b.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(a, b)
}

func negative(a *big.Rat) *big.Rat { return new(big.Rat).Neg(a) }

func less(a, b *big.Rat) bool { return a.Cmp(b) < 0 }

func larger(a, b *big.Rat) *big.Rat {
	if less(a, b) {
		return b
	}
	return a
}

// cents rounds to two places, halves away from zero.
func cents(a *big.Rat) *big.Rat {
	out, _ := new(big.Rat).SetString(a.FloatString(2)) // FloatString rounds halves away from zero
	return out
}

// quantile is the continuous one: linear between the two neighbours.
func quantile(durations []int64, p *big.Rat) *big.Rat {
	if len(durations) == 0 {
		return nil
	}
	sorted := slices.Clone(durations)
	slices.Sort(sorted)
	place := times(p, whole(int64(len(sorted)-1)))
	low := int(new(big.Int).Quo(place.Num(), place.Denom()).Int64())
	part := minus(place, whole(int64(low)))
	value := whole(sorted[low])
	if part.Sign() > 0 {
		value = plus(value, times(part, whole(sorted[low+1]-sorted[low])))
	}
	return value
}

func median(durations []int64) *big.Rat { return quantile(durations, big.NewRat(1, 2)) }

// spellTime is how long something was watched, and whether it ended while it was.
type spellTime struct {
	seconds int64
	ended   bool
}

// curve is a Kaplan–Meier curve walked step by step in whole numbers: S = alive/all, and the area under it so far = area/all.
type curve struct {
	alive, all, area *big.Int
}

// walk goes through the times in order; step sees the curve just after each time at which something ended. Events go before
// censorings at the same time, which falls out of counting everyone still watched at that time as at risk.
func walk(times []spellTime, step func(at int64, s *curve) (stop bool), until int64) *curve {
	sorted := slices.Clone(times)
	slices.SortFunc(sorted, func(a, b spellTime) int {
		switch {
		case a.seconds < b.seconds:
			return -1
		case a.seconds > b.seconds:
			return 1
		}
		return 0
	})
	s := &curve{big.NewInt(1), big.NewInt(1), new(big.Int)}
	last := int64(0)
	for i := 0; i < len(sorted); {
		at, ended, atRisk := sorted[i].seconds, int64(0), int64(len(sorted)-i)
		for ; i < len(sorted) && sorted[i].seconds == at; i++ {
			if sorted[i].ended {
				ended++
			}
		}
		if ended == 0 || at > until {
			continue
		}
		s.area.Add(s.area, new(big.Int).Mul(s.alive, big.NewInt(at-last)))
		last = at
		s.alive.Mul(s.alive, big.NewInt(atRisk-ended))
		s.all.Mul(s.all, big.NewInt(atRisk))
		s.area.Mul(s.area, big.NewInt(atRisk))
		if step != nil && step(at, s) {
			return s
		}
	}
	s.area.Add(s.area, new(big.Int).Mul(s.alive, big.NewInt(until-last)))
	return s
}

// survivalQuantile is the smallest t at which 1/part or less of all are still waiting; without one, the longest censored wait.
func survivalQuantile(waits []spellTime, part int64) (value, lowerBound *big.Rat) {
	walk(waits, func(at int64, s *curve) bool {
		if new(big.Int).Mul(s.alive, big.NewInt(part)).Cmp(s.all) <= 0 {
			value = whole(at)
		}
		return value != nil
	}, 1<<62)
	if value != nil {
		return value, nil
	}
	bound := int64(0)
	for _, w := range waits {
		if !w.ended {
			bound = max(bound, w.seconds)
		}
	}
	return nil, whole(bound)
}

// restrictedMean is the area under S up to tau; S is flat from its last step on.
func restrictedMean(waits []spellTime, tau int64) *big.Rat {
	s := walk(waits, nil, tau)
	return new(big.Rat).SetFrac(s.area, s.all)
}
