package nightly_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/transforms/ops"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// The night is expected at six, the CRM at four on business days, by the clocks of Berlin.
const expecting = `version: 1
project: acme
reporting: {time_zone: Europe/Berlin, currency: EUR}
expect: {by: "06:00", marts: {incentives: "06:00"}}
sources:
  crm:
    expect: {by: "04:00", days: business}
    streams: {deals: {files: [deals.csv]}}
`

// berlin is a time of October 2026 there, as "01 02:15".
func berlin(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-10-"+text, zone)
	require.NoError(t, err)
	return at
}

// logOf makes a log of lines such as "01 02:15 publish 2026-09-30 a.duckdb", "… rollback …", "… no_accruals …", "… load crm", "… run".
func logOf(t *testing.T, lines ...string) []lake.Manifest {
	t.Helper()
	var out []lake.Manifest
	for i, line := range lines {
		words := strings.Fields(line)
		m := lake.Manifest{Number: int64(i + 1), At: berlin(t, words[0]+" "+words[1])}
		switch words[2] {
		case "load":
			m.Load = &lake.Load{Source: words[3], Rows: 1}
		case "empty":
			m.Load = &lake.Load{Source: words[3]}
		case "run":
			m.Run = &lake.Run{}
		default:
			m.Publish = &lake.Publish{AsOf: words[3], Warehouse: words[4], Rollback: words[2] == "rollback", NoAccruals: words[2] == "no_accruals"}
		}
		out = append(out, m)
	}
	return out
}

// table are the rows of a kind that are due until an instant, as "day due met", times in Berlin.
func table(t *testing.T, due []ops.Due, kind, until string) []string {
	t.Helper()
	end := berlin(t, until)
	text := func(at time.Time) string {
		if at.IsZero() {
			return "-"
		}
		return at.In(end.Location()).Format("02 15:04")
	}
	out := []string{}
	for _, d := range due {
		if d.Kind == kind && !d.DueAt.After(end) {
			out = append(out, d.Day.Format("02")+", "+text(d.DueAt)+", "+text(d.MetAt))
		}
	}
	return out
}

func TestWhenNightsAreMet(t *testing.T) {
	t.Parallel()
	p, err := project.LoadFiles(map[string][]byte{project.File: []byte(expecting)}, project.Options{})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		log          []string
		night, marts []string // due until 04 12:00; marts empty = as the night
	}{
		"every night": {
			[]string{"01 09:12 run", "02 02:15 publish 2026-10-01 a", "03 02:15 publish 2026-10-02 b", "04 02:15 publish 2026-10-03 c"},
			[]string{"01, 02 06:00, 02 02:15", "02, 03 06:00, 03 02:15", "03, 04 06:00, 04 02:15"}, nil, // nothing is due before the first run
		},
		"nothing runs": {
			[]string{"01 09:12 publish 2026-09-30 a"},
			[]string{"01, 02 06:00, -", "02, 03 06:00, -", "03, 04 06:00, -"}, nil,
		},
		"made up for": {
			[]string{"01 09:12 publish 2026-09-30 a", "04 02:15 publish 2026-10-03 b"},
			[]string{"01, 02 06:00, 04 02:15", "02, 03 06:00, 04 02:15", "03, 04 06:00, 04 02:15"}, nil,
		},
		"published twice": {
			[]string{"01 09:12 run", "04 02:15 publish 2026-10-03 a", "04 09:00 publish 2026-10-03 b"},
			[]string{"01, 02 06:00, 04 02:15", "02, 03 06:00, 04 02:15", "03, 04 06:00, 04 02:15"}, nil,
		},
		"taken back": {
			[]string{"02 09:00 run", "03 02:15 publish 2026-10-02 a", "04 02:15 publish 2026-10-03 b", "04 08:00 rollback 2026-10-02 a"},
			[]string{"02, 03 06:00, 03 02:15", "03, 04 06:00, -"}, nil,
		},
		"taken back and made again": {
			[]string{"02 09:00 run", "03 02:15 publish 2026-10-02 a", "04 02:15 publish 2026-10-03 b", "04 08:00 rollback 2026-10-02 a", "04 10:00 publish 2026-10-03 c"},
			[]string{"02, 03 06:00, 03 02:15", "03, 04 06:00, 04 10:00"}, nil,
		},
		"back, and forth by name": {
			[]string{"02 09:00 run", "03 02:15 publish 2026-10-02 a", "04 02:15 publish 2026-10-03 b", "04 08:00 rollback 2026-10-02 a", "04 10:00 rollback 2026-10-03 b"},
			[]string{"02, 03 06:00, 03 02:15", "03, 04 06:00, 04 10:00"}, nil,
		},
		"an older day to look at": {
			[]string{"02 09:00 run", "03 02:15 publish 2026-10-02 a", "04 02:15 publish 2026-10-03 b", "04 08:00 publish 2026-06-30 c"},
			[]string{"02, 03 06:00, -", "03, 04 06:00, -"}, nil,
		},
		"and back from it": {
			[]string{"02 09:00 run", "03 02:15 publish 2026-10-02 a", "04 02:15 publish 2026-10-03 b", "04 08:00 publish 2026-06-30 c", "04 09:00 publish 2026-10-03 d"},
			[]string{"02, 03 06:00, 03 02:15", "03, 04 06:00, 04 02:15"}, nil,
		},
		"without accruals": {
			[]string{"01 09:00 run", "02 02:15 publish 2026-10-01 a", "03 02:15 no_accruals 2026-10-02 b", "04 02:15 no_accruals 2026-10-03 c"},
			[]string{"01, 02 06:00, 02 02:15", "02, 03 06:00, 03 02:15", "03, 04 06:00, 04 02:15"},
			[]string{"01, 02 06:00, 02 02:15", "02, 03 06:00, -", "03, 04 06:00, -"},
		},
		"accruals again": {
			[]string{"01 09:00 run", "02 02:15 publish 2026-10-01 a", "03 02:15 no_accruals 2026-10-02 b", "04 02:15 publish 2026-10-03 c"},
			[]string{"01, 02 06:00, 02 02:15", "02, 03 06:00, 03 02:15", "03, 04 06:00, 04 02:15"},
			[]string{"01, 02 06:00, 02 02:15", "02, 03 06:00, 04 02:15", "03, 04 06:00, 04 02:15"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due := nightly.Due(p, logOf(t, c.log...), berlin(t, "04 12:00"))
			require.Equal(t, c.night, table(t, due, project.KindNight, "04 12:00"))
			if c.marts == nil {
				c.marts = c.night
			}
			require.Equal(t, c.marts, table(t, due, project.KindMart, "04 12:00"))
		})
	}
	require.Empty(t, nightly.Due(p, nil, berlin(t, "04 12:00")), "nothing is expected before the first run")
}

// The first of October 2026 is a Thursday.
func TestWhenDeliveriesAreMet(t *testing.T) {
	t.Parallel()
	p, err := project.LoadFiles(map[string][]byte{project.File: []byte(expecting)}, project.Options{})
	require.NoError(t, err)
	for name, c := range map[string]struct{ log, want []string }{
		"in time, on the weekend too": {
			[]string{"01 02:15 load crm", "02 02:15 load crm", "03 02:15 load crm", "06 02:15 load crm"},
			[]string{"01, 01 04:00, 01 02:15", "02, 02 04:00, 02 02:15", "05, 05 04:00, 03 02:15", "06, 06 04:00, 06 02:15"},
		},
		"a load without rows is none": {
			[]string{"01 02:15 load crm", "02 02:15 empty crm", "02 02:15 load erp", "05 02:15 load crm", "06 02:15 load crm"},
			[]string{"01, 01 04:00, 01 02:15", "02, 02 04:00, 05 02:15", "05, 05 04:00, 05 02:15", "06, 06 04:00, 06 02:15"},
		},
		"what comes late is not the next one, too": {
			[]string{"01 02:15 load crm", "02 02:15 load crm", "05 09:00 load crm", "05 09:00 load crm"},
			[]string{"01, 01 04:00, 01 02:15", "02, 02 04:00, 02 02:15", "05, 05 04:00, 05 09:00", "06, 06 04:00, -"},
		},
		"what comes in time for the next one brings what was missing": {
			[]string{"01 02:15 load crm", "02 02:15 load crm", "06 02:15 load crm"},
			[]string{"01, 01 04:00, 01 02:15", "02, 02 04:00, 02 02:15", "05, 05 04:00, 06 02:15", "06, 06 04:00, 06 02:15"},
		},
		"a first day after four: what comes then is no more than the beginning": {
			[]string{"05 09:00 load crm"},
			[]string{"06, 06 04:00, -"},
		},
		"a source that came later is expected from then on": {
			[]string{"01 02:15 run", "05 02:15 load crm", "06 02:15 load crm"},
			[]string{"05, 05 04:00, 05 02:15", "06, 06 04:00, 06 02:15"},
		},
		"a source that never came": {
			[]string{"02 02:15 run"},
			[]string{"02, 02 04:00, -", "05, 05 04:00, -", "06, 06 04:00, -"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			due := nightly.Due(p, logOf(t, c.log...), berlin(t, "06 12:00"))
			require.Equal(t, c.want, table(t, due, project.KindSource, "06 12:00"))
		})
	}
}

func TestStanding(t *testing.T) {
	t.Parallel()
	p, err := project.LoadFiles(map[string][]byte{project.File: []byte(expecting)}, project.Options{})
	require.NoError(t, err)
	log := logOf(t, "02 02:15 load crm", "02 02:20 publish 2026-10-01 a", "03 02:20 no_accruals 2026-10-02 b")
	now := berlin(t, "04 08:30")
	utc := func(text string) time.Time { return berlin(t, text).UTC() }
	require.Equal(t, []nightly.Expectation{
		{Kind: "night", Name: "acme", Late: true, Day: "2026-10-03", DueAt: utc("04 06:00"), LateBy: 9000, Missing: 1, MetDay: "2026-10-02", MetAt: berlin(t, "03 02:20")},
		{Kind: "mart", Name: "incentives", Late: true, Day: "2026-10-02", DueAt: utc("03 06:00"), LateBy: 95400, Missing: 2, MetDay: "2026-10-01", MetAt: berlin(t, "02 02:20")},
		{Kind: "source", Name: "crm", Day: "2026-10-05", DueAt: utc("05 04:00"), MetDay: "2026-10-02", MetAt: berlin(t, "02 02:15")},
	}, nightly.Standing(nightly.Due(p, log, now), now))
	due := utc("04 06:00")
	require.False(t, nightly.Standing(nightly.Due(p, log, due), due.Add(-time.Second))[0].Late)
	require.True(t, nightly.Standing(nightly.Due(p, log, due), due)[0].Late, "from the very minute on")
}

// TestRecordsSayWhatIsDue also after runs that fail, and far enough ahead for a reader who comes when nothing runs any more.
func TestRecordsSayWhatIsDue(t *testing.T) {
	dir := small(t)
	text, err := os.ReadFile(filepath.Join(dir, "tributary.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tributary.yaml"), append(text, "expect: {by: \"06:00\"}\n"...), 0o600))
	at := func(day string) func() time.Time { return func() time.Time { return berlin(t, day+" 04:15") } } // 02:15 UTC
	run := func(day string) error {
		_, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, Version: "test", Clock: at(day)})
		return err
	}
	require.NoError(t, run("01"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "deals.csv"), []byte("id;amount;on\n"), 0o600))
	require.Equal(t, nightly.ExitData, nightly.ExitCode(run("02")))
	file, err := warehouse.OpenReadOnly(t.Context(), filepath.Join(dir, "warehouse", "records.duckdb"), warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	var rows, late int
	var first, last string
	require.NoError(t, file.DB.QueryRowContext(t.Context(), `SELECT count(*), count(*) FILTER (WHERE met_at IS NULL AND due_at <= TIMESTAMPTZ '2026-10-02 06:00:00Z'),
		min(concat_ws(' ', kind, name, day)), max(concat_ws(' ', kind, name, day)) FROM ops.due`).Scan(&rows, &late, &first, &last))
	require.Equal(t, []any{61, 1, "night small 2026-09-30", "night small 2026-11-29"}, []any{rows, late, first, last})
}
