package digest_test

import (
	"database/sql"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/digest"
)

func TestTable(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	of := func(rows string) string {
		_, err := db.Exec("CREATE OR REPLACE TABLE t AS SELECT * FROM (VALUES " + rows + ") AS v(a, b)")
		require.NoError(t, err)
		hash, err := digest.Table(t.Context(), db, "t")
		require.NoError(t, err)
		require.Len(t, hash, 64)
		return hash
	}
	base := of("('a', 1.50), (NULL, 2.00)")
	require.Equal(t, base, of("(NULL, 2.00), ('a', 1.50)"))
	for _, other := range []string{
		"('a', 1.50), ('', 2.00)", "('a', 1.51), (NULL, 2.00)", "('a', 1.50), (NULL, 2.00), (NULL, 2.00)", "('a', 1.50)", "('a', 1.500), (NULL, 2.00)", "('-', 1.50), (NULL, 2.00)",
	} {
		require.NotEqual(t, base, of(other), other)
	}
	require.NotEqual(t, of("('a', 'bc')"), of("('ab', 'c')"))
	require.NotEqual(t, of("('a', 1), ('a', 1)"), of("('b', 1), ('b', 1)"))
	_, err = db.Exec("TRUNCATE t")
	require.NoError(t, err)
	_, err = digest.Table(t.Context(), db, "t")
	require.NoError(t, err)
}

func TestDatabaseLeavesOut(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("CREATE SCHEMA ops; CREATE TABLE ops.run AS SELECT 1 AS x; CREATE SCHEMA core; CREATE TABLE core.deal AS SELECT 1 AS x; CREATE VIEW core.won AS SELECT * FROM core.deal")
	require.NoError(t, err)
	got, err := digest.Database(t.Context(), db, "ops")
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, got["core.deal"], got["core.won"])
}
