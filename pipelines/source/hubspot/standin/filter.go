package standin

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// filter is a condition of a search.
type filter struct {
	PropertyName string   `json:"propertyName"`
	Operator     string   `json:"operator"`
	Value        string   `json:"value"`
	HighValue    string   `json:"highValue"`
	Values       []string `json:"values"`
}

// check says what of a filter HubSpot refuses; p is its property, nil when there is none.
func (f filter) check(p *Property) error {
	switch f.Operator {
	case "HAS_PROPERTY", "NOT_HAS_PROPERTY":
	case "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN":
		if f.Value == "" {
			return problem("operator %s requires a value", f.Operator)
		}
	case "BETWEEN":
		if f.Value == "" || f.HighValue == "" {
			return problem("operator BETWEEN requires value and highValue")
		}
	case "IN", "NOT_IN":
		if len(f.Values) == 0 {
			return problem("operator %s requires values", f.Operator)
		}
	default:
		return invalid("Invalid input JSON on line 1, column 1: Cannot build Filter, %q is no operator", f.Operator)
	}
	if p == nil {
		return problem("filters: Property %q does not exist", f.PropertyName)
	}
	return nil
}

// holds is whether a value passes; "" is no value, which only NOT_HAS_PROPERTY passes.
func (f filter) holds(typ, value string) bool {
	if value == "" || f.Operator == "HAS_PROPERTY" || f.Operator == "NOT_HAS_PROPERTY" {
		return (f.Operator == "NOT_HAS_PROPERTY") == (value == "")
	}
	switch f.Operator {
	case "EQ":
		return compare(typ, value, f.Value) == 0
	case "NEQ":
		return compare(typ, value, f.Value) != 0
	case "LT":
		return compare(typ, value, f.Value) < 0
	case "LTE":
		return compare(typ, value, f.Value) <= 0
	case "GT":
		return compare(typ, value, f.Value) > 0
	case "GTE":
		return compare(typ, value, f.Value) >= 0
	case "BETWEEN":
		return compare(typ, value, f.Value) >= 0 && compare(typ, value, f.HighValue) <= 0
	case "IN":
		return f.lists(typ, value)
	case "NOT_IN":
		return !f.lists(typ, value)
	case "CONTAINS_TOKEN":
		return contains(value, f.Value)
	default: // NOT_CONTAINS_TOKEN: check knows no other
		return !contains(value, f.Value)
	}
}

// lists is whether a value is among those listed, which HubSpot wants in lower case when the property is text.
func (f filter) lists(typ, value string) bool {
	return slices.ContainsFunc(f.Values, func(listed string) bool {
		if typ == "string" {
			return strings.ToLower(value) == listed
		}
		return compare(typ, value, listed) == 0
	})
}

// weight is a value as it is compared: numbers and times by what they are, text without case, enumerations with it.
type weight struct {
	number  float64
	counted bool // number says it
	text    string
}

func weigh(typ, value string) weight {
	switch typ {
	case "number":
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			return weight{number, true, value}
		}
	case "date", "datetime":
		if ms, ok := parseInstant(value); ok {
			return weight{float64(ms), true, value}
		}
	case "enumeration":
		return weight{text: value}
	}
	return weight{text: strings.ToLower(value)}
}

// compare puts what is no number of a property that became one behind the numbers.
func (w weight) compare(other weight) int {
	switch {
	case w.counted && other.counted:
		return cmp.Compare(w.number, other.number)
	case w.counted:
		return -1
	case other.counted:
		return 1
	default:
		return strings.Compare(w.text, other.text)
	}
}

func compare(typ, a, b string) int { return weigh(typ, a).compare(weigh(typ, b)) }

// contains is whether every token wanted is one of the value's; a * stands for any letters at an end.
func contains(value, wanted string) bool {
	have := tokens(value)
	for word := range strings.FieldsSeq(strings.ToLower(wanted)) {
		pieces := tokens(word)
		head, tail := strings.HasSuffix(word, "*"), strings.HasPrefix(word, "*")
		for i, piece := range pieces {
			head, tail := head && i == len(pieces)-1, tail && i == 0
			if !slices.ContainsFunc(have, func(token string) bool {
				return token == piece || head && strings.HasPrefix(token, piece) || tail && strings.HasSuffix(token, piece)
			}) {
				return false
			}
		}
	}
	return true
}

// tokens are the words of a text, in lower case.
func tokens(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
