package report

import "fmt"

// verdict is the pack's first answer: what went up, what went down, what needs a word.
type verdict struct {
	Better, Worse []triple
	Watch         []string
}

// scorecard are the eight figures that say how a partner is doing.
func (d *reader) scorecard(v *pack) ([]triple, error) {
	t, err := d.read("quarter", nil, "REV-1", "REV-3", "CNV-10", "CNV-8", "RSP-7")
	if err != nil {
		return nil, err
	}
	out := []triple{d.own(t, "REV-1"), d.own(t, "REV-3"), d.own(t, "CNV-10"), d.own(t, "CNV-8")}
	if own := v.Response.own(); own != nil {
		out = append(out, own.pick("RSP-6"), own.pick("RSP-1"))
	}
	if len(t["RSP-7"]) > 0 {
		out = append(out, d.own(t, "RSP-7"))
	}
	if v.Statement.Missing == "" {
		out = append(out, v.Statement.Tile)
	}
	return out, nil
}

// judge puts the scorecard into words. Figures with too few cases are no news.
func judge(v *pack) verdict {
	var out verdict
	for _, t := range v.Tiles {
		if t.Weak {
			continue
		}
		if t.Value == none && t.Previous != none {
			out.Watch = append(out.Watch, fmt.Sprintf("%s: %s, %s in %s", t.Title, t.Note, t.Previous, t.PreviousName))
		}
		switch t.PreviousChange.Class {
		case "good":
			out.Better = append(out.Better, t)
		case "bad":
			out.Worse = append(out.Worse, t)
		}
	}
	if l := v.Response.Ladder; l.State != "" && l.State != none {
		out.Watch = append(out.Watch, fmt.Sprintf("SLA consequence: %s. %s", l.State, l.Next))
	} else if l.Next != "" && l.Misses != "0" {
		out.Watch = append(out.Watch, l.Next)
	}
	for _, p := range v.Statement.Programs {
		if p.Cliff != "" {
			out.Watch = append(out.Watch, fmt.Sprintf("%s: %s short of the next tier, worth %s more", p.Title, p.Distance, p.Cliff))
		}
	}
	if v.Statement.Forgone != "" {
		out.Watch = append(out.Watch, v.Statement.Forgone+" of commission forgone, for the reasons in the statement")
	}
	if n := v.Registrations.Pending; n > 0 {
		out.Watch = append(out.Watch, fmt.Sprintf("%d of the quarter's registrations still undecided", n))
	}
	return out
}
