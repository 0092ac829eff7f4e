// Package current answers what the lake holds of a stream right now: one row per record, as the night will merge them. It reads the
// lake through staging and writes nothing.
package current

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/staging"
)

// memory of the database in which rows are compared; what does not fit goes to disk. The process needs as much again for the rest.
const memory = "100MB"

// Of gives a function that opens the current rows of a stream of a lake, for extract.Options. One is open at a time, so that the memory
// does not grow with the streams that are read side by side: the next one waits for done.
func Of(l *lake.Lake) func(context.Context, lake.StreamParts) (*sql.Conn, string, func(), error) {
	turn := make(chan struct{}, 1)
	return func(ctx context.Context, parts lake.StreamParts) (*sql.Conn, string, func(), error) {
		select {
		case turn <- struct{}{}:
		case <-ctx.Done():
			return nil, "", nil, context.Cause(ctx)
		}
		debug.FreeOSMemory() // of the pages that were read, which the database can use
		conn, relation, done, err := open(ctx, l, parts)
		if err != nil {
			<-turn
			return nil, "", nil, err
		}
		return conn, relation, func() { done(); <-turn }, nil
	}
}

// open makes the current rows a relation of a database in memory, which spills to a folder of its own. done ends it.
func open(ctx context.Context, l *lake.Lake, parts lake.StreamParts) (*sql.Conn, string, func(), error) {
	temp, err := l.TempDir(os.Getenv("TRIBUTARY_TEMP"), "compare")
	if err != nil {
		return nil, "", nil, fmt.Errorf("comparing with the lake: %w", err)
	}
	remove := func() { _ = os.RemoveAll(temp) } //nolint:gosec // made by us; what cannot be removed is a temporary file
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		remove()
		return nil, "", nil, fmt.Errorf("starting DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	done := func() {
		_ = db.Close() // nothing was written
		remove()
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "SET threads = 2; SET memory_limit = '"+memory+"'; SET preserve_insertion_order = false; SET temp_directory = '"+strings.ReplaceAll(temp, "'", "''")+"'")
	}
	relation := ""
	if err == nil {
		relation, err = staging.Current(ctx, conn, Spec(parts), Data(l, parts))
	}
	if err != nil {
		done()
		return nil, "", nil, errors.Join(fmt.Errorf("finding the current rows of %s", parts.StreamName), err)
	}
	return conn, relation, done, nil
}

// Spec is what the newest load of a source that is asked says of its stream, as staging wants it.
func Spec(parts lake.StreamParts) staging.Stream {
	out := staging.Stream{Key: staging.Key{Columns: parts.Standing.Key}, Mode: diag.Text{Value: parts.Mode}, ByLoad: true}
	if parts.Standing.Cursor != "" {
		out.Version = &staging.Field{}
		out.Version.Column = diag.Text{Value: parts.Standing.Cursor}
	}
	return out
}

// Data is the parts of a stream as staging wants them.
func Data(l *lake.Lake, parts lake.StreamParts) staging.StreamData {
	out := staging.StreamData{Name: parts.String()}
	add := func(to []staging.Part, from []lake.LoadedPart) []staging.Part {
		for _, p := range from {
			to = append(to, staging.Part{Path: l.Abs(p.Path), Commit: p.Commit, Superseded: p.SupersededBy != 0})
		}
		return to
	}
	out.Parts = add(add(nil, parts.Current), parts.Superseded)
	out.Quarantine = add(nil, parts.Quarantine)
	return out
}
