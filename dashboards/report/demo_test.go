package report

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// demoNight is the demo vendor's warehouse, built once for all tests of the package.
var demoNight = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // once per test binary
	dir, err := os.MkdirTemp("", "tributary-report-")
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "demo")
	if err := demo.Write(dir); err != nil {
		return "", err
	}
	summary, err := nightly.Run(context.Background(), nightly.Options{Dir: dir, AsOf: demo.AsOf})
	if err != nil {
		return "", fmt.Errorf("%s: %w", summary.Error, err)
	}
	return filepath.Join(dir, "warehouse", filepath.Base(summary.Warehouse)), nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := demoNight(); err == nil {
		if err := os.RemoveAll(filepath.Dir(filepath.Dir(filepath.Dir(path)))); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(code)
}

// openDemo opens the demo and its packs of a quarter.
func openDemo(t *testing.T, quarter string) (*Packs, *sql.Conn) {
	t.Helper()
	conn, cat := connect(t)
	packs, err := OpenPacks(t.Context(), conn, cat, quarter, Options{Project: "auenfels"})
	require.NoError(t, err)
	return packs, conn
}

func connect(t *testing.T) (*sql.Conn, *catalogue.Catalogue) {
	t.Helper()
	path, err := demoNight()
	require.NoError(t, err)
	file, err := warehouse.OpenReadOnly(t.Context(), path, warehouse.Settings{Threads: 2, Memory: "1GB"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, file.Close()) })
	conn, err := file.DB.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	cat, err := catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	require.NoError(t, err)
	return conn, cat
}

// sweep is every pack of the last quarter that has ended, read and drawn once for all tests.
type sweep struct {
	views map[string]*pack
	pages map[string]string
}

var lastQuarter sweep //nolint:gochecknoglobals // once per test binary

// everyPack reads and draws the packs of all partners that have one.
func everyPack(t *testing.T) (sweep, *Packs, *sql.Conn) {
	t.Helper()
	packs, conn := openDemo(t, "")
	if lastQuarter.views != nil {
		return lastQuarter, packs, conn
	}
	out := sweep{views: map[string]*pack{}, pages: map[string]string{}}
	for _, of := range packs.Partners {
		if of.why() != "" {
			continue
		}
		d := packs.of(t.Context(), of)
		v, err := d.pack(of, packs.opts)
		var skipped *SkippedError
		if errors.As(err, &skipped) {
			continue
		}
		require.NoError(t, err)
		var page bytes.Buffer
		require.NoError(t, write(&page, "report-qbr", func() (any, error) { return v, nil }))
		out.views[of.ID], out.pages[of.ID] = v, page.String()
	}
	require.Greater(t, len(out.pages), 50)
	lastQuarter = out
	return out, packs, conn
}

// texts asks for one column of text.
func texts(t *testing.T, conn *sql.Conn, query string, args ...any) []string {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text sql.NullString
		require.NoError(t, rows.Scan(&text))
		out = append(out, text.String)
	}
	require.NoError(t, rows.Err())
	return out
}

// text asks for one value, "" when there is no row.
func text(t *testing.T, conn *sql.Conn, query string, args ...any) string {
	t.Helper()
	found := texts(t, conn, query, args...)
	if len(found) == 0 {
		return ""
	}
	require.Len(t, found, 1)
	return found[0]
}
