package project_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source/file"
	"github.com/tributary-data/tributary/schemas/diag"
)

const small = `version: 1
project: acme
reporting: {time_zone: Europe/Berlin, currency: EUR}
`

func load(t *testing.T, files map[string]string, env map[string]string) (*project.Project, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return project.LoadFS(fsys, project.Options{Dir: "/srv/acme", Env: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}})
}

func TestDefaults(t *testing.T) {
	p, err := load(t, map[string]string{project.File: small}, nil)
	require.NoError(t, err)
	require.Equal(t, filepath.FromSlash("/srv/acme/lake"), p.LakeDir())
	require.Equal(t, filepath.FromSlash("/srv/acme/warehouse"), p.WarehouseDir())
	require.Equal(t, "Europe/Berlin", p.Zone.String())
	require.Equal(t, 7, *p.Config.Limits.KeepWarehouses)
	require.Len(t, p.Program.Motions.Motions, 5)
	params := p.Params(time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 2, 0, 0, 0, 0, time.UTC))
	require.Equal(t, 5, params.MinN)
	require.Equal(t, "EUR", params.Currency)
	require.Equal(t, "Europe/Berlin", params.Zone)
	require.Empty(t, p.Streams())
}

func TestStreams(t *testing.T) {
	p, err := load(t, map[string]string{project.File: small + `
sources:
  zulu:
    root: ${DATA}/zulu
    streams:
      plain: {files: a.csv}
  alpha:
    type: file
    streams:
      odd:
        files: ["x*.txt", y.txt]
        format: csv
        delimiter: ";"
        quote: "'"
        encoding: windows-1252
        header: [id, name]
        null: ["", NULL]
        skip_rows: 2
        compression: gzip
        max_line_bytes: 2 MiB
        key: [id]
        version: name
        mode: snapshot
        snapshot: newest_file
      bare: {files: z.json, header: false, records: data.items}
`}, map[string]string{"DATA": "/mnt/data"})
	require.NoError(t, err)
	require.Equal(t, []extract.Stream{
		{Source: "zulu", Name: "plain", File: file.Spec{Root: "/mnt/data/zulu", Files: []string{"a.csv"}}},
		{Source: "alpha", Name: "odd", Mode: "snapshot", Snapshot: "newest_file", File: file.Spec{
			Files: []string{"x*.txt", "y.txt"}, Format: file.CSV, Delimiter: ";", Quote: "'", Encoding: "windows-1252", HeaderNames: []string{"id", "name"},
			Null: []string{"", "NULL"}, SkipRows: 2, Compression: "gzip", MaxLineBytes: 2 << 20,
		}},
		{Source: "alpha", Name: "bare", File: file.Spec{Files: []string{"z.json"}, NoHeader: true, Records: "data.items"}},
	}, p.Streams())
	cfg := p.Staging()
	require.Equal(t, []string{"id"}, cfg.Streams["alpha.odd"].Key.Columns)
	require.True(t, cfg.Streams["zulu.plain"].Key.WholeRow())
	require.Equal(t, "Europe/Berlin", cfg.Zone)
}

func TestEverythingWrongIsReportedTogether(t *testing.T) {
	_, err := load(t, map[string]string{
		project.File: `version: 2
project: acme
lake: ${LAKE}
program: ../rules
sql: /models
reporting: {time_zone: Europe/Berln, curency: EUR, min_n: 0}
limits: {quarantine_share: 2, keep_warehouses: 0, memory: lots}
record_url: {crn: "https://crm.example.com/{key}", crm: "https://crm.example.com"}
sources:
  crm:
    type: files
    streams:
      Partners: {files: "a[.csv"}
      deals:
        files: deals.csv
        format: csvs
        delimiter: "ab"
        mode: snapshots
        snapshot: newest
      deals_: {fils: x.csv}
maps:
  - entity: partner
    from: crm.partnrs
    fields: {partner_id: id}
`,
		"program/fx.yaml": "kinds: x\n",
	}, nil)
	var problems diag.List
	require.ErrorAs(t, err, &problems)
	for _, want := range []string{
		`tributary.yaml:1: version 2 of tributary.yaml is not known (this version of Tributary reads version: 1)`,
		`tributary.yaml:3: the environment variable LAKE is not set (set it where Tributary is started)`,
		`tributary.yaml:4: program: "../rules" is no folder of the project (runs keep a copy of it, so it lies below the project folder)`,
		`tributary.yaml:5: sql: "/models" is no folder of the project (runs keep a copy of it, so it lies below the project folder)`,
		`tributary.yaml:6: key "currency" is missing`,
		`tributary.yaml:6: min_n cannot be 0 (a number from 1)`,
		`tributary.yaml:6: unknown key "curency" (did you mean currency?)`,
		`tributary.yaml:6: unknown time zone "Europe/Berln" (an IANA name such as Europe/Berlin or UTC)`,
		`tributary.yaml:7: "lots" is no size (for example 16MiB or 4GiB)`,
		`tributary.yaml:7: keep_warehouses cannot be 0`,
		`tributary.yaml:7: quarantine_share lies between 0 and 1 (for example 0.01 or 1%)`,
		`tributary.yaml:8: record_url of crm has no {key} in it (for example https://crm.example.com/{key})`,
		`tributary.yaml:8: record_url: unknown source "crn" (did you mean crm?)`,
		`tributary.yaml:11: type cannot be "files" (did you mean file?)`,
		`tributary.yaml:13: "Partners" cannot be the name of a stream (small letters, digits and underscores, a letter first: it becomes a table's name)`,
		`tributary.yaml:13: files: "a[.csv" is no valid pattern (close every [ and {)`,
		`tributary.yaml:16: format: "csvs" is no format (did you mean csv?)`,
		`tributary.yaml:17: delimiter: "ab" is not one ASCII character (for example ";" or "\t")`,
		`tributary.yaml:18: stream crm.deals: unknown mode "snapshots" (did you mean snapshot?)`,
		`tributary.yaml:19: snapshot cannot be "newest" (did you mean newest_file?)`,
		`tributary.yaml:20: key "files" is missing`,
		`tributary.yaml:20: unknown key "fils" (did you mean files?)`,
		`tributary.yaml:23: map of partner: unknown stream "crm.partnrs" (did you mean crm.Partners?)`,
	} {
		require.Contains(t, err.Error(), want)
	}
}

func TestProblemsOfRulesAreReportedWithThoseOfTheConfiguration(t *testing.T) {
	_, err := load(t, map[string]string{project.File: small + "lakes: x\n", "program/fx.yaml": "kinds: x\n"}, nil)
	require.EqualError(t, err, "program/fx.yaml:1: unknown key \"kinds\" (did you mean kind?)\ntributary.yaml:4: unknown key \"lakes\" (did you mean lake?)")
}

func TestAFileThatIsNoYAML(t *testing.T) {
	_, err := load(t, map[string]string{project.File: "version: 1: 2\n", "program/fx.yaml": "\ufeffkinds: x\r\n"}, nil)
	require.ErrorContains(t, err, "tributary.yaml: not valid YAML")
	_, err = load(t, map[string]string{project.File: ""}, nil)
	require.EqualError(t, err, "tributary.yaml: the file is empty")
	_, err = load(t, map[string]string{project.File: "\ufeff" + small + "lakes: x\r\n"}, nil)
	require.EqualError(t, err, `tributary.yaml:4: unknown key "lakes" (did you mean lake?)`)
}

func TestAFolderWithoutAProject(t *testing.T) {
	_, err := project.Load(t.TempDir())
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "tributary init")
	_, err = project.Load(filepath.Join(t.TempDir(), "nowhere"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestSnapshotIsReadAgain(t *testing.T) {
	files := map[string]string{
		project.File: small + "program: rules\nlake: ${LAKE}\n", "rules/fx.yaml": "kind: spot\n", "rules/notes.txt": "not a rule", "sql/core/deal.sql": "SELECT 1",
		"sql/.backup/x.sql": "SELECT 2", "data/deals.csv": "id\n1\n",
	}
	p, err := load(t, files, map[string]string{"LAKE": "/mnt/lake"})
	require.NoError(t, err)
	require.Equal(t, "/mnt/lake", p.LakeDir())
	snapshot := p.Snapshot()
	require.Len(t, snapshot, 3)
	require.Contains(t, string(snapshot[project.File]), "${LAKE}", "references are kept, not what they refer to")
	text, err := fs.ReadFile(p.SQL(), "core/deal.sql")
	require.NoError(t, err)
	require.Equal(t, "SELECT 1", string(text))

	again, err := project.LoadFiles(snapshot, project.Options{Dir: "/srv/acme"})
	require.NoError(t, err, "a past night is rebuilt without today's environment")
	require.Equal(t, "spot", again.Program.FX.Kind.Value)
	require.Equal(t, snapshot, again.Snapshot())
}

func TestLimits(t *testing.T) {
	p, err := load(t, map[string]string{project.File: small + "limits: {quarantine_share: 0.5%, quarantine_count: 100, quarantine_free: 2, memory: 4GiB}\n"}, nil)
	require.NoError(t, err)
	require.Equal(t, "4294967296B", p.Config.Limits.Memory.Text())
	require.Empty(t, project.Size{}.Text())
	for _, c := range []struct {
		quarantined, rows int64
		want              bool
	}{{2, 2, false}, {3, 600, false}, {3, 599, true}, {100, 1_000_000, false}, {101, 1_000_000, true}, {0, 0, false}} {
		require.Equal(t, c.want, p.Config.Limits.Exceeded(c.quarantined, c.rows), fmt.Sprint(c))
	}
}

func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "token"), []byte("from-file\r\nsecond line"), 0o600))
	read := func(text string) (value secret.Secret, err error) {
		var problems diag.List
		diag.NewDecoder(project.File, &problems).Read([]byte(text), &value)
		problems.Merge(value.Resolve(secret.Finder{Dir: dir, Env: func(name string) (string, bool) { return "from-env", name == "TOKEN" }}))
		return value, problems.Err()
	}
	for text, want := range map[string]string{"${TOKEN}": "from-env", "{file: token}": "from-file"} {
		s, err := read(text)
		require.NoError(t, err)
		require.Equal(t, want, s.Reveal())
		asJSON, err := json.Marshal(map[string]any{"token": s})
		require.NoError(t, err)
		for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), fmt.Sprintf("%v", &s), string(asJSON)} {
			require.NotContains(t, shown, want)
		}
	}
	for text, want := range map[string]string{
		"${NONE}":         "tributary.yaml:1: the environment variable NONE is not set (set it where Tributary is started)",
		"hunter2":         "tributary.yaml:1: a secret must not stand in this file (write ${NAME} for a variable of the environment, or {file: path})",
		"abc${TOKEN}":     "tributary.yaml:1: a secret must not stand in this file (write ${NAME} for a variable of the environment, or {file: path})",
		"{path: token}":   "tributary.yaml:1: key \"file\" is missing\ntributary.yaml:1: unknown key \"path\" (known: file)",
		"{file: nowhere}": "tributary.yaml:1: the secret's file cannot be read: open " + filepath.Join(dir, "nowhere") + ": no such file or directory",
	} {
		_, err := read(text)
		require.EqualError(t, err, want)
	}
}
