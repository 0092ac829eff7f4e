package report

import "github.com/tributary-data/tributary/transforms/catalogue"

// revenue is what the partner sourced and influenced by quarter, and whether it was active.
type revenue struct {
	Missing string
	Chart   chart
	Rows    []revenueLine
}

type revenueLine struct{ Quarter, Sourced, Influenced, Active, Registering string }

func (d *reader) revenue() (revenue, error) {
	t, err := d.read("quarter", nil, "REV-1", "REV-3", "ACT-1", "ACT-2")
	if err != nil {
		return revenue{}, err
	}
	out := revenue{Missing: d.unsourced(t, "REV-1")}
	if out.Missing != "" {
		return out, nil
	}
	parts := []series{{Name: "Sourced", Color: sourcedColor}, {Name: "Influenced", Color: influencedColor}}
	var cols []column
	for _, q := range d.quarters {
		cols = append(cols, column{Label: q.Label, Running: !q.Ended})
		for j, id := range []string{"REV-1", "REV-3"} {
			amount, _ := t.at(id, q.key()).Value.Float()
			parts[j].Values = append(parts[j].Values, amount)
		}
		out.Rows = append(out.Rows, revenueLine{
			q.Label, figure(t.at("REV-1", q.key())), figure(t.at("REV-3", q.key())), yes(t.at("ACT-1", q.key())), yes(t.at("ACT-2", q.key())),
		})
	}
	out.Chart = stacked("revenue", "Closed-won revenue that the partner sourced and influenced, by quarter", 400, cols, parts, short)
	return out, nil
}

// yes writes the activation of a single partner, a share of one.
func yes(r catalogue.Row) string {
	v, ok := r.Value.Float()
	switch {
	case !ok:
		return none
	case v > 0:
		return "yes"
	}
	return "no"
}
