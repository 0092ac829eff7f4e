package staging_test

import (
	"context"
	"database/sql"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/staging"
)

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	db.SetMaxOpenConns(1)
	return db
}

func TestCreateEmpty(t *testing.T) {
	db := open(t)
	require.NoError(t, staging.CreateEmpty(context.Background(), db))
	require.NoError(t, staging.CreateEmpty(context.Background(), db), "twice is fine")
	var tables int
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM information_schema.tables WHERE table_schema = 'staging'`).Scan(&tables))
	require.Equal(t, 37, tables)
}
