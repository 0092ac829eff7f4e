package diag

import (
	"sort"
	"strings"
)

// Nearest is the candidate that the name was most likely meant to be, or "" when none is close.
func Nearest(name string, candidates []string) string {
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	want := fold(name)
	best, bestCost := "", 1+len(want)/3
	for _, c := range sorted {
		have := fold(c)
		cost := distance(want, have)
		if len(want) >= 3 && (strings.HasPrefix(have, want) || strings.HasSuffix(have, want)) {
			cost = min(cost, 1)
		}
		if cost < bestCost {
			best, bestCost = c, cost
		}
	}
	return best
}

// DidYouMean is Nearest as a hint; without a near name it lists the candidates when they are few.
func DidYouMean(name string, candidates []string) string {
	if n := Nearest(name, candidates); n != "" {
		return "did you mean " + n + "?"
	}
	if len(candidates) == 0 || len(candidates) > 20 {
		return ""
	}
	return "known: " + strings.Join(candidates, ", ")
}

// fold makes names that differ in case and separators alike.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return r
	}, strings.ToLower(s))
}

// distance is the optimal string alignment distance: edits and swaps of neighbours.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	older, prev, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, prev, row = prev, row, older
	}
	return prev[len(t)]
}
