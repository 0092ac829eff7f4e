package extract_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

const benchRows = 1_000_000

// BenchmarkLanding lands two files of leads and compares the time with DuckDB's COPY of the same files in the same run, both
// with the columns that the lake adds. The ratio is ours / theirs.
func BenchmarkLanding(b *testing.B) {
	dir := b.TempDir()
	for part := range 2 {
		writeLeads(b, filepath.Join(dir, fmt.Sprintf("leads%d.csv", part)), benchRows/2, uint64(part))
	}
	for _, files := range []string{"leads*.csv", "leads0.csv"} {
		b.Run(strings.Trim(files, "*.csv"), func(b *testing.B) {
			rows := int64(0)
			var ours, theirs time.Duration
			for i := range b.N {
				start := time.Now()
				rows = landLeads(b, dir, filepath.Join(dir, fmt.Sprintf("lake-%s-%d-%d", b.Name()[17:], b.N, i)), files)
				ours += time.Since(start)
				start = time.Now()
				copyLeads(b, filepath.Join(dir, files), filepath.Join(dir, "duckdb.parquet"))
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(rows)*float64(b.N)/ours.Seconds()/1000, "krows/s")
			b.ReportMetric(float64(rows)*float64(b.N)/theirs.Seconds()/1000, "duckdb-krows/s")
			b.ReportMetric(ours.Seconds()/theirs.Seconds(), "ours/duckdb")
		})
	}
}

func landLeads(tb testing.TB, project, lakeDir, files string) int64 {
	tb.Helper()
	l, err := lake.Open(lakeDir, lake.Options{})
	require.NoError(tb, err)
	w, err := l.Writer(context.Background(), lake.WriterOptions{})
	require.NoError(tb, err)
	defer w.Close()
	result, err := extract.Run(context.Background(), w, []extract.Stream{{
		Source: "crm", Name: "leads", File: file.Spec{Files: []string{files}},
	}}, extract.Options{ProjectDir: project})
	require.NoError(tb, err)
	return result.Streams[0].Rows
}

func copyLeads(tb testing.TB, from, to string) {
	tb.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(tb, err)
	defer db.Close()
	_, err = db.Exec(fmt.Sprintf(`SET threads = 2; COPY (SELECT *, 'load'::VARCHAR AS _load_id, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS _extracted_at,
		filename AS _source_file, 0::BIGINT AS _source_line, NULL::VARCHAR AS _op
		FROM read_csv('%s', all_varchar = true, filename = true, header = true, delim = ',', quote = '"')) TO '%s' (FORMAT parquet, COMPRESSION zstd)`, from, to))
	require.NoError(tb, err)
}

func writeLeads(tb testing.TB, path string, rows int, seed uint64) {
	tb.Helper()
	f, err := os.Create(path)
	require.NoError(tb, err)
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(seed, 1))
	sources := []string{"referral", "webinar", "event", "partner portal", "cold call", ""}
	states := []string{"new", "working", "qualified", "disqualified", "converted"}
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	fmt.Fprintln(w, "lead_id,partner_id,created_at,assigned_at,first_response_at,status,source,region,amount,company,owner_email")
	for i := range rows {
		created := start.Add(time.Duration(r.IntN(2*365*86400)) * time.Second)
		response := ""
		if r.IntN(3) > 0 {
			response = created.Add(time.Duration(r.IntN(400_000)) * time.Second).Format("2006-01-02 15:04:05")
		}
		company := fmt.Sprintf("Company %d", r.IntN(200_000))
		if r.IntN(20) == 0 {
			company = fmt.Sprintf(`"Company %d, Inc."`, r.IntN(200_000))
		}
		fmt.Fprintf(w, "L%09d,P%04d,%s,%s,%s,%s,%s,%s,%d.%02d,%s,owner%d@example.com\n",
			uint64(rows)*seed+uint64(i), r.IntN(5000), created.Format("2006-01-02 15:04:05"), created.Add(time.Hour).Format("2006-01-02 15:04:05"),
			response, states[r.IntN(len(states))], sources[r.IntN(len(sources))], []string{"EMEA", "NA", "APAC"}[r.IntN(3)],
			r.IntN(100_000), r.IntN(100), company, r.IntN(300))
	}
	require.NoError(tb, w.Flush())
	require.NoError(tb, f.Close())
}
