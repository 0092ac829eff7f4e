//go:build s3

package outside_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

const (
	accessKey = "vendor"
	secretKey = "a-secret-that-nobody-may-see"
	bucket    = "acme-exports"
)

// storage is a bucket of a versitygw of its own, over a folder.
type storage struct {
	client   *minio.Client
	endpoint string
}

func newStorage(t *testing.T) storage {
	t.Helper()
	server := os.Getenv("VERSITYGW")
	require.FileExists(t, server, "VERSITYGW names no program: run this by make test-s3")
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	cmd := exec.Command(server, "--port", address, "--access", accessKey, "--secret", secretKey, "--quiet", "--iam-dir", t.TempDir(), "posix", "--sidecar", t.TempDir(), t.TempDir())
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	client, err := minio.New(address, &minio.Options{Creds: credentials.NewStaticV4(accessKey, secretKey, ""), Region: "us-east-1"})
	require.NoError(t, err)
	require.NoError(t, client.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}), "the client asks again until the server is up")
	t.Setenv("AWS_ACCESS_KEY_ID", accessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", secretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("TRIBUTARY_TEMP", t.TempDir())
	return storage{client, "http://" + address}
}

func (s storage) root(prefix string) string {
	return "s3://" + bucket + "/" + prefix + "?region=us-east-1&endpoint=" + s.endpoint
}

func (s storage) put(t *testing.T, key string, content []byte) {
	t.Helper()
	_, err := s.client.PutObject(t.Context(), bucket, key, bytes.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	require.NoError(t, err)
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return out.Bytes()
}

type deal struct {
	ID      string  `parquet:"id"`
	Title   string  `parquet:"title"`
	Partner string  `parquet:"partner"`
	Amount  float64 `parquet:"amount"`
	Created string  `parquet:"created"`
	Closed  string  `parquet:"closed"`
	Status  string  `parquet:"status"`
}

func deals(t *testing.T, rows ...deal) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, parquet.Write(&out, rows))
	return out.Bytes()
}

const s3Project = `version: 1
project: acme
reporting: {time_zone: UTC, currency: EUR}
sources:
  crm:
    root: %s
    streams:
      partners: {files: ["partners-*.csv.gz"], key: [id], mode: upsert}
      deals: {files: ["**/deals.parquet"], key: [id], mode: upsert}
      credits: {files: [credits.jsonl], key: [id], mode: upsert}
maps:
  - {entity: partner, from: crm.partners, fields: {partner_id: id, name: name, partner_type: type}}
  - entity: deal
    from: crm.deals
    fields: {deal_id: id, name: title, partner_id: partner, amount: amount, currency: {constant: EUR}, created_at: created, closed_at: closed, outcome: status}
  - entity: deal_partner
    from: crm.credits
    fields: {deal_partner_id: id, deal_id: deal, partner_id: partner, role: role, created_at: locked, locked_at: locked}
`

// project is a project whose files are below a root.
func project(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tributary.yaml"), fmt.Appendf(nil, s3Project, root), 0o600))
	return dir
}

func night(t *testing.T, dir, asOf string) (nightly.Summary, error) {
	t.Helper()
	summary, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: asOf, Version: "test"})
	left, readErr := os.ReadDir(os.Getenv("TRIBUTARY_TEMP"))
	require.NoError(t, readErr)
	require.Empty(t, left, "what was fetched is removed")
	return summary, err
}

// delivered is what the lake holds of a stream's objects: name, rows, whether it still counts.
func delivered(t *testing.T, dir, stream string) []string {
	t.Helper()
	l, err := lake.Open(filepath.Join(dir, "lake"), lake.Options{})
	require.NoError(t, err)
	all, err := l.Deliveries(t.Context(), "crm", stream)
	require.NoError(t, err)
	var out []string
	for _, d := range all {
		require.NotEmpty(t, d.ETag)
		out = append(out, fmt.Sprintf("%s %d", d.Path, d.Rows))
	}
	return out
}

func (s storage) deliver(t *testing.T) {
	t.Helper()
	s.put(t, "crm/partners-1.csv.gz", gzipped(t, "id,name,type\nP1,Nordlicht,reseller\nP2,Null,var\n"))
	s.put(t, "crm/2026/q1/deals.parquet", deals(t, deal{"D1", "First", "P1", 1000, "2026-01-10", "2026-02-10", "won"}, deal{"D2", "Second", "P2", 500, "2026-01-12", "2026-02-20", "won"}))
	s.put(t, "crm/credits.jsonl", []byte(`{"id":"C1","deal":"D1","partner":"P1","role":"sourced","locked":"2026-01-10"}`+"\n"))
	s.put(t, "crm-2/partners-9.csv.gz", []byte("another folder"))
}

func TestNightsFromObjects(t *testing.T) {
	s := newStorage(t)
	s.deliver(t)
	dir := project(t, s.root("crm"))
	first, err := night(t, dir, "2026-03-30")
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, first.Status)
	require.EqualValues(t, 5, first.RowsLanded)
	require.Equal(t, []string{"s3://acme-exports/crm/2026/q1/deals.parquet 2"}, delivered(t, dir, "deals"))

	again, err := night(t, dir, "2026-03-30")
	require.NoError(t, err)
	require.Equal(t, nightly.StatusNothingNew, again.Status)

	s.put(t, "crm/partners-2.csv.gz", gzipped(t, "id,name,type\nP3,Neu,reseller\n"))
	s.put(t, "crm/credits.jsonl", []byte(`{"id":"C1","deal":"D1","partner":"P2","role":"sourced","locked":"2026-01-10"}`+"\n")) // as long as before
	require.NoError(t, s.client.RemoveObject(t.Context(), bucket, "crm/2026/q1/deals.parquet", minio.RemoveObjectOptions{}))
	second, err := night(t, dir, "2026-03-31")
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, second.Status)
	require.EqualValues(t, 2, second.RowsLanded)
	require.Equal(t, []string{"s3://acme-exports/crm/partners-1.csv.gz 2", "s3://acme-exports/crm/partners-2.csv.gz 1"}, delivered(t, dir, "partners"))
	require.Equal(t, []string{"s3://acme-exports/crm/credits.jsonl 1", "s3://acme-exports/crm/credits.jsonl 1"}, delivered(t, dir, "credits"))
	require.Len(t, delivered(t, dir, "deals"), 1, "what a removed object delivered stays")

	findings := nightly.Doctor(t.Context(), dir, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	require.Contains(t, findings, nightly.Finding{State: nightly.Good, What: "source crm", Text: "s3://acme-exports/crm/ can be listed and read"})
}

func TestObjectsOnManyPages(t *testing.T) {
	s := newStorage(t)
	for i := range 1100 {
		s.put(t, fmt.Sprintf("many/%d/part-%d.csv", i%2, i), []byte("id\n1\n"))
	}
	s.put(t, "many/.hidden/part-1.csv", []byte("id\n1\n"))
	s.put(t, "many/a [1].csv", []byte("id\n1\n"))
	find := func(patterns ...string) file.Finding {
		found, err := file.Find(t.Context(), t.TempDir(), file.Spec{Root: s.root("many/"), Files: patterns})
		require.NoError(t, err)
		return found
	}
	all := find("**/part-*.csv").Files
	require.Len(t, all, 1100)
	require.Equal(t, "s3://acme-exports/many/0/part-998.csv", all[499].Name)
	require.Len(t, find("0/part-1?.csv", "1/*1.csv", "0/part-10.csv").Files, 5+110)
	require.Len(t, find("a [1].csv").Files, 1, "a name that looks like a pattern")
	require.Len(t, find(".hidden/*.csv").Files, 1)
	require.Equal(t, []string{"x*.csv"}, find("x*.csv").Empty)
	_, err := file.Find(t.Context(), t.TempDir(), file.Spec{Root: s.root("many"), Files: []string{"0/part-10.cvs"}})
	require.EqualError(t, err, "s3://acme-exports/many/0/part-10.cvs: the file does not exist (did you mean part-10.csv?)")
}

func TestObjectThatChanges(t *testing.T) {
	s := newStorage(t)
	s.put(t, "a.csv", []byte("id\n1\n"))
	found, err := file.Find(t.Context(), t.TempDir(), file.Spec{Root: s.root(""), Files: []string{"a.csv"}})
	require.NoError(t, err)
	local, done, err := file.Local(t.Context(), found.Files[0])
	require.NoError(t, err)
	content, err := file.Hash(t.Context(), local)
	require.NoError(t, err)
	require.Equal(t, found.Files[0].ModTime, content.ModTime)
	done()
	require.NoFileExists(t, local.Abs)

	s.put(t, "a.csv", []byte("id\n2\n"))
	_, _, err = file.Local(t.Context(), found.Files[0])
	require.ErrorIs(t, err, source.ErrChanged)
	require.NoError(t, s.client.RemoveObject(t.Context(), bucket, "a.csv", minio.RemoveObjectOptions{}))
	_, _, err = file.Local(t.Context(), found.Files[0])
	require.ErrorIs(t, err, source.ErrChanged)
	require.Equal(t, nightly.ExitRetryable, nightly.ExitCode(err))
}

func TestStorageThatRefuses(t *testing.T) {
	s := newStorage(t)
	s.deliver(t)
	listOnly := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-exports"}]}`
	for name, c := range map[string]struct {
		root, key, secret, policy string
		code                      int
		says                      string
	}{
		"no bucket":    {root: strings.Replace(s.root("crm"), bucket, "acme-export", 1), code: nightly.ExitConfig, says: "listing s3://acme-export/crm/"},
		"wrong secret": {secret: "another", code: nightly.ExitConfig, says: "the login is not accepted"},
		"wrong key":    {key: "nobody", code: nightly.ExitConfig, says: "the login is not accepted"},
		"no login":     {key: "-", code: nightly.ExitConfig, says: "give the login s3:ListBucket"},
		"no reading":   {key: "-", policy: listOnly, code: nightly.ExitConfig, says: "give the login s3:GetObject"},
		"nobody there": {root: "s3://acme-exports/crm?region=us-east-1&endpoint=http://127.0.0.1:1", code: nightly.ExitRetryable, says: "127.0.0.1:1 does not answer"},
		"not by TLS":   {root: strings.Replace(s.root("crm"), "http:", "https:", 1), code: nightly.ExitConfig, says: "mend `endpoint`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", strings.TrimPrefix(cmp.Or(c.key, accessKey), "-"))
			t.Setenv("AWS_SECRET_ACCESS_KEY", cmp.Or(c.secret, secretKey))
			require.NoError(t, s.client.SetBucketPolicy(t.Context(), bucket, c.policy))
			dir := project(t, cmp.Or(c.root, s.root("crm")))
			_, err := night(t, dir, "2026-03-30")
			require.ErrorContains(t, err, c.says)
			require.Equal(t, c.code, nightly.ExitCode(err), err.Error())
			require.NotContains(t, err.Error(), secretKey)
			var said []string
			for _, f := range nightly.Doctor(context.Background(), dir, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) {
				if f.What == "source crm" {
					said = append(said, f.State+" "+f.Text)
				}
			}
			require.Len(t, said, 1)
			require.Contains(t, said[0], nightly.Bad)
			require.NotContains(t, said[0], secretKey)
		})
	}
}
