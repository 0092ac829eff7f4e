package salesforce_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/salesforce"
	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
	"github.com/tributary-data/tributary/schemas/diag"
)

// settings reads the configuration of a source.
func settings(t *testing.T, text string) (*salesforce.Settings, error) {
	t.Helper()
	var problems diag.List
	s := &salesforce.Settings{}
	diag.NewDecoder("tributary.yaml", &problems).Read([]byte(text), s)
	s.SetDefaults()
	s.Check(&problems)
	return s, problems.Err()
}

// standard is an org with Salesforce's own objects.
func standard(t *testing.T, opts standin.Options) (*standin.Server, string) {
	t.Helper()
	opts.Now, opts.Standard = standin.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)).Now, true
	org, err := standin.New(opts)
	require.NoError(t, err)
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	return org, server.URL
}

func TestLogins(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	dir := t.TempDir()
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), text, 0o600))
	_, url := standard(t, standin.Options{ClientID: "app", ClientSecret: "app secret", Username: "integration@acme.test", Password: "pass wordTOKEN", PublicKey: &key.PublicKey})
	env := source.Environment{Secrets: secret.Finder{Dir: dir, Env: func(name string) (string, bool) {
		value, ok := map[string]string{"SECRET": "app secret", "PASSWORD": "pass word", "TOKEN": "TOKEN", "WRONG": "wrong"}[name]
		return value, ok
	}}}
	for name, auth := range map[string]string{
		"client credentials": "client_credentials: {client_id: app, client_secret: '${SECRET}'}",
		"JWT":                "jwt: {client_id: app, username: integration@acme.test, key: {file: key.pem}}",
		"password":           "password: {client_id: app, client_secret: '${SECRET}', username: integration@acme.test, password: '${PASSWORD}', security_token: '${TOKEN}'}",
		"wrong password":     "password: {client_id: app, client_secret: '${SECRET}', username: integration@acme.test, password: '${WRONG}'}",
	} {
		s, err := settings(t, "host: "+url+"\nauth: {"+auth+"}\nstreams: {Account: {}}\n")
		require.NoError(t, err)
		c, err := s.Connect(context.Background(), env)
		require.NoError(t, err)
		findings, err := c.Check(context.Background(), []source.Stream{{Name: "Account"}})
		require.NoError(t, err)
		if strings.HasPrefix(name, "wrong") {
			require.Len(t, findings, 1)
			require.Contains(t, findings[0].Detail, "invalid_grant", name)
			continue
		}
		require.Len(t, findings, 2, "%s: %v", name, findings)
		require.True(t, findings[0].OK && findings[1].OK, "%s: %v", name, findings)
		require.Contains(t, findings[0].Detail, "of the org's 15000 calls of the day are used")
		require.NotContains(t, fmt.Sprint(findings), "secret")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	_, err := settings(t, `host: http://acme.my.salesforce.com/x
version: latest
auth: {}
api: soap
keep_calls: 100
streams:
  deals: {object: "Opportunity; DROP"}
  leads: {object: Lead, fields: ["Name FROM"]}
`)
	for _, says := range []string{
		"tributary.yaml:1: host: write the host alone", `tributary.yaml:2: "latest" is no version`, "tributary.yaml:3: auth needs exactly one of", `tributary.yaml:4: unknown api "soap"`,
		"a number is out of range", `tributary.yaml:7: "Opportunity; DROP" is no name of an object`, `tributary.yaml:8: "Name FROM" is no name of a field`,
	} {
		require.ErrorContains(t, err, says)
	}
	_, err = settings(t, "host: http://acme.my.salesforce.com\nauth: {jwt: {client_id: a, username: b, key: clear}}\nstreams: {}\n")
	require.ErrorContains(t, err, "it must be https")
	require.ErrorContains(t, err, "a secret must not stand in this file")
}

// reads are the rows of a stream, by field.
func reads(t *testing.T, c source.Connector, s source.Stream) (rows []map[string]string, deleted []bool, d source.Description) {
	t.Helper()
	ctx := context.Background()
	d, err := c.Describe(ctx, s)
	require.NoError(t, err)
	fields := d.Fields
	if len(s.Fields) > 0 {
		fields = nil
		for _, name := range s.Fields {
			f, found := source.FieldNamed(d.Fields, name)
			require.True(t, found, name)
			fields = append(fields, f)
		}
	}
	pages, err := c.Open(ctx, source.Request{Stream: s, Fields: fields, Key: d.Key, Cursor: d.Cursor})
	require.NoError(t, err)
	require.NoError(t, source.Drain(pages, func(b *source.Batch) error {
		for i, values := range b.Texts(b.Rows()) {
			row := map[string]string{}
			for column, v := range values {
				if v != nil {
					row[b.Names[column]] = *v
				}
			}
			rows, deleted = append(rows, row), append(deleted, b.IsDeleted(i))
		}
		return nil
	}))
	return rows, deleted, d
}

func connector(t *testing.T, url string, opts salesforce.Options) source.Connector {
	t.Helper()
	opts.Host, opts.Login = url, salesforce.Login{ClientID: "app", ClientSecret: "secret"}
	opts.Patience = &source.Patience{Tools: source.Tools{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}}
	c, err := salesforce.New(opts)
	require.NoError(t, err)
	return c
}

// TestWaysGiveTheSame reads awkward values by REST and by a bulk job.
func TestWaysGiveTheSame(t *testing.T) {
	t.Parallel()
	org, url := standard(t, standin.Options{ClientID: "app", ClientSecret: "secret"})
	account, err := org.Add("Account", standin.Row{"Name": "Nordlicht \"Nord\", GmbH\r\nzweite Zeile"})
	require.NoError(t, err)
	_, err = org.Add("Opportunity", standin.Row{"Name": "ä; 💶", "AccountId": account, "Amount": json.Number("12345678901234.56"), "StageName": "Closed Won", "CloseDate": "2026-02-10"})
	require.NoError(t, err)
	_, err = org.Add("Opportunity", standin.Row{"Name": "none", "StageName": "Open", "CloseDate": "2026-03-10"})
	require.NoError(t, err)
	for _, stream := range []source.Stream{{Name: "Account"}, {Name: "Opportunity", Fields: []string{"Id", "Name", "Amount", "CloseDate", "IsDeleted", "SystemModstamp", "Account.Name"}}} {
		rest, _, d := reads(t, connector(t, url, salesforce.Options{API: salesforce.REST}), stream)
		bulk, _, _ := reads(t, connector(t, url, salesforce.Options{API: salesforce.Bulk}), stream)
		require.Equal(t, rest, bulk)
		require.Equal(t, []string{"Id"}, d.Key)
		require.Equal(t, "SystemModstamp", d.Cursor)
	}
	deals, _, d := reads(t, connector(t, url, salesforce.Options{}), source.Stream{Name: "Opportunity", Fields: []string{"Name", "Amount", "Account.Name", "SystemModstamp", "Id"}})
	require.Equal(t, "12345678901234.56", deals[0]["Amount"])
	require.Equal(t, "Nordlicht \"Nord\", GmbH\r\nzweite Zeile", deals[0]["Account.Name"])
	require.NotContains(t, deals[1], "Amount")
	require.Equal(t, "2026-03-02T10:00:00.000Z", deals[0]["SystemModstamp"])
	f, _ := source.FieldNamed(d.Fields, "Amount")
	require.Equal(t, source.Number, f.Kind)
	require.Contains(t, f.Type, "currency(")
}

// TestChosenByCount reads a few by a query, and many by a job.
func TestChosenByCount(t *testing.T) {
	t.Parallel()
	org, url := standard(t, standin.Options{ClientID: "app", ClientSecret: "secret"})
	for i := range 450 {
		_, err := org.Add("Lead", standin.Row{"LastName": fmt.Sprint("L", i), "Company": "Acme"})
		require.NoError(t, err)
	}
	stream := source.Stream{Name: "Lead", Fields: []string{"Id", "SystemModstamp"}}
	rows, _, _ := reads(t, connector(t, url, salesforce.Options{BulkFrom: 451, Page: 200}), stream)
	require.Len(t, rows, 450)
	require.Zero(t, org.Count(http.MethodPost, "/services/data/v64.0/jobs"))
	rows, _, _ = reads(t, connector(t, url, salesforce.Options{BulkFrom: 450, Page: 200}), stream)
	require.Len(t, rows, 450)
	require.Equal(t, 1, org.Count(http.MethodPost, "/services/data/v64.0/jobs"))
	require.Equal(t, 1, org.Count(http.MethodDelete, "/services/data/v64.0/jobs"), "the job is not left behind")
}

// TestDeletedAndMerged keeps whom a record was merged into, and announces deletions.
func TestDeletedAndMerged(t *testing.T) {
	t.Parallel()
	org, url := standard(t, standin.Options{ClientID: "app", ClientSecret: "secret"})
	var ids []string
	for _, name := range []string{"winner", "loser", "gone"} {
		id, err := org.Add("Lead", standin.Row{"LastName": name, "Company": "Acme"})
		require.NoError(t, err)
		ids = append(ids, id)
	}
	require.NoError(t, org.Overwrite("Lead", ids[1], standin.Row{"MasterRecordId": ids[0]}))
	require.NoError(t, org.Delete("Lead", ids[1]))
	require.NoError(t, org.Delete("Lead", ids[2]))
	for _, api := range []string{salesforce.REST, salesforce.Bulk} {
		rows, deleted, _ := reads(t, connector(t, url, salesforce.Options{API: api}), source.Stream{Name: "Lead", Fields: []string{"Id", "LastName", "MasterRecordId", "IsDeleted", "SystemModstamp"}})
		require.Equal(t, []bool{false, false, true, false, true}, deleted)
		require.Equal(t, ids[0], rows[1]["MasterRecordId"])
		_, deleted, _ = reads(t, connector(t, url, salesforce.Options{API: api}), source.Stream{Name: "Lead", Fields: []string{"Id", "SystemModstamp"}})
		require.Equal(t, []bool{false, false, true, false, true}, deleted, "also when nobody asked for those fields")
	}
}

// TestPermissions tells of fields and objects that are not to be seen.
func TestPermissions(t *testing.T) {
	t.Parallel()
	org, url := standard(t, standin.Options{ClientID: "app", ClientSecret: "secret"})
	require.NoError(t, org.DenyField("Opportunity", "Amount", true))
	c := connector(t, url, salesforce.Options{})
	findings, err := c.Check(context.Background(), []source.Stream{{Name: "deals", Object: "Opportunity", Fields: []string{"Id", "Amount", "Nonsense__c"}}, {Name: "leads", Object: "Lead"}})
	require.NoError(t, err)
	require.Contains(t, findings[1].Detail, "has no field Amount, Nonsense__c, or field-level security hides it")
	require.False(t, findings[1].OK)
	require.True(t, findings[2].OK, "%v", findings[2])
}

// TestLeavesCallsToOthers stops before the org's calls of the day are used up.
func TestLeavesCallsToOthers(t *testing.T) {
	t.Parallel()
	_, url := standard(t, standin.Options{ClientID: "app", ClientSecret: "secret", DailyRequests: 20})
	c := connector(t, url, salesforce.Options{KeepCalls: 50})
	var err error
	calls := 0
	for ; err == nil && calls < 30; calls++ {
		_, err = c.Begin(context.Background())
	}
	require.Equal(t, 11, calls)
	require.ErrorIs(t, err, source.ErrTransient)
	require.ErrorContains(t, err, "11 of the org's 20 calls of the day are used, and the last 10 are left to others")
	c = connector(t, url, salesforce.Options{})
	for err = nil; err == nil; calls++ {
		_, err = c.Begin(context.Background())
	}
	require.ErrorIs(t, err, source.ErrTransient)
	require.ErrorContains(t, err, "used up")
}
