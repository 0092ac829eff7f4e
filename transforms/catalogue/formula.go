package catalogue

import "fmt"

// FormulaPart is one named piece of a definition.
type FormulaPart struct {
	Name string `json:"name"`
	SQL  string `json:"sql"`
}

// Formula is the definition in its parts, in reading order.
func (m *Metric) Formula() []FormulaPart {
	var out []FormulaPart
	add := func(name, text string) {
		if text != "" {
			out = append(out, FormulaPart{name, text})
		}
	}
	add("population", m.Where)
	if m.Excluded != "" {
		add("left out, with the reason", m.Excluded)
	}
	switch m.Kind {
	case Aggregate, Text:
		add("value", m.Value)
		add("numerator", m.Numerator)
		add("denominator", m.Denominator)
	case Ratio:
		add("numerator", m.Numerator)
		add("denominator", m.Denominator+m.scope())
	case Quantile:
		add("value", fmt.Sprintf("quantile %s of %s, interpolated", m.P, m.Of))
	case Mean:
		add("value", "mean of "+m.Of)
	case Survival:
		add("duration", m.Duration)
		add("observed, else censored", m.Observed)
		if m.Tau != "" {
			add("value", fmt.Sprintf("area under the Kaplan–Meier curve up to %s seconds", m.Tau))
		} else {
			add("value", "Kaplan–Meier quantile "+m.P)
		}
	case RatioOfMedians:
		add("numerator", fmt.Sprintf("median of %s where %s", m.Of, m.NumeratorWhere))
		add("denominator", fmt.Sprintf("median of %s where %s", m.Of, m.DenominatorWhere)+m.scope())
	case SumDistinct:
		add("value", fmt.Sprintf("sum of %s, each %s once", m.Of, m.Distinct))
	}
	n := m.N
	if n == "" {
		n = m.defaultN()
	}
	add("n", n)
	add("censored", m.NCensored)
	add("projected base", m.ProjectedBase)
	add("immature until the period's end plus (seconds)", m.MaturitySeconds)
	add("status", m.Status)
	return out
}

// scope says where a denominator does not follow the cut.
func (m *Metric) scope() string {
	switch {
	case m.DenominatorOfTotal:
		return ", over the whole period without any cut"
	case m.DenominatorUncut:
		return ", over the whole period whatever the cut"
	}
	return ""
}
