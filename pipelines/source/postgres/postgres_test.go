package postgres_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/postgres"
)

// read is a stream read whole, its rows as texts; nil is null.
func read(t *testing.T, c source.Connector, s source.Stream) []map[string]string {
	t.Helper()
	d, err := c.Describe(t.Context(), s)
	require.NoError(t, err)
	pages, err := c.Open(t.Context(), source.Request{Stream: s, Fields: d.Fields, Key: d.Key})
	require.NoError(t, err)
	var out []map[string]string
	require.NoError(t, source.Drain(pages, func(b *source.Batch) error {
		for _, values := range b.Texts(b.Rows()) {
			row := map[string]string{}
			for i, v := range values {
				if v != nil {
					row[b.Names[i]] = *v
				}
			}
			out = append(out, row)
		}
		return nil
	}))
	return out
}

// TestOneSnapshot changes two tables together while they are read: a run sees both as they were when it began, or neither.
func TestOneSnapshot(t *testing.T) {
	p := newPlace(t)
	p.exec("CREATE TABLE sales.deals (id int PRIMARY KEY, amount int); CREATE TABLE sales.lines (id int PRIMARY KEY, deal int, amount int)")
	p.exec("INSERT INTO sales.deals VALUES (1, 10); INSERT INTO sales.lines VALUES (1, 1, 10)")
	c := p.connector(postgres.Options{})
	_, err := c.Begin(t.Context())
	require.NoError(t, err)
	require.Len(t, read(t, c, source.Stream{Name: "deals", Object: "sales.deals"}), 1)
	p.exec("BEGIN; INSERT INTO sales.deals VALUES (2, 20); INSERT INTO sales.lines VALUES (2, 2, 20); UPDATE sales.lines SET amount = 11 WHERE id = 1; COMMIT")
	lines := read(t, c, source.Stream{Name: "lines", Object: "sales.lines"})
	require.Equal(t, []map[string]string{{"id": "1", "deal": "1", "amount": "10"}}, lines)
	_, err = c.Begin(t.Context())
	require.NoError(t, err)
	require.Len(t, read(t, c, source.Stream{Name: "lines", Object: "sales.lines"}), 2, "a new run sees what is there then")
}

// TestValues keeps every digit and the instant, wherever the server's sessions stand.
func TestValues(t *testing.T) {
	p := newPlace(t)
	p.exec(`CREATE TABLE sales.values (id int PRIMARY KEY, amount numeric, ratio float8, at timestamptz, wall timestamp, day date, flag boolean, what jsonb, list text[], name text, nothing text)`)
	p.exec(`ALTER ROLE %s SET TimeZone = 'America/New_York'; ALTER ROLE %s SET DateStyle = 'German'; ALTER ROLE %s SET extra_float_digits = 0`, p.role, p.role, p.role)
	p.exec(`INSERT INTO sales.values VALUES (1, 12345678901234567890.123456789012345678, 0.1, '2026-03-29 02:30:00.123456+01', '2026-03-29 02:30', '2026-03-31', true,
		'{"a": 1.10}', ARRAY['x', 'y,z'], E'two\nlines', NULL)`)
	c := p.connector(postgres.Options{})
	_, err := c.Begin(t.Context())
	require.NoError(t, err)
	rows := read(t, c, source.Stream{Name: "values", Object: "sales.values"})
	require.Len(t, rows, 1)
	require.NotContains(t, rows[0], "nothing")
	require.Equal(t, "12345678901234567890.123456789012345678", rows[0]["amount"])
	require.Equal(t, "0.1", rows[0]["ratio"])
	require.Equal(t, "2026-03-29 01:30:00.123456+00", rows[0]["at"])
	require.Equal(t, "2026-03-29 02:30:00", rows[0]["wall"])
	require.Equal(t, "2026-03-31", rows[0]["day"])
	require.Contains(t, []string{"true", "t"}, rows[0]["flag"])
	require.JSONEq(t, `{"a": 1.10}`, rows[0]["what"])
	require.Equal(t, "two\nlines", rows[0]["name"])
}

// TestOnlyReads has no way to write, also where the login might.
func TestOnlyReads(t *testing.T) {
	p := newPlace(t)
	p.exec("CREATE TABLE sales.deals (id int PRIMARY KEY)")
	p.exec("CREATE SEQUENCE sales.numbers; INSERT INTO sales.deals VALUES (1); GRANT ALL ON sales.deals, sales.numbers TO %s", p.role)
	c := p.connector(postgres.Options{})
	_, err := c.Begin(t.Context())
	require.NoError(t, err)
	_, err = c.Open(t.Context(), source.Request{
		Stream: source.Stream{Name: "deals", Object: "sales.deals", Filter: "nextval('sales.numbers') > 0"}, Fields: []source.Field{{Name: "id"}},
	})
	require.ErrorContains(t, err, "read-only transaction")
	pages, err := c.Open(t.Context(), source.Request{Stream: source.Stream{Name: "deals", Object: "sales.deals"}, Fields: []source.Field{{Name: "id"}}})
	require.NoError(t, err)
	var b source.Batch
	require.NoError(t, pages.Next(&b))
	require.Equal(t, 1, b.Rows())
	require.NoError(t, pages.Close())
}

// TestTLS connects by each of libpq's modes to a server that has a certificate of an authority of its own.
func TestTLS(t *testing.T) {
	p := newPlace(t)
	p.exec("CREATE TABLE sales.deals (id int PRIMARY KEY)")
	var folder string
	require.NoError(t, p.admin.QueryRow(t.Context(), "SHOW data_directory").Scan(&folder))
	root := certificate(t, folder)
	p.exec("ALTER SYSTEM SET ssl = on")
	p.exec("SELECT pg_reload_conf()")
	t.Cleanup(func() {
		owner := connect(t, p.admin.Config().ConnString())
		exec(t, owner, "ALTER SYSTEM RESET ssl")
		exec(t, owner, "SELECT pg_reload_conf()")
	})
	var on string
	for on != "on" {
		other := connect(t, p.admin.Config().ConnString())
		require.NoError(t, other.QueryRow(t.Context(), "SHOW ssl").Scan(&on))
	}
	base, _, _ := strings.Cut(p.url, "?")
	for options, says := range map[string]string{
		"sslmode=disable":                         "not encrypted",
		"sslmode=require":                         "",
		"sslmode=verify-full&sslrootcert=" + root: "",
		"sslmode=verify-full":                     "certificate",
	} {
		c, err := postgres.New(postgres.Options{URL: base + "?" + options, Patience: &source.Patience{}})
		require.NoError(t, err)
		findings, err := c.Check(t.Context(), []source.Stream{{Name: "deals", Object: "sales.deals"}})
		require.NoError(t, err, options)
		require.Contains(t, findings[0].Detail, says, options)
		require.Equal(t, says != "certificate", findings[0].OK, "%s: %v", options, findings[0])
		if says == "" {
			require.NotContains(t, findings[0].Detail, "not encrypted", options)
		}
		require.NoError(t, c.Close())
	}
}

// certificate puts a certificate for this machine and its key into the server's folder, and gives the file that vouches for it.
func certificate(t *testing.T, folder string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Unix(0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(folder, "PG_VERSION"))
	require.NoError(t, err)
	uid, gid := ownerOf(info)
	for name, block := range map[string]*pem.Block{"server.crt": {Type: "CERTIFICATE", Bytes: der}, "server.key": {Type: "PRIVATE KEY", Bytes: secret}} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Chown(path, uid, gid))
	}
	root := filepath.Join(t.TempDir(), "root.crt")
	require.NoError(t, os.WriteFile(root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return root
}

// ownerOf is whose a file is: the server's, which may be another user's than the test's.
func ownerOf(info os.FileInfo) (uid, gid int) {
	of := info.Sys().(*syscall.Stat_t)
	return int(of.Uid), int(of.Gid)
}
