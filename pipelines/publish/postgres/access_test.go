package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/publish/postgres"
)

// A reader reads everything and changes nothing; a partner's login reads the rows of its partner and nothing else, whatever it tries.
func TestWhoReadsWhat(t *testing.T) {
	url := database(t)
	owner := connect(t, url)
	first := open(t, config(url))
	publish(t, first, 1) // makes the roles
	for _, text := range []string{
		"CREATE ROLE grafana LOGIN PASSWORD 'secret' IN ROLE tributary_reader INHERIT",
		"CREATE ROLE one LOGIN PASSWORD 'secret' IN ROLE tributary_partner INHERIT",
		"CREATE ROLE stranger LOGIN PASSWORD 'secret' IN ROLE tributary_partner INHERIT",
		"GRANT tributary_partner TO grafana",
	} {
		_, err := owner.Exec(t.Context(), text)
		require.NoError(t, err, text)
	}
	cfg := config(url)
	cfg.Partners = map[string]string{"one": "P1"}
	publish(t, open(t, cfg), 2) // every fresh schema has its policies

	grafana := connect(t, as(url, "grafana"))
	require.Equal(t, 3, read[int](t, grafana, "SELECT count(*) FROM tributary.metric_value"))
	for _, text := range []string{
		"DELETE FROM tributary.deal", "UPDATE tributary.publication SET commit = 99", "DROP TABLE tributary.deal", "CREATE TABLE tributary.x (a int)",
		"SELECT * FROM tributary.partner_login", "ALTER TABLE tributary.deal DISABLE ROW LEVEL SECURITY",
	} {
		_, err := grafana.Exec(t.Context(), text)
		require.Error(t, err, text)
	}

	one := connect(t, as(url, "one"))
	require.Equal(t, []string{"P1"}, column(t, one, "SELECT DISTINCT partner FROM tributary.metric_value"))
	require.Equal(t, []string{"D1"}, column(t, one, "SELECT deal_id FROM tributary.deal"))
	require.Equal(t, []string{"One"}, column(t, one, "SELECT name FROM tributary.partner"))
	require.Equal(t, []string{"3"}, column(t, one, "SELECT median::text FROM tributary.peer_value"), "its peers stand on its own row")
	require.Equal(t, []string{"REV-1"}, column(t, one, "SELECT DISTINCT metric_id FROM tributary.peer_value"), "a share of the company's revenue would tell what that is")
	require.Equal(t, []string{"REV-1"}, column(t, one, "SELECT metric_id FROM tributary.definition WHERE is_own"))
	require.Equal(t, []string{"2026-09-30"}, column(t, one, "SELECT as_of::text FROM tributary.publication"))
	for _, text := range []string{
		"SELECT * FROM tributary.motion",  // rows of nobody in particular: the company's
		"SELECT * FROM tributary.ops_run", // records of nights
		"SELECT * FROM tributary.partner_login",
		"SET ROLE tributary_reader", "SET SESSION AUTHORIZATION grafana", "RESET SESSION AUTHORIZATION; SET row_security = off; SELECT * FROM tributary.deal",
		"CREATE FUNCTION tributary.my_partner2() RETURNS text LANGUAGE sql AS 'SELECT 1'",
		"INSERT INTO tributary.partner_login VALUES ('one', 'P2')", "ALTER POLICY own_rows ON tributary.deal USING (true)", "CREATE SCHEMA mine",
		"COPY tributary.deal TO '/tmp/deals.csv'",
	} {
		_, err := one.Exec(t.Context(), text)
		require.Error(t, err, text)
	}
	// a condition of its own, however cheap and talkative, is asked of its own rows only
	require.Equal(t, []string{"P1"}, column(t, one, "SELECT DISTINCT partner FROM tributary.metric_value WHERE partner <> '' OR true"))
	require.Equal(t, []string{"1"}, column(t, one, "SELECT count(*)::text FROM tributary.deal AS a FULL JOIN tributary.deal AS b USING (deal_id)"))
	require.Empty(t, column(t, one, "SELECT attname::text FROM pg_stats WHERE schemaname = 'tributary' AND tablename IN ('deal', 'metric_value') AND most_common_vals IS NOT NULL"))
	// in a transaction that has set another role it is still itself
	tx, err := one.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SET LOCAL ROLE tributary_partner")
	require.NoError(t, err)
	var n int
	require.NoError(t, tx.QueryRow(t.Context(), "SELECT count(*) FROM tributary.deal").Scan(&n))
	require.Equal(t, 1, n)
	require.NoError(t, tx.Rollback(t.Context()))

	// a member whose partner nobody has named reads nothing
	require.Empty(t, column(t, connect(t, as(url, "stranger")), "SELECT partner FROM tributary.deal"))
}

func TestLoginsThatCouldReadMoreAreRefused(t *testing.T) {
	url := database(t)
	publish(t, open(t, config(url)), 1)
	_, err := connect(t, url).Exec(t.Context(), "CREATE ROLE ambi LOGIN IN ROLE tributary_partner, tributary_reader; CREATE ROLE neither LOGIN")
	require.NoError(t, err)
	cfg := config(url)
	cfg.Partners = map[string]string{"ambi": "P1", "neither": "P1", "nobody_there": "P1", "tributary": "P1"}
	target := open(t, cfg)
	err = target.Fill(t.Context(), warehouse(t, 2), postgres.Marts(), target.NextSchema(2), t.TempDir(), night(2), nil)
	require.ErrorContains(t, err, "ambi can read every partner's rows")
	require.ErrorContains(t, err, "neither is no member of tributary_partner")
	require.ErrorContains(t, err, `there is no role nobody_there: CREATE ROLE "nobody_there" LOGIN`)
	require.ErrorContains(t, err, "tributary can read every partner's rows")
}

func column(t *testing.T, conn *pgx.Conn, query string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	require.NoError(t, err, query)
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err, query)
	return out
}
