package extract_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

// bench is a project with a lake, and a clock that goes on by a minute whenever it is read.
type bundle struct {
	t       *testing.T
	project string
	lake    *lake.Lake
	now     time.Time
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{t: t, project: t.TempDir(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	b.lake, err = lake.Open(filepath.Join(b.project, "lake"), lake.Options{Clock: b.clock})
	require.NoError(t, err)
	return b
}

func (b *bundle) clock() time.Time {
	b.now = b.now.Add(time.Second)
	return b.now
}

// write writes a source file whose modification time is the bundle's.
func (b *bundle) write(name, content string) {
	b.t.Helper()
	path := filepath.Join(b.project, name)
	require.NoError(b.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(b.t, os.WriteFile(path, []byte(content), 0o644))
	now := b.clock()
	require.NoError(b.t, os.Chtimes(path, now, now))
}

func (b *bundle) run(streams ...extract.Stream) (extract.Result, error) {
	b.t.Helper()
	w, err := b.lake.Writer(context.Background(), lake.WriterOptions{Heartbeat: -1})
	require.NoError(b.t, err)
	defer func() { require.NoError(b.t, w.Close()) }()
	return extract.Run(context.Background(), w, streams, extract.Options{ProjectDir: b.project, Clock: b.clock})
}

// mustRun runs one stream.
func (b *bundle) mustRun(s extract.Stream) extract.StreamResult {
	b.t.Helper()
	result, err := b.run(s)
	require.NoError(b.t, err)
	return result.Streams[0]
}

func (b *bundle) parts(s extract.Stream) lake.StreamParts {
	b.t.Helper()
	parts, err := b.lake.Parts(context.Background(), s.Source, s.Name, time.Time{})
	require.NoError(b.t, err)
	return parts
}

// query reads parts with DuckDB and returns the rows as text, null as ∅.
func (b *bundle) query(columns string, parts []lake.LoadedPart) []string {
	b.t.Helper()
	if len(parts) == 0 {
		return nil
	}
	var paths []string
	for _, p := range parts {
		paths = append(paths, "'"+b.lake.Abs(p.Path)+"'")
	}
	return b.sql(fmt.Sprintf("SELECT %s FROM read_parquet([%s], union_by_name = true) ORDER BY _source_file, _source_line", columns, strings.Join(paths, ", ")))
}

func (b *bundle) sql(query string) []string {
	b.t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(b.t, err)
	defer db.Close()
	_, err = db.Exec("SET TimeZone = 'UTC'")
	require.NoError(b.t, err)
	rows, err := db.Query(query)
	require.NoError(b.t, err)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(b.t, err)
	var out []string
	for rows.Next() {
		values := make([]any, len(names))
		places := make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		require.NoError(b.t, rows.Scan(places...))
		texts := make([]string, len(names))
		for i, v := range values {
			if v == nil {
				texts[i] = "∅"
			} else {
				texts[i] = fmt.Sprint(v)
			}
		}
		out = append(out, strings.Join(texts, "|"))
	}
	require.NoError(b.t, rows.Err())
	return out
}

func partners(files ...string) extract.Stream {
	return extract.Stream{Source: "crm", Name: "partners", File: file.Spec{Root: "data", Files: files}}
}

func TestLandsFilesOnceWithLineage(t *testing.T) {
	b := setup(t)
	b.write("data/partners_1.csv", "id,name,note\n1,Acme,\n2,\"Bolt, Inc.\",\"two\nlines\"\n3,\"\",x\n")
	b.write("data/partners_2.csv", "id,name,note\n4,Null,N/A\n")
	s := partners("partners*.csv")

	got := b.mustRun(s)
	require.Equal(t, 2, got.New)
	require.Equal(t, int64(4), got.Rows)
	require.NotZero(t, got.Commit)

	parts := b.parts(s)
	require.Equal(t, []string{
		"1|Acme|∅|data/partners_1.csv|2|∅",
		"2|Bolt, Inc.|two\nlines|data/partners_1.csv|3|∅",
		"3|∅|x|data/partners_1.csv|5|∅",
		"4|Null|N/A|data/partners_2.csv|2|∅",
	}, b.query("id, name, note, _source_file, _source_line, _op", parts.Current))
	require.Equal(t, []string{got.LoadID + "|TIMESTAMP WITH TIME ZONE|true"},
		b.sql(fmt.Sprintf("SELECT DISTINCT _load_id, typeof(_extracted_at), _extracted_at < TIMESTAMPTZ '2026-03-01 13:00:00+00' FROM read_parquet('%s')", b.lake.Abs(parts.Current[0].Path))))
	require.Equal(t, []string{"id", "name", "note", "_load_id", "_extracted_at", "_source_file", "_source_line", "_op"},
		b.sql(fmt.Sprintf("SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet('%s'))", b.lake.Abs(parts.Current[0].Path))))
	require.Equal(t, []string{"0"},
		b.sql(fmt.Sprintf("SELECT count(field_id) FROM parquet_schema('%s')", b.lake.Abs(parts.Current[0].Path))), "no field ids")
	require.Equal(t, []string{"ZSTD"},
		b.sql(fmt.Sprintf("SELECT DISTINCT compression FROM parquet_metadata('%s')", b.lake.Abs(parts.Current[0].Path))))

	again := b.mustRun(s)
	require.Zero(t, again.Commit)
	require.Equal(t, 2, again.Unchanged)
	require.Len(t, b.parts(s).Current, 2)

	v, err := b.lake.Verify(context.Background())
	require.NoError(t, err)
	require.Empty(t, v.Damage)
	require.Equal(t, int64(4), v.Rows)
}

func TestManifestTellsEverything(t *testing.T) {
	b := setup(t)
	b.write("data/partners.csv", "id,name\n1,Acme\n2\n")
	b.mustRun(partners("partners.csv"))
	load := b.lastLoad()
	require.Equal(t, []lake.Count{{Name: "ragged_row", Rows: 1}}, load.RejectRules)
	require.Equal(t, int64(1), load.Files[0].Quarantined)
	require.Equal(t, []lake.Column{{Name: "id", Type: "VARCHAR"}, {Name: "name", Type: "VARCHAR"}}, load.Columns)
}

func (b *bundle) lastLoad() *lake.Load {
	b.t.Helper()
	log, err := b.lake.Manifests(context.Background())
	require.NoError(b.t, err)
	for _, m := range slices.Backward(log) {
		if m.Kind == lake.KindLoad {
			return m.Load
		}
	}
	b.t.Fatal("there is no load")
	return nil
}
