package catalogue

import "slices"

// Dims are all dimensions, in the order in which they are stored and printed.
func Dims() []string {
	return []string{"partner", "partner_type", "program_tier", "motion", "region", "program", "stage", "direction", "route"}
}

// Grains are all grains, from everything to the day.
func Grains() []string { return []string{"total", "year", "quarter", "month", "week", "day"} }

// set is one grain and one cut: the rows that one GROUP BY gives.
type set struct {
	grain string
	cut   []string // canonical order, always-dims included
}

// storedCuts are the cuts that the nightly table holds: uncut, and by each single dimension.
func (m *Metric) storedCuts() [][]string {
	out := [][]string{m.cut(nil)}
	for _, d := range inOrder(m.Dims) {
		out = append(out, m.cut([]string{d}))
	}
	return out
}

// storedSets are the groups that the nightly table holds: every grain of the stored cuts, but no partner by day or week. Those would be
// most of the table and are read one partner at a time: they are computed when asked for, with the same result.
func (m *Metric) storedSets() []set {
	return slices.DeleteFunc(setsOf(m.Grains, m.storedCuts()), func(s set) bool { return !m.stores(s) })
}

// groupSets are the groups that stand in a table of their own, metrics.group_value: by partner type and tier together, the pair by which
// rules are written and partners are alike. Sums over metric_value's single dimensions would count them twice.
func (m *Metric) groupSets() []set {
	if !slices.Contains(m.Dims, "partner_type") || !slices.Contains(m.Dims, "program_tier") {
		return nil
	}
	grains := slices.DeleteFunc(slices.Clone(m.Grains), func(g string) bool { return g != "total" && g != "quarter" })
	return setsOf(grains, [][]string{m.cut([]string{"partner_type", "program_tier"})})
}

// stores says whether the nightly table has a group.
func (m *Metric) stores(s set) bool {
	fine := s.grain == "day" || s.grain == "week"
	return len(s.cut) <= len(m.Always)+1 && !(fine && slices.Contains(s.cut, "partner"))
}

// cut is the full cut for the asked-for dimensions: those that are always there are added.
func (m *Metric) cut(by []string) []string {
	return inOrder(append(slices.Clone(m.Always), by...))
}

// inOrder gives known dimensions their canonical order, each once.
func inOrder(dims []string) []string {
	var out []string
	for _, d := range Dims() {
		if slices.Contains(dims, d) {
			out = append(out, d)
		}
	}
	return out
}

func setsOf(grains []string, cuts [][]string) []set {
	var out []set
	for _, g := range Grains() {
		if !slices.Contains(grains, g) {
			continue
		}
		for _, c := range cuts {
			out = append(out, set{grain: g, cut: c})
		}
	}
	return out
}

// grainsOf are the grains that sets name, in order.
func grainsOf(sets []set) []string {
	var out []string
	for _, s := range sets {
		if !slices.Contains(out, s.grain) {
			out = append(out, s.grain)
		}
	}
	return out
}

// dimsOf are the dimensions that sets name, in order.
func dimsOf(sets []set) []string {
	var all []string
	for _, s := range sets {
		all = append(all, s.cut...)
	}
	return inOrder(all)
}
