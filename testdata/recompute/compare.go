package recompute

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Diff is a field in which the two computations disagree about a row, or a row that only one of them has.
type Diff struct {
	Metric string
	Key    string
	Field  string // "row" for a row that one side lacks
	Got    string
	Want   string
}

func (d Diff) String() string {
	return fmt.Sprintf("%s %s: got %s, want %s", d.Key, d.Field, d.Got, d.Want)
}

const absent = "(no row)"

// offer is a combination of a metric, a grain and names of dims: what is asked for, whatever the answer.
type offer struct{ metric, grain, cut string }

func offerOf(r Row) offer {
	d := dims{}
	_ = json.Unmarshal([]byte(r.Dims), &d) // written by dimsJSON
	return offer{r.Metric, r.Grain, strings.Join(slices.Sorted(maps.Keys(d)), ",")}
}

// Compare gives every difference between two computations. Cuts and grains that only one side offers at all are no
// difference of values: Offers names them.
func Compare(got, want []Row) []Diff {
	common := map[offer]bool{}
	for o, sides := range offers(got, want) {
		common[o] = sides[0] && sides[1]
	}
	find := map[string]Row{}
	for _, r := range got {
		find[r.Key()] = r
	}
	var out []Diff
	for _, w := range want {
		if !common[offerOf(w)] {
			continue
		}
		g, ok := find[w.Key()]
		if !ok {
			out = append(out, Diff{w.Metric, w.Key(), "row", absent, w.brief()})
			continue
		}
		delete(find, w.Key())
		out = append(out, fields(g, w)...)
	}
	for _, g := range find {
		if common[offerOf(g)] {
			out = append(out, Diff{g.Metric, g.Key(), "row", g.brief(), absent})
		}
	}
	slices.SortFunc(out, func(a, b Diff) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Field, b.Field)) })
	return out
}

func offers(got, want []Row) map[offer][2]bool {
	out := map[offer][2]bool{}
	for side, rows := range [][]Row{got, want} {
		for _, r := range rows {
			o := offerOf(r)
			sides := out[o]
			sides[side] = true
			out[o] = sides
		}
	}
	return out
}

// Offers names the metrics, grains and cuts that only one side has, one line for each metric.
func Offers(got, want []Row) (onlyGot, onlyWant []string) {
	lists := [2]map[string][]string{{}, {}}
	for o, sides := range offers(got, want) {
		if sides[0] != sides[1] {
			side := 0
			if sides[1] {
				side = 1
			}
			lists[side][o.metric] = append(lists[side][o.metric], o.grain+" by ["+o.cut+"]")
		}
	}
	lines := func(m map[string][]string) []string {
		var out []string
		for _, id := range slices.Sorted(maps.Keys(m)) {
			slices.Sort(m[id])
			out = append(out, id+": "+strings.Join(m[id], "; "))
		}
		return out
	}
	return lines(lists[0]), lines(lists[1])
}

func (r Row) brief() string {
	return fmt.Sprintf("%s %s n=%d censored=%d excluded=%v", shown(r), r.Status, r.N, r.NCensored, r.Excluded)
}

func shown(r Row) string {
	if r.Unit == inText {
		return r.Text
	}
	return text(r.Value)
}

func text(v *big.Rat) string {
	if v == nil {
		return "null"
	}
	return strings.TrimSuffix(strings.TrimRight(v.FloatString(6), "0"), ".")
}

// fields compares two rows of one key.
func fields(g, w Row) []Diff {
	var out []Diff
	add := func(field string, same bool, got, want string) {
		if !same {
			out = append(out, Diff{w.Metric, w.Key(), field, got, want})
		}
	}
	number := func(field string, a, b, tolerance *big.Rat) { add(field, near(a, b, tolerance), text(a), text(b)) }
	double, exact, sixPlaces := tolerances(w)
	add("unit", g.Unit == w.Unit, g.Unit, w.Unit)
	add("status", g.Status == w.Status, g.Status, w.Status)
	number("value", g.Value, w.Value, double)
	add("text", g.Text == w.Text, g.Text, w.Text)
	number("numerator", g.Numerator, w.Numerator, sixPlaces)
	number("denominator", g.Denominator, w.Denominator, sixPlaces)
	number("lower_bound", g.LowerBound, w.LowerBound, double)
	number("projected_base", g.Projected, w.Projected, exact)
	count := func(field string, a, b int64) { add(field, a == b, fmt.Sprint(a), fmt.Sprint(b)) }
	count("n", g.N, w.N)
	count("n_censored", g.NCensored, w.NCensored)
	count("n_excluded", g.NExcluded, w.NExcluded)
	add("excluded", maps.Equal(g.Excluded, w.Excluded), fmt.Sprint(g.Excluded), fmt.Sprint(w.Excluded))
	return out
}

// tolerances are how far apart two equal numbers may lie by the way in which they are stored: values of money and counts not at
// all, other values by the digits that a double lacks, parts of ratios by their sixth decimal.
func tolerances(w Row) (value, exact, sixPlaces *big.Rat) {
	value, exact, sixPlaces = new(big.Rat), new(big.Rat), big.NewRat(1, 1_900_000)
	if w.Value != nil && w.Unit != inMoney && w.Unit != inCount || w.LowerBound != nil {
		size := new(big.Rat)
		for _, v := range []*big.Rat{w.Value, w.LowerBound} {
			if v != nil {
				size = larger(size, new(big.Rat).Abs(v))
			}
		}
		value = times(size, big.NewRat(1, 1_000_000_000))
	}
	return value, exact, sixPlaces
}

func near(a, b, tolerance *big.Rat) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return new(big.Rat).Abs(minus(a, b)).Cmp(tolerance) <= 0
}

// Report groups differences by metric and field: how many in which cuts, and some examples.
func Report(diffs []Diff, examples int) string {
	type kind struct{ metric, field string }
	groups := map[kind][]Diff{}
	for _, d := range diffs {
		k := kind{d.Metric, d.Field}
		groups[k] = append(groups[k], d)
	}
	kinds := slices.SortedFunc(maps.Keys(groups), func(a, b kind) int { return cmp.Or(cmp.Compare(a.metric, b.metric), cmp.Compare(a.field, b.field)) })
	var b strings.Builder
	last := ""
	for _, k := range kinds {
		if k.metric != last {
			fmt.Fprintf(&b, "%s\n", k.metric)
			last = k.metric
		}
		fmt.Fprintf(&b, "  %s: %d (%s)\n", k.field, len(groups[k]), byCut(groups[k]))
		for _, d := range spread(groups[k], examples) {
			fmt.Fprintf(&b, "    %s: got %s, want %s\n", strings.TrimPrefix(d.Key, d.Metric+"|"), d.Got, d.Want)
		}
	}
	return b.String()
}

func (d Diff) cut() string {
	parts := strings.SplitN(d.Key, "|", 4)
	return parts[1] + " " + offerOf(Row{Dims: parts[3]}).cut
}

// byCut counts differences by grain and cut.
func byCut(list []Diff) string {
	counts := map[string]int{}
	for _, d := range list {
		counts[d.cut()]++
	}
	var out []string
	for _, cut := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, fmt.Sprintf("%s %d", cut, counts[cut]))
	}
	return strings.Join(out, ", ")
}

// spread takes some of a list, from its beginning to its end.
func spread(list []Diff, n int) []Diff {
	if len(list) <= n {
		return list
	}
	var out []Diff
	for i := range n {
		out = append(out, list[i*len(list)/n])
	}
	return out
}
