package unittest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Update writes what the models gave into the tests that failed, in place of the expected rows; the rest of each file stays as it is. open
// gives the path on disk of a file as tests name it. It returns the files written.
func Update(results Results, open func(file string) string) ([]string, error) {
	byFile := map[string]Results{}
	for _, r := range results {
		if !r.Passed() && r.columns != nil {
			byFile[r.Test.At.File] = append(byFile[r.Test.At.File], r)
		}
	}
	var written []string
	for file, failed := range byFile {
		path := filepath.Clean(open(file))
		text, err := os.ReadFile(path)
		if err != nil {
			return written, fmt.Errorf("update %s: %w", file, err)
		}
		updated, err := rewrite(strings.Split(string(text), "\n"), failed)
		if err != nil {
			return written, fmt.Errorf("update %s: %w", file, err)
		}
		if err := os.WriteFile(path, []byte(strings.Join(updated, "\n")), 0o644); err != nil { //nolint:gosec // a source file, readable as its neighbours
			return written, fmt.Errorf("update %s: %w", file, err)
		}
		written = append(written, file)
	}
	sort.Strings(written)
	return written, nil
}

// rewrite replaces the lists of expected rows, the last one first so that line numbers stay true.
func rewrite(lines []string, failed Results) ([]string, error) {
	sort.Slice(failed, func(i, j int) bool { return failed[i].Test.expect.Line > failed[j].Test.expect.Line })
	for _, r := range failed {
		first := r.Test.expect.Line - 1
		if first < 0 || first >= len(lines) || !strings.HasPrefix(strings.TrimLeft(lines[first], " -"), "expect:") {
			return nil, fmt.Errorf("test %s: write expect: on a line of its own", r.Test.Name)
		}
		end := blockEnd(lines, first, r.Test.indent)
		head := lines[first][:strings.Index(lines[first], "expect:")] + "expect:"
		lines = append(lines[:first:first], append(expectLines(head, r), lines[end:]...)...)
	}
	return lines, nil
}

// blockEnd is the line after the value of the key at line first.
func blockEnd(lines []string, first, keyIndent int) int {
	end := first + 1
	for i := first + 1; i < len(lines); i++ {
		body := strings.TrimLeft(lines[i], " ")
		depth := len(lines[i]) - len(body)
		switch {
		case body == "", strings.HasPrefix(body, "#"):
			continue
		case depth > keyIndent, depth == keyIndent && strings.HasPrefix(body, "-"):
			end = i + 1
		default:
			return end
		}
	}
	return end
}

func expectLines(head string, r Result) []string {
	if len(r.actual) == 0 {
		return []string{head + " []"}
	}
	out := []string{head}
	for _, values := range r.actual {
		cells := make([]string, len(values))
		for i, v := range values {
			cells[i] = r.columns[i] + ": " + yamlScalar(v)
		}
		out = append(out, strings.Repeat(" ", r.Test.indent+2)+"- {"+strings.Join(cells, ", ")+"}")
	}
	return out
}

var (
	plain    = regexp.MustCompile(`^[A-Za-z0-9_.+-]([A-Za-z0-9_./+: -]*[A-Za-z0-9_./+-])?$`)
	nullLike = regexp.MustCompile(`^(?i:null|~)$`)
)

func yamlScalar(v sql.NullString) string {
	switch {
	case !v.Valid:
		return "null"
	case plain.MatchString(v.String) && !nullLike.MatchString(v.String) && !strings.Contains(v.String, ": ") && !strings.HasPrefix(v.String, "- "):
		return v.String
	}
	return strconv.Quote(v.String)
}
