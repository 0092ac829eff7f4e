package rest_test

import (
	"cmp"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/nightly/nighttest"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source/rest/standin"
)

type object = map[string]any

// newPartnerStack is an account with a handful of records, and a project that begins with the template, pointed at it.
func newPartnerStack(t *testing.T) (server *standin.Server, clock *ticking, dir string) {
	t.Helper()
	clock = &ticking{now: time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC)}
	server = standin.New("pk_live", "sk_live", clock.Now)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	t.Setenv("PARTNERSTACK_PUBLIC_KEY", "pk_live")
	t.Setenv("PARTNERSTACK_SECRET_KEY", "sk_live")
	dir = nighttest.Project(t, "partnerstack", "https://api.partnerstack.com", web.URL, "rps: 5", "rps: 1000")
	put := func(list, at string, records ...standin.Record) {
		for _, r := range records {
			if at != "" {
				r["created_at"] = millis(t, at)
			}
			server.Put(list, r)
		}
	}
	gold := object{"key": "grp_1", "name": "Gold", "slug": "resellers"}
	put("groups", "2025-01-01", standin.Record(gold), standin.Record{"key": "grp_2", "name": "Affiliates", "slug": "affiliates"})
	put("partnerships", "2025-02-01",
		standin.Record{"key": "par_1", "partner_key": "nordlicht", "group": gold, "team": object{"name": "Nordlicht GmbH"}, "first_name": "Ida", "last_name": "Holm", "email": "ida@nordlicht.example", "joined_at": millis(t, "2025-02-03")},
		standin.Record{"key": "par_2", "partner_key": "kim", "group": object{"key": "grp_2"}, "team": object{}, "first_name": "Kim", "last_name": "Lee", "joined_at": millis(t, "2025-02-04")})
	put("customers", "2026-01-05", standin.Record{"key": "cus_1", "partner_key": "nordlicht", "name": "Alpen AG", "test": false}, standin.Record{"key": "cus_2", "partner_key": "kim", "test": true})
	put("leads", "2026-01-10", standin.Record{"key": "led_1", "partner_key": "kim", "status": "open"})
	put("deals", "2026-02-01",
		standin.Record{"key": "del_1", "partner_key": "nordlicht", "source": "partner", "stage": "Closed Won", "amount": 123456, "close_date": "2026-03-10", "account_name": "Alpen AG"},
		standin.Record{"key": "del_2", "partner_key": "kim", "source": "vendor", "stage": "Lost", "lost_reason": "price", "amount": 500, "close_date": "2026-03-11"},
		standin.Record{"key": "del_3", "partner_key": "kim", "stage": "Demo", "amount": nil, "close_date": "2026-09-01"})
	put("transactions", "2026-03-15",
		standin.Record{"key": "trx_1", "customer_key": "cus_1", "amount": 9900, "currency": "USD", "product_key": "pro"},
		standin.Record{"key": "trx_2", "customer_key": "cus_1", "amount": -900, "currency": "EUR"},
		standin.Record{"key": "trx_3", "customer_key": "cus_2", "amount": 700, "currency": "JPY"})
	paid := object{"key": "inv_1", "payment_date": millis(t, "2026-03-31")}
	put("rewards", "2026-03-16",
		standin.Record{"key": "rwd_1", "partnership": object{"key": "par_1"}, "amount": 1250, "reward_status": "paid", "invoice": paid},
		standin.Record{"key": "rwd_2", "partnership": object{"key": "par_2"}, "amount": 77, "reward_status": "approved", "invoice": nil})
	clock.tick()
	return server, clock, dir
}

func millis(t *testing.T, day string) int64 {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	require.NoError(t, err)
	return at.UnixMilli()
}

// night runs a night and gives its notices, and what answers queries over its warehouse: the first column.
func night(t *testing.T, dir, day string) (notices string, query func(sql string) []string) {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	require.NoError(t, err)
	summary := nighttest.Run(t, nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test", Clock: func() time.Time { return at }})
	return strings.Join(summary.Notices, "\n"), func(sql string) []string { return nighttest.Rows(t, summary, sql) }
}

func columns(entity string, names ...string) string {
	for i, name := range names {
		names[i] = "coalesce(CAST(" + name + " AS VARCHAR), '∅')"
	}
	return "SELECT concat_ws('|', " + strings.Join(names, ", ") + ") FROM staging." + entity + " ORDER BY 1"
}

func TestPartnerStackTemplateGivesEntities(t *testing.T) {
	server, clock, dir := newPartnerStack(t)
	notices, query := night(t, dir, "2026-04-01")
	require.Contains(t, notices, "prm.groups: described, and in no row: archived, default, features;")
	require.Equal(t, []string{"kim|Kim Lee|affiliate|∅|2025-02-04", "nordlicht|Nordlicht GmbH|reseller|gold|2025-02-03"},
		query(columns("partner", "partner_id", "name", "partner_type", "program_tier", "signed_at::DATE")))
	require.Equal(t, []string{"par_1|nordlicht|ida@nordlicht.example", "par_2|kim|∅"}, query(columns("partner_contact", "contact_id", "partner_id", "email")))
	require.Equal(t, []string{"led_1|partner_to_vendor|kim|2026-01-10"}, query(columns("lead", "lead_id", "direction", "partner_id", "submitted_at::DATE")))
	require.Equal(t, []string{"del_1|1234.5600|USD|won|2026-03-10", "del_2|5.0000|USD|lost|2026-03-11", "del_3|∅|USD|open|∅"},
		query(columns("deal", "deal_id", "amount", "currency", "outcome", "closed_at::DATE")))
	require.Equal(t, []string{"del_1|nordlicht|Alpen AG|1234.5600", "del_3|kim|∅|∅"}, query(columns("deal_registration", "registration_id", "partner_id", "account", "amount")))
	require.Equal(t, []string{"del_1|sourced", "del_2|influenced", "del_3|sourced"}, query(columns("deal_partner", "deal_id", "role")))
	require.Equal(t, []string{"trx_1|nordlicht|invoice|99.0000|USD|false", "trx_2|nordlicht|refund|-9.0000|EUR|false", "trx_3|kim|invoice|700.0000|JPY|true"},
		query(columns("invoice", "invoice_id", "partner_id", "kind", "amount", "currency", "test")))
	require.Equal(t, []string{"rwd_1|nordlicht|12.5000|USD|2026-03-31"}, query(columns("incentive_payment", "payment_id", "partner_id", "amount", "currency", "paid_at::DATE")))

	// What changed, what came to be paid, and what was deleted: the next night has it.
	clock.mu.Lock()
	clock.now = clock.now.Add(24 * time.Hour)
	clock.mu.Unlock()
	server.Put("deals", standin.Record{"key": "del_3", "partner_key": "kim", "stage": "won", "amount": 1, "close_date": "2026-03-30"})
	server.Put("rewards", standin.Record{"key": "rwd_2", "partnership": object{"key": "par_2"}, "amount": 77, "reward_status": "paid", "invoice": object{"payment_date": millis(t, "2026-03-31")}})
	server.Delete("transactions", "trx_1")
	server.Delete("deals", "del_2")
	clock.tick()
	_, query = night(t, dir, "2026-04-02")
	require.Equal(t, []string{"del_1|1234.5600|won|∅", "del_2|5.0000|lost|true", "del_3|0.0100|won|∅"}, query(columns("deal", "deal_id", "amount", "outcome", "nullif(deleted, false)")))
	require.Equal(t, []string{"rwd_1|12.5000", "rwd_2|0.7700"}, query(columns("incentive_payment", "payment_id", "amount")))
	require.Equal(t, []string{"trx_1"}, query("SELECT invoice_id FROM staging.invoice WHERE deleted"))
	asked := strings.Join(server.Requests(), "\n")
	require.Contains(t, asked, "/api/v2/deals?limit=250&max_updated=17", "the second night asks for what has changed")
	require.Contains(t, asked, "&min_updated=17")
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		require.NotContains(t, string(text), "sk_live", path)
		return err
	}), "the secret is in no file")
}

// TestPartnerStackTemplateSaysWhatIsWrong leaves the keys wrong.
func TestPartnerStackTemplateSaysWhatIsWrong(t *testing.T) {
	server, _, dir := newPartnerStack(t)
	server.Keys("pk_live", "another")
	_, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test"})
	require.ErrorContains(t, err, http.StatusText(http.StatusUnauthorized))
	require.NotContains(t, err.Error(), "sk_live")
}

// TestRecordThatPagesPassedOverIsNotDeleted reads a list by numbered pages, from which a record slips away for a night.
func TestRecordThatPagesPassedOverIsNotDeleted(t *testing.T) {
	kept := []string{"a", "b"}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages := map[string]string{"1": `[{"id": "` + strings.Join(kept, `"}, {"id": "`) + `"}]`, "2": `[{"id": "z", "note": "late"}]`}
		_, _ = io.WriteString(w, cmp.Or(pages[r.URL.Query().Get("page")], "[]"))
	}))
	t.Cleanup(web.Close)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, project.File), []byte(`version: 1
project: acme
reporting: {time_zone: UTC, currency: EUR}
sources:
  prm:
    type: rest
    url: `+web.URL+`
    pagination: {page: {param: page}}
    sweep: 0s
    streams: {partners: {key: id}}
maps:
  - {entity: partner, from: prm.partners, fields: {partner_id: id}}
  - {entity: deal, from: prm.partners, fields: {deal_id: id, created_at: {constant: 2026-01-01}, outcome: {constant: open}}}
`), 0o600))
	alive := "SELECT partner_id FROM staging.partner WHERE NOT coalesce(deleted, false) ORDER BY 1"
	notices, query := night(t, dir, "2026-04-01")
	require.Equal(t, []string{"a", "b", "z"}, query(alive))
	require.Contains(t, notices, "prm.partners: in rows, and not described, so that they did not land: note;")
	kept = []string{"b", "c"}
	_, query = night(t, dir, "2026-04-02")
	require.Equal(t, []string{"a", "b", "c", "z"}, query(alive))
}
