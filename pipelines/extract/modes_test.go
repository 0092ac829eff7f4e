package extract_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

func (b *bundle) touch(name string) {
	b.t.Helper()
	now := b.clock()
	require.NoError(b.t, os.Chtimes(filepath.Join(b.project, name), now, now))
}

// rows are id and name of the parts.
func (b *bundle) rows(parts []lake.LoadedPart) []string { return b.query("id, name", parts) }

func TestAppendAddsChangedFiles(t *testing.T) {
	for _, mode := range []string{"", extract.ModeAppend, extract.ModeUpsert} {
		t.Run(mode, func(t *testing.T) {
			b := setup(t)
			s := partners("partners*.csv")
			s.Mode = mode
			b.write("data/partners_1.csv", "id,name\n1,Acme\n")
			b.mustRun(s)
			b.write("data/partners_1.csv", "id,name\n1,Acme GmbH\n2,Bolt\n")
			b.write("data/partners_2.csv", "id,name\n3,Cola\n")
			got := b.mustRun(s)
			require.Equal(t, []int{1, 1, 0}, []int{got.New, got.Changed, got.Unchanged})
			require.Equal(t, int64(3), got.Rows)
			parts := b.parts(s)
			require.Equal(t, []string{"1|Acme", "1|Acme GmbH", "2|Bolt", "3|Cola"}, sorted(b.rows(parts.Current)))
			require.Empty(t, parts.Superseded)
		})
	}
}

func sorted(rows []string) []string {
	out := append([]string(nil), rows...)
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if out[j] < out[i] {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

func TestTouchedFileIsNotLandedAgain(t *testing.T) {
	b := setup(t)
	s := partners("partners.csv")
	b.write("data/partners.csv", "id,name\n1,Acme\n")
	b.mustRun(s)
	b.touch("data/partners.csv")
	got := b.mustRun(s)
	require.Zero(t, got.Commit)
	require.Equal(t, 1, got.Unchanged)
}

// TestUnchangedFileIsNotRead alters a file but not its size and time: nobody looks inside.
func TestUnchangedFileIsNotRead(t *testing.T) {
	b := setup(t)
	s := partners("partners.csv")
	b.write("data/partners.csv", "id,name\n1,Acme\n")
	b.mustRun(s)
	path := filepath.Join(b.project, "data/partners.csv")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("id,name\n1,Bolt\n"), 0o644))
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	require.Equal(t, 1, b.mustRun(s).Unchanged)
}

func TestSnapshotReplacesWhatTheFileDeliveredBefore(t *testing.T) {
	b := setup(t)
	s := partners("partners*.csv")
	s.Mode = extract.ModeSnapshot
	b.write("data/partners_eu.csv", "id,name\n1,Acme\n2,Bolt\n")
	b.write("data/partners_us.csv", "id,name\n3,Cola\n4\n")
	first := b.mustRun(s)
	night := b.now
	require.Equal(t, int64(1), first.Quarantined)

	b.write("data/partners_eu.csv", "id,name\n2,Bolt AG\n")
	second := b.mustRun(s)
	parts := b.parts(s)
	require.Equal(t, []string{"2|Bolt AG", "3|Cola"}, b.rows(parts.Current))
	require.Equal(t, []string{"1|Acme", "2|Bolt"}, b.rows(parts.Superseded), "1 has vanished")
	require.Equal(t, second.Commit, parts.Superseded[0].SupersededBy)
	require.True(t, b.lastLoad().Files[0].Complete)
	require.Len(t, parts.Quarantine, 1)

	b.write("data/partners_us.csv", "id,name\n")
	b.mustRun(s)
	parts = b.parts(s)
	require.Equal(t, []string{"2|Bolt AG"}, b.rows(parts.Current), "a header only: everything has vanished")
	require.Empty(t, parts.Quarantine, "with the delivery its rejects went")

	past, err := b.lake.Parts(context.Background(), "crm", "partners", night)
	require.NoError(t, err)
	require.Equal(t, []string{"1|Acme", "2|Bolt", "3|Cola"}, b.rows(past.Current), "as it was known that night")

	require.NoError(t, os.Remove(filepath.Join(b.project, "data/partners_us.csv")))
	got := b.mustRun(s)
	require.Zero(t, got.Commit)
	require.Equal(t, []string{"data/partners_us.csv is no longer there; what it delivered still counts"}, got.Notices)
}

func TestNewestFileOfDatedDumps(t *testing.T) {
	b := setup(t)
	s := partners("dump_*.csv")
	s.Mode, s.Snapshot = extract.ModeSnapshot, extract.SnapshotNewestFile
	b.write("data/dump_10.csv", "id,name\n1,Acme\n2,Bolt\n")
	b.write("data/dump_9.csv", "id,name\n0,Old\n")
	require.Equal(t, 1, b.mustRun(s).New, "only the newest is read")
	require.Equal(t, []string{"1|Acme", "2|Bolt"}, b.rows(b.parts(s).Current))

	b.write("data/dump_11.csv", "id,name\n2,Bolt\n")
	b.mustRun(s)
	require.Equal(t, []string{"2|Bolt"}, b.rows(b.parts(s).Current))
	require.Equal(t, []string{"1|Acme", "2|Bolt"}, b.rows(b.parts(s).Superseded))

	b.write("data/dump_8.csv", "id,name\n8,Late\n")
	require.Zero(t, b.mustRun(s).Commit, "an older one that comes late does not count")

	require.NoError(t, os.Remove(filepath.Join(b.project, "data/dump_11.csv")))
	got := b.mustRun(s)
	require.Zero(t, got.Commit)
	require.Equal(t, []string{"data/dump_11.csv, delivered before, is newer than data/dump_10.csv and still counts"}, got.Notices)

	b.write("data/dump_11.csv", "id,name\n2,Bolt\n5,New\n")
	b.mustRun(s)
	require.Equal(t, []string{"2|Bolt", "5|New"}, b.rows(b.parts(s).Current), "it changed")
}

func TestModeMayChange(t *testing.T) {
	b := setup(t)
	s := partners("dump_*.csv")
	b.write("data/dump_1.csv", "id,name\n1,Acme\n")
	b.write("data/dump_2.csv", "id,name\n2,Bolt\n")
	b.mustRun(s)
	b.write("data/dump_1.csv", "id,name\n1,Acme GmbH\n")
	b.mustRun(s)
	require.Len(t, b.parts(s).Current, 3)

	s.Mode = extract.ModeSnapshot
	got := b.mustRun(s)
	require.Equal(t, 2, got.Unchanged, "nothing is read")
	require.Equal(t, []string{"1|Acme GmbH", "2|Bolt"}, b.rows(b.parts(s).Current), "but of each file the last delivery counts")
	s.Snapshot = extract.SnapshotNewestFile
	got = b.mustRun(s)
	require.Equal(t, 1, got.Unchanged)
	require.Equal(t, []string{"2|Bolt"}, b.rows(b.parts(s).Current))
	require.Zero(t, b.mustRun(s).Commit)
	b.write("data/dump_3.csv", "id,name\n3,Cola\n")
	b.mustRun(s)
	require.Equal(t, []string{"3|Cola"}, b.rows(b.parts(s).Current))

	s.Mode, s.Snapshot = extract.ModeAppend, ""
	b.mustRun(s)
	require.Equal(t, []string{"1|Acme GmbH", "2|Bolt", "3|Cola"}, sorted(b.rows(b.parts(s).Current)), "what was superseded is landed again")
}

// TestSettingsThatReadDifferently mends the encoding of a stream: the file is unchanged, but what was landed of it is not right.
func TestSettingsThatReadDifferently(t *testing.T) {
	b := setup(t)
	s := partners("partners.csv")
	b.write("data/partners.csv", "id,name\n1,M\xfcller\n2,Bolt\n")
	require.Equal(t, int64(1), b.mustRun(s).Quarantined)
	s.File.Encoding = "windows-1252"
	got := b.mustRun(s)
	require.Equal(t, 1, got.Changed)
	parts := b.parts(s)
	require.Equal(t, []string{"1|Müller", "2|Bolt"}, b.rows(parts.Current))
	require.Empty(t, parts.Quarantine)
	require.Zero(t, b.mustRun(s).Commit)
	s.File.Delimiter, s.File.Root = ",", "./data"
	require.Zero(t, b.mustRun(s).Commit, "these read the same")
}

func TestColumnsThatCameAndWent(t *testing.T) {
	b := setup(t)
	s := partners("partners*.csv")
	b.write("data/partners_1.csv", "id,name,city\n1,Acme,Rome\n")
	require.Empty(t, b.mustRun(s).Drift)
	fingerprint := b.lastLoad().Fingerprint
	b.write("data/partners_2.csv", "id,Name,city\n2,Bolt,Bonn\n")
	got := b.mustRun(s)
	require.Equal(t, []string{"data/partners_2.csv: column name is gone", "data/partners_2.csv: column Name is new"}, texts(got.Drift))
	require.NotEqual(t, fingerprint, b.lastLoad().Fingerprint)
	b.write("data/partners_1.csv", "city,name,id\nRome,Acme,1\n")
	require.Empty(t, b.mustRun(s).Drift, "compared with its earlier self, whatever the order")
	require.Equal(t, fingerprint, b.lastLoad().Fingerprint)
}

func texts(changes []extract.ColumnChange) (out []string) {
	for _, c := range changes {
		out = append(out, c.String())
	}
	return out
}

// TestKeysThatAppearLate has a JSON file whose last record has a key that no other has, far behind the first batch.
func TestKeysThatAppearLate(t *testing.T) {
	b := setup(t)
	s := extract.Stream{Source: "crm", Name: "leads", File: file.Spec{Files: []string{"leads.jsonl"}}}
	b.write("leads.jsonl", `{"id": 0, "first": "x"}`+"\n"+strings.Repeat(`{"id": 1, "name": "Acme", "note": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}`+"\n", 200_000)+`{"id": 2, "late": true}`+"\n")
	got := b.mustRun(s)
	require.Equal(t, int64(200_002), got.Rows)
	parts := b.parts(s)
	require.Len(t, parts.Current, 2)
	require.Len(t, parts.Current[0].Columns, 4)
	require.Len(t, parts.Columns, 5)
	require.Equal(t, "raw/crm/leads/"+got.LoadID+"/part-00001-002.parquet", parts.Current[1].Path)
	require.Equal(t, []string{"0|∅|x|∅|1", "2|true|∅|∅|200002"}, b.sql(`SELECT id, late, "first", name, _source_line
		FROM read_parquet('`+b.lake.Abs("raw/crm/leads/*/*.parquet")+`', union_by_name = true) WHERE name IS NULL ORDER BY id`))
}

func TestParquetInput(t *testing.T) {
	b := setup(t)
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	path := filepath.Join(b.project, "deals.parquet")
	_, err = db.Exec("COPY (SELECT i AS id, (i * 1.10)::DECIMAL(18,2) AS amount FROM range(5) AS r(i)) TO '" + path + "' (FORMAT parquet)")
	require.NoError(t, err)
	s := extract.Stream{Source: "crm", Name: "deals", Mode: extract.ModeSnapshot, File: file.Spec{Files: []string{"*.parquet"}}}
	got := b.mustRun(s)
	require.Equal(t, int64(5), got.Rows)
	require.Equal(t, []lake.Column{{Name: "id", Type: "BIGINT"}, {Name: "amount", Type: "DECIMAL(18,2)"}}, b.parts(s).Columns)
	require.Equal(t, []string{"4|4.4|deals.parquet|5"}, b.query("id, amount::DOUBLE, _source_file, _source_line", b.parts(s).Current)[4:])
	v, err := b.lake.Verify(context.Background())
	require.NoError(t, err)
	require.Empty(t, v.Damage)
	require.Zero(t, b.mustRun(s).Commit)

	_, err = db.Exec("COPY (SELECT i::VARCHAR AS id FROM range(5) AS r(i)) TO '" + path + "' (FORMAT parquet)")
	require.NoError(t, err)
	require.Equal(t, []string{"deals.parquet: column id was BIGINT and is VARCHAR", "deals.parquet: column amount is gone"}, texts(b.mustRun(s).Drift))
	require.NoError(t, os.WriteFile(path, []byte("PAR1"), 0o644))
	_, err = b.run(s)
	require.ErrorContains(t, err, "extracting crm.deals: deals.parquet: it cannot be read as Parquet")
}

func TestQuarantine(t *testing.T) {
	b := setup(t)
	s := partners("partners.csv")
	b.write("data/partners.csv", "id,name\n1,Acme\n2\n3,\"x\n4,a\x00b\n5,M\xfc\n")
	got := b.mustRun(s)
	require.Equal(t, map[string]int64{source.RaggedRow: 1, source.BadQuote: 1, source.NULByte: 1, source.BadEncoding: 1}, got.Rules)
	require.Equal(t, int64(4), got.Quarantined)
	require.Equal(t, int64(1), got.Rows)
	parts := b.parts(s)
	require.Equal(t, []string{
		`ragged_row|1 values for 2 columns|2|data/partners.csv|3`,
		`bad_quote|a quote is not closed, or text follows the closing one|3,"x|data/partners.csv|4`,
		`nul_byte|the record holds a NUL byte|4,a\x00b|data/partners.csv|5`,
		"bad_encoding|the record is not in the encoding of the file: see `encoding`|5,M\\xfc|data/partners.csv|6",
	}, b.query("rule, detail, raw, _source_file, _source_line", parts.Quarantine))
	require.True(t, strings.HasPrefix(parts.Quarantine[0].Path, "quarantine/crm/partners/"+got.LoadID+"/"))

	b.write("data/partners.csv", "id,name\n1\n2\n")
	got = b.mustRun(s)
	require.Zero(t, got.Rows)
	require.Equal(t, int64(2), got.Quarantined, "nothing but bad rows is still a load")
	v, err := b.lake.Verify(context.Background())
	require.NoError(t, err)
	require.Empty(t, v.Damage)
}

// TestOneBadStreamDoesNotHoldUpTheOthers has files that cannot be landed, each in its own way, beside one that can.
func TestOneBadStreamDoesNotHoldUpTheOthers(t *testing.T) {
	b := setup(t)
	b.write("data/good.csv", "id,name\n1,Acme\n")
	b.write("data/empty.csv", "")
	b.write("data/twice.csv", "id,id\n1,2\n")
	b.write("data/pages.json", "[{\"id\": 1},")
	stream := func(name string, files ...string) extract.Stream {
		return extract.Stream{Source: "crm", Name: name, File: file.Spec{Root: "data", Files: files}}
	}
	nowhere := stream("nowhere", "*.csv")
	nowhere.File.Root = "date"
	odd := stream("odd", "good.csv")
	odd.Mode = "replace"
	bad := stream("bad", "good.csv")
	bad.File.Encoding = "klingon"
	result, err := b.run(stream("empty", "good.csv", "empty.csv"), stream("twice", "twice.csv"), stream("pages", "pages.json"), stream("good", "good.csv"),
		stream("missing", "goods.csv"), stream("none", "x*.csv"), nowhere, odd, bad, stream("../up", "good.csv"))
	require.EqualError(t, err, strings.Join([]string{
		"extracting crm.empty: data/empty.csv: the file is empty (an export that failed looks like this: export it again, or remove it)",
		"extracting crm.twice: data/twice.csv:1: column 2 has the name of column 1, \"id\" (name the columns by hand: `header: [a, b, …]` with `skip_rows: 1`)",
		"extracting crm.pages: data/pages.json:1: the file ends in the middle of its JSON (it was cut off: copy or export it again)",
		"extracting crm.missing: data/goods.csv: the file does not exist (did you mean good.csv?)",
		"extracting crm.none: data: no file matches x*.csv (put one there, or mend `files` or `root`)",
		"extracting crm.nowhere: date: the folder of the source does not exist (create it, or mend `root` of the source)",
		`extracting crm.odd: mode "replace" is unknown: use append, upsert or snapshot`,
		`extracting crm.bad: encoding: "klingon" is no encoding (utf-8, utf-16, windows-1252, iso-8859-1, …)`,
		`extracting crm.../up: "../up" is no name for a source or stream: use letters, digits and _`,
	}, "\n"))
	require.NotZero(t, result.Streams[3].Commit)
	require.NoError(t, result.Streams[3].Err)
	require.Zero(t, result.Streams[0].Commit)
	require.Zero(t, result.Streams[0].Rows)
	require.False(t, extract.Retryable(err))
	garbage, err := b.lake.Garbage(context.Background())
	require.NoError(t, err)
	require.Empty(t, garbage.Removed, "what failed was cleared away")
	streams, err := b.lake.Streams(context.Background(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, []lake.StreamName{{Source: "crm", Stream: "good"}}, streams)
}

func TestGlobThatMatchesNothingAnyMore(t *testing.T) {
	b := setup(t)
	s := partners("partners*.csv", "extra*.csv")
	b.write("data/partners.csv", "id,name\n1,Acme\n")
	require.Equal(t, []string{"no file matches extra*.csv"}, b.mustRun(s).Notices)
	require.NoError(t, os.Remove(filepath.Join(b.project, "data/partners.csv")))
	got := b.mustRun(s)
	require.Equal(t, []string{"no file matches partners*.csv", "no file matches extra*.csv"}, got.Notices)
	require.Len(t, b.parts(s).Current, 1, "files that were delivered may be moved away")
}

func TestProgressReachesTheEnd(t *testing.T) {
	b := setup(t)
	b.write("data/partners_1.csv", "id,name\n"+strings.Repeat("1,Acme\n", 400_000))
	b.write("data/partners_2.csv", "id,name\n2,Bolt\n")
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	defer w.Close()
	var last extract.Progress
	calls := 0
	_, err = extract.Run(context.Background(), w, []extract.Stream{partners("partners*.csv")}, extract.Options{
		ProjectDir: b.project, Clock: b.clock,
		Progress: func(p extract.Progress) {
			require.GreaterOrEqual(t, p.Rows, last.Rows)
			require.GreaterOrEqual(t, p.Bytes, last.Bytes)
			last = p
			calls++
		},
	})
	require.NoError(t, err)
	require.Greater(t, calls, 3)
	require.Equal(t, int64(400_001), last.Rows)
	require.Equal(t, last.TotalBytes, last.Bytes)
}

func TestCancelledRunCommitsNothing(t *testing.T) {
	b := setup(t)
	b.write("data/partners.csv", "id,name\n"+strings.Repeat("1,Acme\n", 400_000))
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	_, err = extract.Run(ctx, w, []extract.Stream{partners("partners.csv")}, extract.Options{
		ProjectDir: b.project, Clock: b.clock, Progress: func(extract.Progress) { cancel() },
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, b.parts(partners()).Current)
	garbage, err := b.lake.Garbage(context.Background())
	require.NoError(t, err)
	require.Empty(t, garbage.Removed)
}

func TestFileThatChangesWhileItIsRead(t *testing.T) {
	b := setup(t)
	s := partners("partners.csv")
	b.write("data/partners.csv", "id,name\n"+strings.Repeat("1,Acme\n", 400_000))
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	changed := false
	_, err = extract.Run(context.Background(), w, []extract.Stream{s}, extract.Options{
		ProjectDir: b.project, Clock: b.clock,
		Progress: func(extract.Progress) {
			if !changed {
				changed = true
				b.write("data/partners.csv", "id,name\n2,Bolt\n")
			}
		},
	})
	require.ErrorIs(t, err, source.ErrChanged)
	require.ErrorContains(t, err, "data/partners.csv: the input changed while it was read")
	require.True(t, extract.Retryable(err))
	require.Empty(t, b.parts(s).Current)
	require.NoError(t, w.Close())
	b.mustRun(s)
	require.Equal(t, []string{"2|Bolt"}, b.rows(b.parts(s).Current))
}

func TestLostTurnStopsTheRun(t *testing.T) {
	b := setup(t)
	b.write("data/partners.csv", "id,name\n"+strings.Repeat("1,Acme\n", 400_000))
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(t, err)
	var other *lake.Writer
	_, err = extract.Run(context.Background(), w, []extract.Stream{partners("partners.csv")}, extract.Options{
		ProjectDir: b.project, Clock: b.clock,
		Progress: func(extract.Progress) {
			if other != nil {
				return
			}
			b.now = b.now.Add(time.Hour)
			var err error
			other, err = b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
			require.NoError(t, err)
			require.ErrorIs(t, w.Renew(), lake.ErrLostTurn) // as the heartbeat does
		},
	})
	require.ErrorIs(t, err, lake.ErrLostTurn)
	require.True(t, extract.Retryable(err))
	require.NoError(t, errors.Join(w.Close(), other.Close()))
	require.Empty(t, b.parts(partners()).Current)
}
