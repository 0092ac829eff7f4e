package push

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// changes are the differences between a dashboard that is there and one that takes its place, panel by panel.
func changes(there, next map[string]any) []string {
	var out []string
	if fields := differing(own(there), own(next), "panels", "schemaVersion"); len(fields) > 0 {
		out = append(out, "~ dashboard: "+strings.Join(fields, ", "))
	}
	before, after := panels(there), panels(next)
	pairs := pair(before, after)
	for i, p := range after {
		j, found := pairs[i]
		if !found {
			out = append(out, "+ "+label(p))
			continue
		}
		fields := differing(before[j], p, "id", "panels", "pluginVersion")
		switch title := before[j]["title"]; {
		case len(fields) == 0:
		case title != p["title"]:
			out = append(out, fmt.Sprintf("~ %s, which was %q: %s", label(p), title, strings.Join(fields, ", ")))
		default:
			out = append(out, "~ "+label(p)+": "+strings.Join(fields, ", "))
		}
	}
	kept := map[int]bool{}
	for _, j := range pairs {
		kept[j] = true
	}
	for j, p := range before {
		if !kept[j] {
			out = append(out, "- "+label(p))
		}
	}
	return out
}

func label(p map[string]any) string {
	if p["type"] == "row" {
		return fmt.Sprintf("row %q", p["title"])
	}
	return fmt.Sprintf("panel %q", p["title"])
}

// panels of a dashboard, those of collapsed rows too.
func panels(d map[string]any) []map[string]any {
	var out []map[string]any
	list, _ := d["panels"].([]any)
	for _, one := range list {
		if p, ok := one.(map[string]any); ok {
			out = append(out, p)
			out = append(out, panels(p)...)
		}
	}
	return out
}

// pair finds for each new panel the one that it was: by kind and title, then by id, because a panel that is put in moves the ids of all after it.
func pair(before, after []map[string]any) map[int]int {
	out, taken := map[int]int{}, map[int]bool{}
	match := func(same func(a, b map[string]any) bool) {
		for i, p := range after {
			if _, done := out[i]; done {
				continue
			}
			for j, old := range before {
				if !taken[j] && same(old, p) {
					out[i], taken[j] = j, true
					break
				}
			}
		}
	}
	match(func(a, b map[string]any) bool { return a["type"] == b["type"] && a["title"] == b["title"] })
	match(func(a, b map[string]any) bool { return a["type"] == b["type"] && a["id"] == b["id"] })
	return out
}

// differing are the names of the fields in which two objects differ, in words where there are any.
func differing(a, b map[string]any, but ...string) []string {
	words := map[string]string{"targets": "query", "gridPos": "place", "fieldConfig": "units, limits and colours", "templating": "variables", "options": "drawing"}
	names := map[string]bool{}
	for _, side := range []map[string]any{a, b} {
		for name := range maps.Keys(side) {
			if !slices.Contains(but, name) && !reflect.DeepEqual(a[name], b[name]) {
				if word := words[name]; word != "" {
					name = word
				}
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
