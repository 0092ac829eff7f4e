package generator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/generator"
)

// The same seed and size give the same bytes; another seed gives others.
func TestWriteCleanIsDeterministic(t *testing.T) {
	first, second, other := t.TempDir(), t.TempDir(), t.TempDir()
	require.NoError(t, generator.WriteClean(first, 7, 200))
	require.NoError(t, generator.WriteClean(second, 7, 200))
	require.NoError(t, generator.WriteClean(other, 8, 200))
	differ := false
	for name, want := range tree(t, first) {
		require.Equal(t, want, tree(t, second)[name], name)
		differ = differ || want != tree(t, other)[name]
	}
	require.True(t, differ)
}

// Small and odd worlds hold together too: keys are unique and what must be there is there.
func TestWriteOddHoldsTogether(t *testing.T) {
	for seed := range uint64(6) {
		dir := t.TempDir()
		require.NoError(t, generator.WriteOdd(dir, seed, []int{1, 7, 60, 300}[seed%4]))
		for entity, keys := range map[string][]string{
			"partner": {"partner_id"}, "lead": {"lead_id"}, "lead_assignment": {"assignment_id"}, "deal": {"deal_id"}, "deal_stage": {"deal_stage_id"},
			"deal_partner": {"deal_partner_id"}, "deal_registration": {"registration_id"}, "invoice": {"invoice_id"}, "activity": {"activity_id"},
			"partner_tier": {"partner_id", "valid_from"}, "partner_type": {"partner_id", "valid_from"}, "partner_status": {"partner_id", "valid_from"},
		} {
			seen := map[string]bool{}
			for _, row := range table(t, dir, entity) {
				key := ""
				for _, k := range keys {
					require.NotEmpty(t, row[k], "%s.%s", entity, k)
					key += row[k] + "|"
				}
				require.False(t, seen[key], "%s %s twice", entity, key)
				seen[key] = true
			}
		}
	}
}

// tree reads every file below a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	}))
	return out
}
