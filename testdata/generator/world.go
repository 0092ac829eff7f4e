package generator

import (
	"fmt"
	"time"
)

// Options say which world to make.
type Options struct {
	Seed  uint64
	Leads int // 3000 is the committed demo; ten million still stream
	// Detours is how many times a partner deal falls back a stage and comes forward again, on average.
	Detours float64
	// Oddity multiplies the rare: 1 is realistic, more is for comparing computations. Above 1 durations come in whole hours, so
	// that events coincide and limits are met exactly.
	Oddity float64
}

// DemoOptions are those of the committed data set.
func DemoOptions() Options { return Options{Seed: 20260930, Leads: 3000, Detours: .12, Oddity: 1} }

// world is everything that the simulation holds in memory: the partners, the calendar, the rates and the counters.
type world struct {
	*timeline
	seed      uint64
	detours   float64
	oddity    float64
	grain     instant
	members   []member
	byID      []int // indexes into members in the order of ids
	cumulated []float64
	fx        *rates
	out       *outputs
	count     map[string]int
}

func newWorld(opts Options) (*world, error) {
	if opts.Leads < 1 {
		return nil, fmt.Errorf("generate: %d leads: want at least one", opts.Leads)
	}
	home, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return nil, fmt.Errorf("reporting time zone: %w", err)
	}
	w := &world{timeline: newTimeline(home), seed: opts.Seed, detours: opts.Detours, oddity: max(opts.Oddity, 1), count: map[string]int{}}
	if opts.Oddity > 1 {
		w.grain = hour
	}
	w.fx = newRates(opts.Seed)
	if err := w.enlist(partnerCount(opts.Leads)); err != nil {
		return nil, err
	}
	return w, nil
}

// rare draws something that seldom happens, more often in an odd world.
func (w *world) rare(r *random, p float64) bool { return r.chance(min(p*w.oddity, .35)) }

// every is how many things of a kind lie between two odd ones.
func (w *world) every(n int) int { return max(5, int(float64(n)/w.oddity)) }

// id deals the next number of a kind of record.
func (w *world) id(prefix string) string {
	w.count[prefix]++
	return padded(prefix, w.count[prefix], 6)
}

// modified is a plausible last edit: some time after the last thing that happened to a record.
func (w *world) modified(r *random, last ...instant) mark {
	latest := w.start - 400*day
	for _, t := range last {
		latest = max(latest, t)
	}
	return mark{Modified: min(latest+r.seconds(float64(40*minute), 1.5), w.export)}
}

// run makes everything, in the order of time, and closes the outputs.
func (w *world) run(leads int, out *outputs) error {
	w.out = out
	w.program()
	// Per 1,000 leads: 115 deals that partners register on their own, 125 direct ones, 60 registrations that lead nowhere,
	// 50 stock orders of distributors; dealt out evenly over time.
	makers := [...]struct {
		share int
		make  func(*random, instant)
	}{{1000, w.lead}, {115, w.partnerDeal}, {125, w.directDeal}, {60, w.hopefulRegistration}, {50, w.stockOrder}}
	const all = 1350
	units := (leads*all + 999) / 1000
	var owed [len(makers)]int
	for u := range units {
		next := 0
		for kind, m := range makers {
			owed[kind] += m.share
			if owed[kind] > owed[next] {
				next = kind
			}
		}
		owed[next] -= all
		r := newRandom(w.seed, "unit", u)
		r.grain = w.grain
		makers[next].make(r, w.at(r, (float64(u)+r.float())/float64(units)))
	}
	return out.close()
}
