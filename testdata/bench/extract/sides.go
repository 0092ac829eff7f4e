package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/jackc/pgx/v5"

	"github.com/tributary-data/tributary/pipelines/extract/textparquet"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/postgres"
)

func (o options) csv() string { return filepath.Join(o.dir, "deals.csv") }

func (o options) parquet() string { return filepath.Join(o.dir, "deals.parquet") }

// copyOut is what one would do without Tributary.
func copyOut(ctx context.Context, url string, o options) error {
	return clocked(func() error {
		if err := copyCSV(ctx, url, o.csv()); err != nil {
			return err
		}
		db, err := sql.Open("duckdb", "")
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, fmt.Sprintf("SET threads = 2; COPY (FROM read_csv('%s', header = true, all_varchar = true)) TO '%s' (FORMAT parquet, COMPRESSION zstd)", o.csv(), o.parquet()))
		return errors.Join(err, db.Close())
	})
}

func copyCSV(ctx context.Context, url, path string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = conn.PgConn().CopyTo(ctx, f, "COPY sales.deals TO STDOUT (FORMAT csv, HEADER)")
	return errors.Join(err, f.Close())
}

// held is how many pages the writer is fed from.
const held = 30

// writer is the writer of the extraction alone.
func writer(ctx context.Context, url string, o options) error {
	pages, err := readPages(ctx, url)
	if err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(o.dir, "writer.parquet"))
	if err != nil {
		return err
	}
	return clocked(func() error {
		to := textparquet.NewWriter(f, pages[0], textparquet.Lineage{LoadID: "bench", ExtractedAt: time.Now(), SourceFile: "postgres:sales.deals"})
		for n := 0; to.Rows() < o.rows; n++ {
			if err := to.Write(shift(pages[n%len(pages)], to.Rows(), o.rows)); err != nil {
				return err
			}
		}
		return errors.Join(to.Close(), f.Sync(), f.Close())
	})
}

// shift numbers the rows of a page on from before, and cuts what would be too many.
func shift(b *source.Batch, before, all int64) *source.Batch {
	n := min(int64(b.Rows()), all-before)
	b.Lines = b.Lines[:n]
	for i := range b.Lines {
		b.Lines[i] = before + int64(i) + 1
	}
	for i := range b.Cells {
		b.Cells[i] = b.Cells[i][:n]
	}
	return b
}

// readPages reads the first pages of the table as the extraction does.
func readPages(ctx context.Context, url string) (out []*source.Batch, err error) {
	c, err := postgres.New(postgres.Options{URL: url})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := c.Begin(ctx); err != nil {
		return nil, err
	}
	stream := source.Stream{Name: "deals", Object: "sales.deals"}
	described, err := c.Describe(ctx, stream)
	if err != nil {
		return nil, err
	}
	pages, err := c.Open(ctx, source.Request{Stream: stream, Fields: described.Fields, Key: described.Key})
	if err != nil {
		return nil, err
	}
	defer pages.Close()
	for len(out) < held {
		var b source.Batch
		if err := pages.Next(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		out = append(out, &b)
	}
	return out, nil
}

// clocked does something and writes what it took to standard output.
func clocked(do func() error) error {
	begun, busy := time.Now(), cpu()
	if err := do(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(timed{time.Since(begun), cpu() - busy})
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
