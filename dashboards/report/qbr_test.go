package report

import (
	"database/sql"
	"fmt"
	"html"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// number reads a figure back from the page.
func number(t *testing.T, shown string) *big.Rat {
	t.Helper()
	if shown == none {
		return new(big.Rat)
	}
	plain := strings.NewReplacer(",", "", "−", "-", " units", "").Replace(shown)
	out, ok := new(big.Rat).SetString(plain)
	require.True(t, ok, shown)
	return out
}

func sumOf[T any](t *testing.T, lines []T, of func(T) string) string {
	t.Helper()
	out := new(big.Rat)
	for _, line := range lines {
		out.Add(out, number(t, of(line)))
	}
	return out.FloatString(2)
}

// TestScorecardIsTheCataloguesRows compares the tiles of every partner with SQL on what is stored.
func TestScorecardIsTheCataloguesRows(t *testing.T) {
	all, _, conn := everyPack(t)
	money := `SELECT CAST(round(value_money) AS BIGINT) FROM metrics.metric_value WHERE metric_id = ? AND partner = ? AND grain = 'quarter' AND period_start = CAST(? AS DATE)`
	share := `SELECT printf('%.1f', value_number * 100) FROM metrics.metric_value WHERE metric_id = ? AND partner = ? AND grain = 'quarter' AND period_start = CAST(? AS DATE)`
	count := `SELECT CAST(value_number AS BIGINT) FROM metrics.metric_value WHERE metric_id = ? AND partner = ? AND grain = 'quarter' AND period_start = CAST(? AS DATE)`
	shown := 0
	for id, v := range all.views {
		for _, tile := range v.Tiles {
			for _, want := range []struct{ title, metric, query, unit string }{
				{"Partner-sourced revenue", "REV-1", money, ""}, {"Partner-influenced revenue", "REV-3", money, ""},
				{"Win rate", "CNV-10", share, " %"}, {"Lead to opportunity", "CNV-8", share, " %"}, {"SLA misses", "RSP-7", count, ""},
			} {
				if tile.Title != want.title {
					continue
				}
				for _, cell := range [][2]string{{"2026-07-01", tile.Value}, {"2026-04-01", tile.Previous}, {"2025-07-01", tile.Year}} {
					stored := text(t, conn, want.query, want.metric, id, cell[0])
					if stored == "" {
						require.Equal(t, none, cell[1], "%s of %s at %s", want.title, id, cell[0])
						continue
					}
					require.Equal(t, number(t, stored).FloatString(1), number(t, strings.TrimSuffix(cell[1], want.unit)).FloatString(1), "%s of %s at %s", want.title, id, cell[0])
					shown++
				}
			}
		}
	}
	require.Greater(t, shown, 300)
}

// TestPeersAreThoseOfTheWarehouse and are hidden where it hides them.
func TestPeersAreThoseOfTheWarehouse(t *testing.T) {
	all, _, conn := everyPack(t)
	medians, hidden := 0, 0
	for id, v := range all.views {
		for _, tile := range v.Tiles {
			if tile.Title != "SLA misses" || tile.Peers == "" {
				continue
			}
			median := text(t, conn, `SELECT CAST(median AS VARCHAR) FROM metrics.peer_value WHERE metric_id = 'RSP-7' AND partner = ? AND period_start = DATE '2026-07-01'`, id)
			if median == "" {
				require.Contains(t, []string{"fewer than five peers", none}, tile.Peers)
				hidden++
				continue
			}
			want, err := strconv.ParseFloat(median, 64)
			require.NoError(t, err)
			require.Equal(t, strconv.FormatFloat(want, 'f', -1, 64), tile.Peers)
			medians++
		}
	}
	require.Positive(t, medians)
	require.Positive(t, hidden)
}

// TestStatementsFoot to the cent, line by line, in every partner's pack of quarters with all methods, adjustments and ended programs.
func TestStatementsFoot(t *testing.T) {
	lines := 0
	for _, quarter := range []string{"2025-04-01", "2025-10-01", "2026-01-01", "2026-04-01", "2026-07-01"} {
		packs, conn := openDemo(t, quarter)
		amount := func(id, partner, program string) string {
			return text(t, conn, `SELECT CAST(value_money AS VARCHAR) FROM metrics.metric_value AS v JOIN
					(SELECT program_id, max_by(title, version) AS title FROM program.incentive_version GROUP BY program_id) AS p ON p.program_id = v.program
				WHERE metric_id = ? AND partner = ? AND p.title = ? AND grain = 'quarter' AND period_start = CAST(? AS DATE)`, id, partner, program, quarter)
		}
		for _, of := range packs.Partners {
			id := of.ID
			if of.why() != "" || text(t, conn, "SELECT count(*) FROM metrics.metric_value WHERE metric_id IN ('ACC-4', 'ACC-7') AND partner = ? AND period_start = CAST(? AS DATE)", id, quarter) == "0" {
				continue
			}
			s, err := packs.of(t.Context(), of).statement()
			require.NoError(t, err)
			for _, p := range s.Programs {
				lines += len(p.Lines)
				for _, column := range []struct {
					metric, total string
					of            func(eventLine) string
				}{
					{"ACC-2", p.EarnedSum, func(l eventLine) string { return l.Earned }}, {"ACC-3", p.AccruedSum, func(l eventLine) string { return l.Accrued }},
					{"ACC-4", p.AllSum, func(l eventLine) string { return l.Accrual }},
				} {
					want := amount(column.metric, id, p.Title)
					if want == "" {
						require.Equal(t, none, column.total) // an adjustment alone has earned nothing
						continue
					}
					what := fmt.Sprintf("%s of %s in %s, %s", column.metric, id, p.Title, quarter)
					require.Equal(t, want, sumOf(t, p.Lines, column.of), what)
					require.Equal(t, want, number(t, column.total).FloatString(2), what)
				}
				require.Equal(t, number(t, p.Base), number(t, p.BaseSum))
			}
			for _, c := range s.Commissions {
				lines += len(c.Lines)
				for _, column := range []struct {
					metric, total string
					of            func(creditLine) string
				}{
					{"ACC-7", c.Credit, func(l creditLine) string { return l.Credit }}, {"ACC-7.estimated", c.Estimated, func(l creditLine) string { return l.Estimated }},
					{"ACC-8.all_gates", c.ForgoneAll, func(l creditLine) string { return l.Forgone }},
				} {
					want := amount(column.metric, id, c.Title)
					if want == "" {
						require.Equal(t, none, column.total)
						continue
					}
					require.Equal(t, want, sumOf(t, c.Lines, column.of), "%s of %s, %s", column.metric, id, quarter)
					require.Equal(t, want, number(t, column.total).FloatString(2))
				}
			}
			want := text(t, conn, `SELECT CAST(sum(value_money) AS VARCHAR) FROM metrics.metric_value
				WHERE metric_id IN ('ACC-4', 'ACC-7') AND partner = ? AND program IS NOT NULL AND grain = 'quarter' AND period_start = CAST(? AS DATE)`, id, quarter)
			if want == "" {
				require.Equal(t, none, s.Total)
				continue
			}
			require.Equal(t, want, number(t, s.Total).FloatString(2))
		}
	}
	require.Greater(t, lines, 300)
}

// TestStatementsAreOnThePage, their totals to the cent and every line.
func TestStatementsAreOnThePage(t *testing.T) {
	all, _, _ := everyPack(t)
	lines := 0
	for id, v := range all.views {
		shown := visible(all.pages[id])
		if len(v.Statement.Programs)+len(v.Statement.Commissions) > 0 {
			require.Contains(t, shown, v.Statement.Total+" EUR", id)
		}
		for _, p := range v.Statement.Programs {
			for _, l := range p.Lines {
				require.Contains(t, shown, strings.Join([]string{l.Document, l.Date, l.Base, l.Earned, l.Accrued, l.Accrual}, "  "), id)
				lines++
			}
		}
		for _, c := range v.Statement.Commissions {
			for _, l := range c.Lines {
				require.Contains(t, shown, strings.Join([]string{l.Deal, l.Milestone, l.Date, l.Base, l.Credit, l.Estimated, l.Forgone, l.Why}, "  "), id)
				lines++
			}
		}
	}
	require.Greater(t, lines, 100)
}

// TestBreachesAreTheMisses: the list has as many leads as RSP-7 counts, and the registrations are CNV-9's.
func TestBreachesAreTheMisses(t *testing.T) {
	all, _, conn := everyPack(t)
	for id, v := range all.views {
		misses := text(t, conn, "SELECT CAST(value_number AS BIGINT) FROM metrics.metric_value WHERE metric_id = 'RSP-7' AND partner = ? AND period_start = DATE '2026-07-01'", id)
		if misses == "" {
			misses = "0"
		}
		require.Equal(t, misses, strconv.Itoa(len(v.Response.Breach)+v.Response.More), id)
		submitted := text(t, conn, "SELECT CAST(n AS BIGINT) FROM metrics.metric_value WHERE metric_id = 'CNV-9.submitted' AND partner = ? AND grain = 'quarter' AND period_start = DATE '2026-07-01'", id)
		if submitted == "" {
			submitted = "0"
		}
		require.Equal(t, cell{"submitted", submitted}, v.Registrations.Counts[0], id)
	}
}

// TestLadderSaysWhatComesNext for partners of each sort of ladder, against RSP-8.
func TestLadderSaysWhatComesNext(t *testing.T) {
	all, _, conn := everyPack(t)
	states := map[string]bool{}
	for id, v := range all.views {
		l := v.Response.Ladder
		if l.Misses == "" {
			continue
		}
		state := text(t, conn, "SELECT value_text FROM metrics.metric_value WHERE metric_id = 'RSP-8' AND partner = ? AND period_start = DATE '2026-07-01'", id)
		states[state] = true
		reached := "none"
		for _, step := range l.Steps {
			if step.Reached {
				reached = step.State
			}
		}
		if len(l.Steps) == 0 {
			reached = "unconfigured"
		}
		require.Equal(t, state, reached, id)
	}
	require.Equal(t, map[string]bool{"none": true, "flag": true, "formal review": true, "unconfigured": true}, states)
}

// TestPacksShowNoOtherPartner reads the text of every pack for the names and ids of all other partners, and for anybody's name.
func TestPacksShowNoOtherPartner(t *testing.T) {
	all, packs, conn := everyPack(t)
	people := texts(t, conn, "SELECT DISTINCT cam_id FROM core.partner WHERE cam_id IS NOT NULL")
	require.NotEmpty(t, people)
	for id, page := range all.pages {
		own, err := packs.Find(id)
		require.NoError(t, err)
		require.NotContains(t, page, "<script")
		figures, _, _ := strings.Cut(page, `<section id="definitions">`) // they speak of null values, and a partner is named Null
		shown := visible(figures)
		require.Contains(t, shown, own.Name)
		words := map[string]bool{}
		for _, word := range regexp.MustCompile(`[\pL\pN_-]+`).FindAllString(shown, -1) {
			words[word] = true
		}
		for _, other := range packs.Partners {
			if other.ID == id {
				continue
			}
			require.False(t, words[other.ID], "the pack of %s shows %s", id, other.ID)
			if other.Name != "" && !strings.Contains(own.Name, other.Name) {
				require.False(t, strings.Contains(shown, other.Name), "the pack of %s shows %s", id, other.Name)
			}
		}
		for _, person := range people {
			require.False(t, words[person], "the pack of %s shows %s", id, person)
		}
	}
}

var tags = regexp.MustCompile(`<style>(?s:.*?)</style>|<[^>]*>`)

// visible is a page's text with that of attributes, which tooltips show.
func visible(page string) string {
	attributes := strings.Join(regexp.MustCompile(`(?:title|aria-label|alt|data-of)="[^"]*"`).FindAllString(page, -1), " ")
	return html.UnescapeString(tags.ReplaceAllString(page, " ") + attributes)
}

func TestQuarters(t *testing.T) {
	conn, cat := connect(t)
	for text, want := range map[string]string{"": "2026-07-01", "2026-Q3": "2026-07-01", "2026q2": "2026-04-01", "2026-07-01": "2026-07-01", "2026-08-20": "2026-07-01"} {
		packs, err := OpenPacks(t.Context(), conn, cat, text, Options{})
		require.NoError(t, err)
		require.Equal(t, want, packs.Quarter().Format("2006-01-02"), text)
		require.Equal(t, packs.Quarter(), packs.reader.quarters[len(packs.reader.quarters)-1].Start)
	}
	for text, problem := range map[string]string{
		"2027-Q1": "quarter 2027-Q1 is not in the data: it has the quarters that start from 20", "1999-Q4": "is not in the data", "2026-Q5": "write 2026-Q3", "soon": "write 2026-Q3",
	} {
		_, err := OpenPacks(t.Context(), conn, cat, text, Options{})
		var asked *AskedError
		require.ErrorAs(t, err, &asked, text)
		require.ErrorContains(t, err, problem)
	}
}

// TestQuartersBeforeTheData are not there to be named, and pages without any quarter are refused.
func TestQuartersBeforeTheData(t *testing.T) {
	packs, _ := openDemo(t, "2021-02-28")
	d := packs.reader
	require.Equal(t, []string{"Jan–Mar 2021", "the quarter before", "the year before"}, []string{d.name(d.head), d.name(d.head - 1), d.name(d.head - 4)})

	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	for _, text := range []string{
		"CREATE SCHEMA program", "CREATE TABLE program.param AS SELECT DATE '2026-09-30' AS as_of, 'UTC' AS reporting_tz, TIMESTAMPTZ '2026-10-01 02:00:00+00' AS known_at, 'EUR' AS functional_currency", "CREATE SCHEMA metrics",
		"CREATE TABLE metrics.quarter (quarter_start DATE, quarter_end DATE, label VARCHAR, is_ended BOOLEAN, is_headline BOOLEAN)",
	} {
		_, err := conn.ExecContext(t.Context(), text)
		require.NoError(t, err)
	}
	for _, quarter := range []string{"", "2026-Q3"} {
		_, err := OpenPacks(t.Context(), conn, packs.reader.cat, quarter, Options{})
		require.ErrorContains(t, err, "metrics.quarter is empty: the fiscal calendar has no quarter that began by 2026-09-30")
	}
	require.ErrorContains(t, WriteCFO(t.Context(), io.Discard, conn, packs.reader.cat, Options{}), "metrics.quarter is empty")
}

func TestPartners(t *testing.T) {
	packs, _ := openDemo(t, "")
	for _, text := range []string{"P0044", "p0044", "lakeshore consulting inc."} {
		of, err := packs.Find(text)
		require.NoError(t, err)
		require.Equal(t, "P0044", of.ID)
	}
	_, err := packs.Find("Lakeshor")
	require.EqualError(t, err, `there is no partner "Lakeshor": did you mean P0023 (Lakeshore Consulting LLC) or P0044 (Lakeshore Consulting Inc.) or P0119 (Lakeshore Systems Corp.)?`)
	_, err = packs.Find("P044")
	require.ErrorContains(t, err, `there is no partner "P044": did you mean P0`)
	_, err = packs.Find("zzzzzzzz")
	require.EqualError(t, err, `there is no partner "zzzzzzzz": table core.partner of the warehouse lists them (tributary warehouse ls names the file)`)
	for id, why := range map[string]string{
		"P0114": "was merged into P0033: its figures are in that pack", "P0004": "is deleted in its source: its facts count for no partner",
		"P0097": "is a test partner: it is left out of every figure", "P0120": "has no data in Jul–Sep 2026",
	} {
		of, err := packs.Find(id)
		require.NoError(t, err)
		var skipped *SkippedError
		require.ErrorAs(t, packs.Write(new(strings.Builder), of), &skipped)
		require.Equal(t, why, skipped.Reason)
	}
}

func TestFileNamesAreTheirOwn(t *testing.T) {
	packs, _ := openDemo(t, "")
	require.Equal(t, "qbr-P0044-2026-07-01.html", packs.FileName(Partner{ID: "P0044"}))
	one, other := packs.FileName(Partner{ID: "../a b"}), packs.FileName(Partner{ID: "../a/b"})
	require.Regexp(t, `^qbr-\.\._a_b-[0-9a-f]{8}-2026-07-01\.html$`, one)
	require.NotEqual(t, one, other)
}

func TestGate(t *testing.T) {
	t.Parallel()
	require.Empty(t, gate("met", true, "0.00"))
	require.Equal(t, "cents of rounding", gate("met", true, "0.01"))
	require.Equal(t, "the lead was answered too late; required fields or a certificate are missing", gate("breached", false, "10.00"))
	require.Equal(t, "estimated: the lead's SLA is still running", gate("pending", true, "0.00"))
	require.Equal(t, "no lead behind the deal", gate("no_lead", true, "5.00"))
}

func TestStatementThatDoesNotFootIsRefused(t *testing.T) {
	t.Parallel()
	d := &reader{partner: "P1"}
	sum, row := moneyRow(sql.NullString{String: "1.00", Valid: true}), moneyRow(sql.NullString{String: "1.01", Valid: true})
	require.NoError(t, d.foot(program{id: "r"}, []total{{"ACC-4", sum, sum}}))
	require.ErrorContains(t, d.foot(program{id: "r"}, []total{{"ACC-4", sum, row}}), "the lines of r sum to 1.00, ACC-4 is 1.01")
}
