//go:build browser

package outside_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
	Drawings []struct {
		Title, Desc string
		Width       int
	}
	Overflow           int
	Cut, Network, Pale []string
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
			require.Greater(t, len(page.Columns), 15, "columns of the chart, five quarters on a phone")
			require.Greater(t, len(page.Funnels), 15, "steps of the funnels")
			require.Len(t, page.Tables, 11)
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
		require.Equal(t, 3, sheets(t, pdf), "one sheet for the CFO, two for the channel")
	})
}

// sheets counts the pages of a PDF.
func sheets(t *testing.T, pdf string) int {
	t.Helper()
	content, err := os.ReadFile(pdf)
	require.NoError(t, err)
	return len(regexp.MustCompile(`/Type\s*/Page[^s]`).FindAll(content, -1))
}

func TestPartnerPackIsDrawn(t *testing.T) {
	d := newDemo(t)
	dir := t.TempDir()
	for _, page := range []struct {
		name, heading string
		args          []string
		sheets        int
		tiles         int
	}{
		{"cfo", "auenfels: partner revenue", []string{"report", "cfo"}, 1, 4},
		{"qbr", "Lakeshore Consulting Inc.", []string{"report", "qbr", "--partner", "P0044"}, 8, 8},
		{"quiet", "Sauerland Measurement GmbH & Co. KG", []string{"report", "qbr", "--partner", "P0049"}, 6, 8},
	} {
		file := filepath.Join(dir, page.name+".html")
		d.tributary(t, append(page.args, "--pdf", "--out", file)...)
		require.LessOrEqual(t, sheets(t, filepath.Join(dir, page.name+".pdf")), page.sheets, page.name)
		for _, width := range []string{"390", "768", "1280"} {
			t.Run(page.name+" "+width+" wide", func(t *testing.T) {
				found, said := draw(t, file, width)
				require.Empty(t, said, "the browser's console")
				require.Empty(t, found.Network, "the page asks the network")
				require.LessOrEqual(t, found.Overflow, 0, "the page is wider than the window")
				require.Empty(t, found.Cut, "text that its place does not hold")
				require.Equal(t, page.heading, found.Headings[0].Text)
				require.Len(t, found.Figures, page.tiles)
				for _, figure := range found.Figures {
					require.Positive(t, figure.Width*figure.Height, figure.Text)
				}
				require.NotEmpty(t, found.Drawings)
				seen := 0
				for _, drawing := range found.Drawings {
					require.NotEmpty(t, drawing.Title)
					require.NotEmpty(t, drawing.Desc)
					if drawing.Width > 0 {
						seen++
					}
				}
				require.Equal(t, 1, seen, "one drawing for each width")
				require.Empty(t, found.Pale, "text whose contrast is under 4.5 to 1")
			})
		}
	}
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

// draw loads a page with the probe at the end, in a frame of a width (a window cannot be as narrow as a phone), and returns what was
// drawn and what the console said.
func draw(t *testing.T, page, width string) (drawn, string) {
	t.Helper()
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	probed := bytes.Replace(text, []byte("</body>"), []byte(probe+"</body>"), 1)
	framed := filepath.Join(t.TempDir(), "framed.html")
	require.NoError(t, os.WriteFile(framed, fmt.Appendf(nil, `<!doctype html><body><iframe style="width: %spx; height: 2000px; border: 0" srcdoc="%s"></iframe>
<script>addEventListener("load", () => document.body.append(document.querySelector("iframe").contentDocument.getElementById("probe")))</script>`,
		width, html.EscapeString(string(probed))), 0o600))
	dom, said := chromium(t, "--window-size=1400,2100", "--enable-logging=stderr", "--dump-dom", "file://"+framed)
	match := result.FindStringSubmatch(dom)
	require.NotNil(t, match, "the probe did not run\n%s", said)
	var found drawn
	require.NoError(t, json.Unmarshal([]byte(match[1]), &found))
	return found, strings.Join(console.FindAllString(said, -1), "\n")
}

func texts(elements []element) []string {
	out := make([]string, len(elements))
	for i, e := range elements {
		out[i] = e.Text
	}
	return out
}
