package project_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/project"
)

func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, project.Init(dir, ""))
	p, err := project.Load(dir)
	require.NoError(t, err)
	require.Equal(t, "my-channel", p.Config.Project.Value)
	builtin, err := load(t, map[string]string{project.File: small}, nil)
	require.NoError(t, err)
	require.Equal(t, builtin.Program.Accepted(), p.Program.Accepted(), "what init writes says what is built in")
	require.Equal(t, builtin.Config.Limits.Exceeded(21, 2000), p.Config.Limits.Exceeded(21, 2000))
}

func TestInitOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "program"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "program", "fx.yaml"), []byte("kind: mine\n"), 0o600))
	require.ErrorContains(t, project.Init(dir, ""), "program/fx.yaml: already there")
	require.NoFileExists(t, filepath.Join(dir, project.File))
	text, err := os.ReadFile(filepath.Join(dir, "program", "fx.yaml"))
	require.NoError(t, err)
	require.Equal(t, "kind: mine\n", string(text))
}

var emptyValue = regexp.MustCompile(` (\[\]|\{\})$`)

// uncommented makes the example lines, those that begin with # and two spaces, part of the file, as a user would: take the # off,
// and the empty value of the key above.
func uncommented(text string) string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if example, ok := strings.CutPrefix(line, "#"); ok && strings.HasPrefix(example, "  ") {
			line = example
			out[len(out)-1] = emptyValue.ReplaceAllString(out[len(out)-1], "")
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n") + "\n"
}

func TestExamplesOfTheTemplatesAreValid(t *testing.T) {
	templates, err := project.Templates("")
	require.NoError(t, err)
	files := map[string]string{}
	for name, text := range templates {
		files[name] = uncommented(string(text))
	}
	p, err := load(t, files, nil)
	require.NoError(t, err)
	require.Len(t, p.Streams(), 4)
	require.Len(t, p.Config.Maps, 2)
	require.Len(t, p.Program.Incentives.Programs, 3)
	require.Len(t, p.Program.Adjustments.Adjustments, 1)
	require.Len(t, p.Program.Adjustments.Overrides, 1)
	require.Len(t, p.Program.Calendars.Calendars, 1)
	require.Len(t, p.Program.FX.Rates, 1)
	require.Len(t, p.Program.Response.Policies, 6)
	require.Len(t, p.Program.Response.Ladder, 2)
}
