package generator

import (
	"hash/fnv"
	"math"
	"math/bits"
)

// random is a splitmix64 sequence. It is written out here, not taken from the standard library, because the committed
// data set depends on every draw staying what it is.
type random struct {
	state uint64
	grain instant // durations are multiples of it; zero is a second
}

// newRandom starts the sequence of one thing: the same seed, label and index draw the same numbers whatever else is made.
func newRandom(seed uint64, label string, index int) *random {
	h := fnv.New64a()
	_, _ = h.Write([]byte(label))
	r := &random{state: seed ^ h.Sum64()}
	r.state = r.next() ^ (uint64(index) * 0x9E3779B97F4A7C15)
	r.next()
	return r
}

func (r *random) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB
	return z ^ (z >> 31)
}

// intn draws from 0 … n-1.
func (r *random) intn(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// between draws from lo … hi, both included.
func (r *random) between(lo, hi int) int { return lo + r.intn(hi-lo+1) }

func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

func (r *random) chance(p float64) bool { return r.float() < p }

// normal is the sum of twelve uniforms: near enough to a bell, and made of additions only, so the same on every machine.
func (r *random) normal() float64 {
	sum := -6.0
	for range 12 {
		sum += r.float()
	}
	return sum
}

func (r *random) logNormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*r.normal())
}

// seconds draws a log-normal duration in whole seconds, at least one; with a grain in multiples of it, which may be none.
func (r *random) seconds(median, sigma float64) instant {
	d := instant(r.logNormal(median, sigma))
	if r.grain > 0 {
		return (d + r.grain/2) / r.grain * r.grain
	}
	return max(1, d)
}

func pick[T any](r *random, of ...T) T { return of[r.intn(len(of))] }

// weighted draws an index by its share of the total.
func (r *random) weighted(shares ...float64) int {
	total := 0.0
	for _, s := range shares {
		total += s
	}
	x := r.float() * total
	for i, s := range shares {
		if x < s {
			return i
		}
		x -= s
	}
	return len(shares) - 1
}
