package project_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source/kinds"
)

// anything is an environment in which every variable is set.
func anything(string) (string, bool) { return "something", true }

// TestEveryStartIsSound loads each project that can be begun with.
func TestEveryStartIsSound(t *testing.T) {
	require.NotEmpty(t, project.Starts())
	for _, from := range project.Starts() {
		files, err := project.Templates(from)
		require.NoError(t, err)
		p, err := project.LoadFiles(files, project.Options{Dir: t.TempDir(), Env: anything})
		require.NoError(t, err, from)
		require.NotEmpty(t, p.Config.Maps, from)
	}
	_, err := project.Templates("salesforze")
	require.ErrorContains(t, err, `nothing begins with "salesforze"`)
}

// TestEveryTypeOfSourceHasItsPage wants a page that names all keys of the type; those that all types have are on a page of their own.
func TestEveryTypeOfSourceHasItsPage(t *testing.T) {
	common, err := os.ReadFile("../../docs/sources.md")
	require.NoError(t, err)
	for _, kind := range kinds.Names() {
		page, err := os.ReadFile("../../docs/source-" + kind + ".md")
		require.NoError(t, err)
		require.Contains(t, string(common), "(source-"+kind+".md)")
		found := map[string]bool{}
		keys(reflect.TypeOf(kinds.New(kind)), found)
		require.Greater(t, len(found), 10)
		for name := range found {
			if !strings.Contains(string(common), "`"+name+"`") {
				require.Contains(t, string(page), "`"+name+"`", "docs/source-%s.md must say what %s is", kind, name)
			}
		}
	}
}

// TestConfigurationsOfThePagesWorkAsPasted puts each example that begins with sources: or is a whole file into a project.
func TestConfigurationsOfThePagesWorkAsPasted(t *testing.T) {
	pages, err := filepath.Glob("../../docs/source-*.md")
	require.NoError(t, err)
	tried := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, example := range block.FindAllStringSubmatch(string(text), -1) {
			config := example[1]
			if !strings.HasPrefix(config, "sources:") && !strings.Contains(config, "\nsources:") {
				continue
			}
			if !strings.Contains(config, "version:") {
				config = "version: 1\nproject: acme\n" + config
			}
			if !strings.Contains(config, "reporting:") {
				config += "reporting: {time_zone: UTC, currency: EUR}\n"
			}
			_, err := project.LoadFiles(map[string][]byte{project.File: []byte(config)}, project.Options{Dir: t.TempDir(), Env: anything})
			require.NoError(t, err, "%s:\n%s", page, config)
			tried++
		}
	}
	require.GreaterOrEqual(t, tried, len(kinds.Names()))
}
