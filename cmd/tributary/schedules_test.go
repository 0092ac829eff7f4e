package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// example is the block of code in docs/operations.md that begins so.
func example(t *testing.T, begins string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```[a-z]*\n(" + regexp.QuoteMeta(begins) + ".*?)```").FindSubmatch(page)
	require.NotNil(t, found, begins)
	return string(found[1])
}

func write(t *testing.T, path, text string) {
	t.Helper()
	mode := os.FileMode(0o600)
	if strings.HasPrefix(text, "#!") {
		mode = 0o700
	}
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
}

// TestSystemdExample lets systemd itself read the units of the page.
func TestSystemdExample(t *testing.T) {
	t.Parallel()
	verify, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	service, timer := filepath.Join(dir, "tributary.service"), filepath.Join(dir, "tributary.timer")
	write(t, service, strings.ReplaceAll(example(t, "[Unit]\nDescription=Tributary night"), "/usr/local/bin/tributary", self))
	write(t, timer, example(t, "[Unit]\nDescription=Tributary every night"))
	out, err := exec.CommandContext(t.Context(), verify, "verify", service, timer).CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotContains(t, string(out), "tributary.", "it warns of these units")
}

// TestCronExample runs the script of the page with programs that end as they are told to.
func TestCronExample(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		codes string // of the tries, the last one from then on
		tries int
		ends  int
	}{
		"well at once":           {"0", 1, 0},
		"without accruals":       {"4", 1, 4},
		"bad data":               {"3", 1, 3},
		"a fault":                {"1", 1, 1},
		"locked, then well":      {"6 6 0", 3, 0},
		"full disk to the end":   {"5", 6, 5},
		"full disk and bad data": {"5 3", 2, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "night"), example(t, "#!/bin/sh\n"))
			write(t, filepath.Join(dir, "codes"), strings.ReplaceAll(c.codes, " ", "\n")+"\n")
			write(t, filepath.Join(dir, "tributary"), `#!/bin/sh
echo "$*" >>tries
code=$(sed -n "$(wc -l <tries)p" codes)
exit "${code:-$(tail -n 1 codes)}"
`)
			write(t, filepath.Join(dir, "sleep"), "#!/bin/sh\necho \"$1\" >>slept\n")
			cmd := exec.CommandContext(t.Context(), "sh", "./night")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if c.ends == 0 {
				require.NoError(t, err, string(out))
			}
			require.Equal(t, c.ends, cmd.ProcessState.ExitCode(), string(out))
			lines := func(file string) int {
				text, err := os.ReadFile(filepath.Join(dir, file))
				if os.IsNotExist(err) {
					return 0
				}
				require.NoError(t, err)
				return strings.Count(string(text), "\n")
			}
			require.Equal(t, c.tries, lines("tries"))
			require.Equal(t, c.tries-1, lines("slept"))
		})
	}
}
