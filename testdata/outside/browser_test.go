//go:build browser

package outside_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

//go:embed probe.html
var probe string

// element is a piece of the page as drawn.
type element struct {
	Text          string
	Width, Height int
}

// drawn is what probe.html found.
type drawn struct {
	Headings, Sections, Figures, Columns, Notes, Funnels []element
	Tables                                               []struct {
		element
		Rows, Empty int
	}
	Overflow     int
	Cut, Network []string
}

func TestReportIsDrawn(t *testing.T) {
	d := newDemo(t)
	report := filepath.Join(t.TempDir(), "report.html")
	d.tributary(t, "report", "--out", report)

	for _, width := range []string{"1200", "600"} {
		t.Run(width+" wide", func(t *testing.T) {
			page, said := draw(t, report, width)
			require.Empty(t, said, "the browser's console")
			require.Empty(t, page.Network, "the page asks the network")
			require.LessOrEqual(t, page.Overflow, 0, "the page is wider than the window")
			require.Empty(t, page.Cut, "cards that do not hold what is in them")

			require.Equal(t, []string{"auenfels: partner revenue", "auenfels: channel"}, texts(page.Headings))
			sections := strings.Join(texts(page.Sections), "\n")
			for _, section := range []string{
				"Closed-won revenue by class", "Accrued by program", "Largest partners", "Response time against SLA", "Stage conversion",
				"Deal velocity", "Partners under contract", "Activation",
			} {
				require.Contains(t, sections, section)
			}
			require.Len(t, page.Figures, 7)
			for _, figure := range page.Figures {
				require.Regexp(t, `^−?[0-9][0-9,.]*( %)?$`, figure.Text, "a tile without a figure")
			}
			require.Greater(t, len(page.Columns), 20, "columns of the chart")
			require.Greater(t, len(page.Funnels), 15, "steps of the funnels")
			require.Len(t, page.Tables, 10)
			for _, table := range page.Tables {
				require.Greater(t, table.Rows, 1, table.Text)
				require.Zero(t, table.Empty, table.Text)
				require.NotZero(t, table.Height, table.Text)
			}
			for _, part := range [][]element{page.Headings, page.Sections, page.Figures, page.Columns, page.Notes, page.Funnels} {
				for _, e := range part {
					require.Positive(t, e.Width*e.Height, "not to be seen: %s", e.Text)
				}
			}
		})
	}

	t.Run("print", func(t *testing.T) {
		pdf := filepath.Join(t.TempDir(), "report.pdf")
		chromium(t, "--print-to-pdf="+pdf, "file://"+report)
		content, err := os.ReadFile(pdf)
		require.NoError(t, err)
		pages := len(regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(content, -1))
		require.Equal(t, 3, pages, "one sheet for the CFO, two for the channel")
	})
}

// TestProbeSees proves that what the test above asks for can fail.
func TestProbeSees(t *testing.T) {
	page := filepath.Join(t.TempDir(), "bad.html")
	require.NoError(t, os.WriteFile(page, []byte(`<!doctype html><body><div style="width: 3000px">wide</div><h1 style="display: none">hidden</h1>
<img src="http://127.0.0.1:9/a.png"><script>undefined.call()</script></body>`), 0o600))
	found, said := draw(t, page, "1200")
	require.Contains(t, said, "TypeError")
	require.Contains(t, found.Network, "http://127.0.0.1:9/a.png")
	require.Positive(t, found.Overflow)
	require.Zero(t, found.Headings[0].Height)
}

var (
	result  = regexp.MustCompile(`(?s)<script type="application/json" id="probe">(.*?)</script>`)
	console = regexp.MustCompile(`(?m)^.*CONSOLE.*$`)
)

// draw loads a page with the probe at the end and returns what was drawn and what the console said.
func draw(t *testing.T, page, width string) (drawn, string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	probed := filepath.Join(t.TempDir(), "probed.html")
	require.NoError(t, os.WriteFile(probed, bytes.Replace(text, []byte("</body>"), []byte(probe+"</body>"), 1), 0o600))
	dom, said := chromium(t, "--window-size="+width+",2000", "--enable-logging=stderr", "--dump-dom", "file://"+probed)
	match := result.FindStringSubmatch(dom)
	require.NotNil(t, match, "the probe did not run\n%s", said)
	var found drawn
	require.NoError(t, json.Unmarshal([]byte(match[1]), &found))
	return found, strings.Join(console.FindAllString(said, -1), "\n")
}

// chromium runs a headless browser with a profile of its own and returns its output and its log.
func chromium(t *testing.T, args ...string) (string, string) {
	t.Helper()
	path := os.Getenv("CHROMIUM")
	require.NotEmpty(t, path, "CHROMIUM names no browser: run this by make test-browser")
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
	}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &errs, 10*time.Second
	require.NoError(t, cmd.Run(), "%s", &errs)
	return out.String(), errs.String()
}

func texts(elements []element) []string {
	out := make([]string, len(elements))
	for i, e := range elements {
		out[i] = e.Text
	}
	return out
}
