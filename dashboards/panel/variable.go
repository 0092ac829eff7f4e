package panel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Variable is a template variable of a dashboard.
type Variable struct {
	Name       string          `json:"name"`
	Label      string          `json:"label"`
	Type       string          `json:"type"`
	Query      json.RawMessage `json:"query"`
	Regex      string          `json:"regex"`
	Sort       int             `json:"sort"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   string          `json:"allValue"`
	Hide       int             `json:"hide"`
	Current    struct {
		Value json.RawMessage `json:"value"`
	} `json:"current"`
}

// Option is one of a variable's values.
type Option struct{ Text, Value string }

// all is the value that stands for every option.
const all = "$__all"

// All chooses every option of a variable.
const All = all

// hidden is a variable that does not show at all.
const hidden = 2

// Resolve gives every variable its value as Grafana does when the dashboard is opened, with what is chosen in the address. A variable
// whose query names others comes after them.
func (s Session) Resolve(ctx context.Context, d Dashboard, chosen map[string][]string) (Values, error) {
	within, err := rangeOf(d.Time.From, d.Time.To, s.Now)
	if err != nil {
		return nil, err
	}
	out := Values{}
	waiting := slices.Clone(d.Templating.List)
	for len(waiting) > 0 {
		next := slices.IndexFunc(waiting, func(v Variable) bool {
			return !slices.ContainsFunc(waiting, func(w Variable) bool { return w.Name != v.Name && v.names(w.Name) })
		})
		if next < 0 {
			return nil, fmt.Errorf("dashboard %s: variable %s and others wait for each other", d.UID, waiting[0].Name)
		}
		v := waiting[next]
		options, err := s.options(ctx, v, out, within)
		if err == nil {
			out[v.Name], err = v.choose(options, chosen[v.Name])
		}
		if err != nil {
			return nil, fmt.Errorf("dashboard %s: variable %s: %w", d.UID, v.Name, err)
		}
		waiting = slices.Delete(waiting, next, next+1)
	}
	return out, nil
}

// Options lists what a variable offers where the others have these values.
func (s Session) Options(ctx context.Context, d Dashboard, name string, values Values) ([]Option, error) {
	within, err := rangeOf(d.Time.From, d.Time.To, s.Now)
	if err != nil {
		return nil, err
	}
	for _, v := range d.Templating.List {
		if v.Name == name {
			return s.options(ctx, v, values, within)
		}
	}
	return nil, fmt.Errorf("dashboard %s has no variable %s", d.UID, name)
}

// text is the query of the variable.
func (v Variable) text() (string, error) {
	var text string
	if json.Unmarshal(v.Query, &text) == nil {
		return text, nil
	}
	var object struct{ Query, RawSQL string }
	if err := json.Unmarshal(v.Query, &object); err != nil {
		return "", fmt.Errorf("its query cannot be read: %w", err)
	}
	return object.RawSQL + object.Query, nil
}

func (v Variable) names(other string) bool {
	text, _ := v.text() // told when it is run
	for _, part := range reference.FindAllStringSubmatch(text, -1) {
		if part[1]+part[2]+part[4] == other {
			return v.Type == "query"
		}
	}
	return false
}

func (s Session) options(ctx context.Context, v Variable, values Values, within Range) ([]Option, error) {
	text, err := v.text()
	if err != nil {
		return nil, err
	}
	switch v.Type {
	case "query":
		return s.queried(ctx, v, text, values, within)
	case "custom", "interval":
		return listed(text), nil
	case "constant":
		return []Option{{Text: text, Value: text}}, nil
	case "textbox":
		text = strings.Join(v.current(), "")
		return []Option{{Text: text, Value: text}}, nil
	case "datasource": // the one that is provisioned
		return []Option{{Text: "Tributary", Value: "tributary"}}, nil
	}
	return nil, fmt.Errorf("type %q is not known here", v.Type)
}

func (s Session) queried(ctx context.Context, v Variable, text string, values Values, within Range) ([]Option, error) {
	if v.Regex != "" || v.Sort > 0 {
		return nil, errors.New("a regex or an order beside the query is not done here: write it into the SQL")
	}
	result, err := s.run(ctx, Target{RefID: v.Name, Format: Table, RawSQL: text}, values, within)
	if err != nil {
		return nil, err
	}
	var texts, keys []any
	for _, f := range result.Frame.Fields {
		switch {
		case f.Name == "__text":
			texts = f.Values
		case f.Name == "__value":
			keys = f.Values
		}
	}
	if texts == nil || keys == nil {
		texts = nil
		for _, f := range result.Frame.Fields {
			texts = append(texts, f.Values...)
		}
		keys = texts
	}
	var out []Option
	for i := range texts {
		if texts[i] == nil || keys[i] == nil {
			return nil, errors.New("an option is null")
		}
		o := Option{Text: script(texts[i]), Value: script(keys[i])}
		if !slices.ContainsFunc(out, func(x Option) bool { return x.Text == o.Text }) { // Grafana keeps the first of one text
			out = append(out, o)
		}
	}
	return out, nil
}

// script writes a value as the front end's language does.
func script(value any) string {
	if n, ok := value.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

var (
	item = regexp.MustCompile(`(?:\\,|[^,])+`)
	pair = regexp.MustCompile(`(?s)^\s*(.+)\s:\s(.+)$`)
)

// listed reads the list of a custom variable: a, b : c.
func listed(text string) []Option {
	var out []Option
	for _, piece := range item.FindAllString(text, -1) {
		piece = strings.ReplaceAll(piece, `\,`, ",")
		if part := pair.FindStringSubmatch(piece); part != nil {
			out = append(out, Option{Text: strings.TrimSpace(part[1]), Value: strings.TrimSpace(part[2])})
			continue
		}
		out = append(out, Option{Text: strings.TrimSpace(piece), Value: strings.TrimSpace(piece)})
	}
	return out
}

// current is the value that the dashboard was saved with.
func (v Variable) current() []string {
	var one string
	if json.Unmarshal(v.Current.Value, &one) == nil {
		return []string{one}
	}
	var several []string
	_ = json.Unmarshal(v.Current.Value, &several) // none is saved
	return several
}

// choose takes what is chosen, else what was saved, else the first option.
func (v Variable) choose(options []Option, chosen []string) (Value, error) {
	out := Value{Name: v.Name, Label: v.Label, List: v.Multi, Hidden: v.Hide == hidden, offerAll: v.IncludeAll || v.Multi, Texts: []string{}, Values: []string{}}
	wanted := v.current()
	if len(chosen) > 0 {
		wanted = chosen
	}
	if slices.Contains(wanted, all) && v.IncludeAll {
		return v.every(out, options), nil
	}
	for _, o := range options {
		if slices.Contains(wanted, o.Value) {
			out.Texts, out.Values = append(out.Texts, o.Text), append(out.Values, o.Value)
		}
	}
	switch {
	case len(chosen) > 0 && len(out.Values) != len(chosen):
		return out, fmt.Errorf("%q is not among its options", chosen)
	case len(out.Values) > 0:
	case v.IncludeAll:
		return v.every(out, options), nil
	case len(options) > 0:
		out.Texts, out.Values = []string{options[0].Text}, []string{options[0].Value}
	case !v.Multi:
		out.Texts, out.Values = []string{""}, []string{""}
	}
	return out, nil
}

func (v Variable) every(out Value, options []Option) Value {
	out.List, out.Texts = true, []string{"All"}
	if v.AllValue != "" {
		out.Raw, out.Values = true, []string{v.AllValue}
		return out
	}
	for _, o := range options {
		out.Values = append(out.Values, o.Value)
	}
	return out
}
