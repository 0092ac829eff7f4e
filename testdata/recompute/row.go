package recompute

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"time"
)

// Row is one value of one metric: a row of metrics.metric_value, in exact numbers.
type Row struct {
	Metric      string
	Grain       string
	PeriodStart string // YYYY-MM-DD; "" for total
	Dims        string // JSON object, keys in order
	Unit        string // seconds, ratio, money, count or text
	Value       *big.Rat
	Text        string
	Numerator   *big.Rat
	Denominator *big.Rat
	N           int64
	NCensored   int64
	NExcluded   int64
	Excluded    map[string]int64
	LowerBound  *big.Rat
	Projected   *big.Rat
	Status      string
}

// Key is what no two rows share.
func (r Row) Key() string { return r.Metric + "|" + r.Grain + "|" + r.PeriodStart + "|" + r.Dims }

const (
	ok         = "ok"
	lowN       = "low_n"
	noData     = "no_data"
	noSource   = "no_source"
	noCalendar = "no_calendar"
	immature   = "immature"
	notReached = "not_reached"
	topTier    = "top_tier"
	noSetting  = "unconfigured"
	failedFX   = "failed_missing_fx"
)

const (
	inSeconds = "seconds"
	inRatio   = "ratio"
	inMoney   = "money"
	inCount   = "count"
	inText    = "text"
)

// item is one thing that a metric counts, or leaves out for a reason.
type item struct {
	at    time.Time // its period
	dims  dims
	out   string // why it is left out; "" when it is not
	id    string // of the deal, lead, partner, …
	line  string // counts once per group, however often it comes; "" = every time
	wait  spellTime
	yes   bool // in the numerator of a ratio of counts
	extra amount
	num   *big.Rat
	den   *big.Rat
}

// common exclusions take a thing out so far that it does not even make a group.
func common(reason string) bool {
	return slices.Contains([]string{"deleted", "test", "merged", "dates", "partner_filter", "region_filter", "product_filter"}, reason)
}

// metric says how items are cut into rows.
type metric struct {
	id     string
	unit   string
	always []string
	cuts   []string
	grains []string
	mature func(g *group) time.Time // from when on a group is no longer immature; nil = always
	few    bool                     // low_n applies
	some   bool                     // what is left out, for whatever reason, makes no group by itself
}

// group is the items of one row.
type group struct {
	grain, start string
	dims         dims
	items        []item
	left         map[string]int64
	lines        map[string]bool
}

// distinct counts the different things.
func (g *group) distinct() int64 {
	seen := map[string]bool{}
	for _, i := range g.items {
		seen[i.id] = true
	}
	return int64(len(seen))
}

func (g *group) waits() (all []spellTime, answered []int64) {
	for _, i := range g.items {
		all = append(all, i.wait)
		if i.wait.ended {
			answered = append(answered, i.wait.seconds)
		}
	}
	return all, answered
}

// sums are the totals of the two parts of a ratio of money.
func (g *group) sums() (num, den *big.Rat) {
	num, den = new(big.Rat), new(big.Rat)
	for _, i := range g.items {
		if i.num != nil {
			num.Add(num, i.num)
		}
		if i.den != nil {
			den.Add(den, i.den)
		}
	}
	return num, den
}

func dimsJSON(d dims) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if d == nil {
		d = dims{}
	}
	_ = e.Encode(d) // a map of texts always encodes
	return string(bytes.TrimSpace(b.Bytes()))
}

// rows makes the rows of a metric: at every grain, uncut and by each single dimension. value fills in what a group is worth.
func (c *calc) rows(m metric, items []item, value func(g *group, r *Row)) {
	cuts := append([]string{""}, m.cuts...)
	for _, grain := range m.grains {
		starts := make([]string, len(items))
		for i := range items {
			if !items[i].at.IsZero() {
				starts[i] = c.clock.start(grain, items[i].at)
			}
		}
		for _, cut := range cuts {
			names := slices.Clone(m.always)
			if cut != "" {
				names = append(names, cut)
			}
			for _, g := range split(items, starts, grain, names, m.some) {
				c.add(m, g, value)
			}
		}
	}
}

// split groups items by period and the named dims. Groups of nothing but common exclusions vanish.
func split(items []item, starts []string, grain string, names []string, some bool) []*group {
	groups := map[string]*group{}
	var order []*group
	for i, it := range items {
		if it.at.IsZero() && grain != total {
			continue
		}
		key := starts[i]
		for _, n := range names {
			key += "\x00" + it.dims[n]
		}
		g := groups[key]
		if g == nil {
			g = &group{grain: grain, start: starts[i], dims: dims{}, left: map[string]int64{}}
			for _, n := range names {
				g.dims[n] = it.dims[n]
			}
			groups[key] = g
			order = append(order, g)
		}
		if it.line != "" {
			if g.lines == nil {
				g.lines = map[string]bool{}
			}
			if g.lines[it.line] {
				continue
			}
			g.lines[it.line] = true
		}
		if it.out != "" {
			g.left[it.out]++
		} else {
			g.items = append(g.items, it)
		}
	}
	return slices.DeleteFunc(order, func(g *group) bool {
		for reason := range g.left {
			if !common(reason) && !some {
				return false
			}
		}
		return len(g.items) == 0
	})
}

// add makes the row of a group.
func (c *calc) add(m metric, g *group, value func(g *group, r *Row)) {
	r := Row{Metric: m.id, Grain: g.grain, PeriodStart: g.start, Dims: dimsJSON(g.dims), Unit: m.unit, N: int64(len(g.items)), Excluded: g.left}
	for _, n := range g.left {
		r.NExcluded += n
	}
	value(g, &r)
	if r.Status == "" {
		r.Status = ok
		switch {
		case r.Value == nil && m.unit != inText:
			r.Status = noData
		case g.grain != total && m.mature != nil && c.clock.asOf.Before(m.mature(g)):
			r.Status = immature
		case m.few && r.N < c.data.Param.MinN:
			r.Status = lowN
		}
	}
	c.out = append(c.out, r)
}

// share makes the value of a ratio of counts.
func share(g *group, r *Row) {
	yes := int64(0)
	for _, i := range g.items {
		if i.yes {
			yes++
		}
	}
	r.Numerator, r.Denominator = whole(yes), whole(int64(len(g.items)))
	r.Value = over(r.Numerator, r.Denominator)
}

// Sort puts rows in the order of their keys.
func Sort(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Grain, b.Grain), cmp.Compare(a.PeriodStart, b.PeriodStart), cmp.Compare(a.Dims, b.Dims))
	})
}
