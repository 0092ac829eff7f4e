package file_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/file"
)

func duck(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	_, err = db.Exec("SET TimeZone = 'UTC'")
	require.NoError(t, err)
	return db
}

func TestParquetKeepsTypesAndGainsLineage(t *testing.T) {
	db := duck(t)
	dir := filepath.Join(t.TempDir(), "year=2026", "it's [x]")
	f := put(t, "x.parquet", "")
	f.Abs = filepath.Join(dir, "in.parquet")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	_, err := db.Exec(`COPY (SELECT i::INTEGER AS id, (i * 1.005)::DECIMAL(18,3) AS amount, TIMESTAMPTZ '2026-01-01 00:00:00.123456+00' AS at,
		TIMESTAMP_NS '2026-01-01 00:00:00.123456789' AS ns, (i + 7)::UBIGINT AS big, {'a': i, 'b': [i]} AS nested, NULL::VARCHAR AS note,
		uuid() AS u, TIME '10:00:00' AS clock, 'x' AS "we""ird"
		FROM range(3) AS r(i)) TO '` + strings.ReplaceAll(f.Abs, "'", "''") + `' (FORMAT parquet, FIELD_IDS 'auto')`)
	require.NoError(t, err)
	finding, err := file.Find(t.Context(), dir, file.Spec{Files: []string{"in.parquet"}})
	require.NoError(t, err)
	f = finding.Files[0]
	to := filepath.Join(t.TempDir(), "out.parquet")
	at := time.Date(2026, 3, 1, 12, 0, 0, 5000, time.UTC)
	columns, content, err := file.CopyParquet(context.Background(), f, to, file.Lineage{LoadID: "L'1", ExtractedAt: at, SourceFile: "in.parquet"})
	require.NoError(t, err)
	require.Equal(t, f.Size, content.Size)
	require.Equal(t, []file.Column{
		{Name: "id", Type: "INTEGER"}, {Name: "amount", Type: "DECIMAL(18,3)"}, {Name: "at", Type: "TIMESTAMP WITH TIME ZONE"}, {Name: "ns", Type: "TIMESTAMP"},
		{Name: "big", Type: "DECIMAL(20,0)"}, {Name: "nested", Type: "STRUCT(a BIGINT, b BIGINT[])"}, {Name: "note", Type: "VARCHAR"},
		{Name: "u", Type: "VARCHAR"}, {Name: "clock", Type: "VARCHAR"}, {Name: `we"ird`, Type: "VARCHAR"},
	}, columns)
	var row string
	require.NoError(t, db.QueryRow(fmt.Sprintf(`SELECT concat_ws('|', count(*), max(amount), max(_load_id), max(_extracted_at), max(_source_file), max(_source_line), count(_op),
		max(typeof(_extracted_at)), max(typeof(_source_line)), max(typeof(_op)), max(ns)) FROM read_parquet('%s')`, to)).Scan(&row))
	require.Equal(t, "3|2.010|L'1|2026-03-01 12:00:00.000005+00|in.parquet|3|0|TIMESTAMP WITH TIME ZONE|BIGINT|VARCHAR|2026-01-01 00:00:00.123456", row)
	var ids int
	require.NoError(t, db.QueryRow(fmt.Sprintf(`SELECT count(field_id) FROM parquet_schema('%s')`, to)).Scan(&ids))
	require.Zero(t, ids, "no field ids")

	sample, err := file.Peek(context.Background(), file.Spec{}, f, 2)
	require.NoError(t, err)
	require.Len(t, sample.Rows, 2)
	require.Equal(t, "1.005", *sample.Rows[1][1])
	require.Nil(t, sample.Rows[1][6])
}

func TestBadParquet(t *testing.T) {
	for content, want := range map[string]string{
		"":         "a.parquet: the file is empty",
		"id\n1\n":  "a.parquet: it cannot be read as Parquet (",
		"PAR1PAR1": "a.parquet: it cannot be read as Parquet (",
	} {
		_, _, err := file.CopyParquet(context.Background(), put(t, "a.parquet", content), filepath.Join(t.TempDir(), "out.parquet"), file.Lineage{})
		require.ErrorContains(t, err, want)
		var input *file.InputError
		require.ErrorAs(t, err, &input)
	}
}
