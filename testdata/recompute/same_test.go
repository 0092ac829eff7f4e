package recompute_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/testdata/generator"
)

// The demo vendor, and worlds in which the rare is common and events coincide, give the same rows by both computations:
// money and counts exactly, other values to the digits that a double keeps.
func TestSameFigures(t *testing.T) {
	odd := func(seed uint64) func(dir string) error {
		return func(dir string) error { return generator.WriteOdd(dir, seed, 300) }
	}
	for name, w := range map[string]struct {
		write func(dir string) error
		asOf  string
	}{
		"demo":                          {demo.Write, "2026-09-30"},
		"demo in the middle of a month": {demo.Write, "2026-05-14"},
		"odd world":                     {odd(1), "2026-09-30"},
		"another odd world, mid-year":   {odd(2), "2026-03-17"},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				t.Skip("builds a warehouse")
			}
			dir := t.TempDir()
			require.NoError(t, w.write(dir))
			got, want := night(t, dir, w.asOf)
			require.NotEmpty(t, got)
			agree(t, got, want)
		})
	}
}
