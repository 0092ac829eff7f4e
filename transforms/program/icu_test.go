package program_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The database dates instants by its own time zone data; both must draw the line between days at the same instant.
func TestMidnightsAreThoseOfTheDatabase(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Asia/Tehran", "Asia/Tokyo", "Australia/Lord_Howe", "Europe/London"} {
		conn := create(t, builtin(t), params(t, "2026-06-30", zone))
		require.Equal(t, []string{}, rows(t, conn, `SELECT date, start_at, end_at FROM program.fiscal_day
			WHERE date BETWEEN DATE '2000-01-01' AND DATE '2026-06-30' AND (CAST(timezone('`+zone+`', start_at) AS DATE) <> date
				OR CAST(timezone('`+zone+`', end_at - INTERVAL 1 MICROSECOND) AS DATE) <> date) LIMIT 5`), zone)
	}
}
