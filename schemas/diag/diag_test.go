package diag_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
)

type stream struct {
	At    diag.Pos
	Files []string `yaml:"files,required"`
	Mode  string   `yaml:"mode"`
	Limit int      `yaml:"limit"`
	On    *bool    `yaml:"on"`
	Name  diag.Text
}

type config struct {
	Streams map[string]stream `yaml:"streams"`
	Extra   yaml.Node         `yaml:"extra"`
	Rate    string            `yaml:"rate"`
}

func TestDecodeReadsValues(t *testing.T) {
	var got config
	var problems diag.List
	ok := diag.NewDecoder("a.yaml", &problems).Read([]byte(`
base: &base {mode: append, limit: 1_000}
streams:
  one: {files: a.csv, name: 1.10, on: true}
  two:
    <<: *base
    files: [b, c]
    mode: upsert
extra: {x: [1]}
rate: 1.10
`), &got)
	require.True(t, ok)
	require.EqualError(t, problems.Err(), `a.yaml:2: unknown key "base" (known: streams, extra, rate)`)
	require.Equal(t, []string{"a.csv"}, got.Streams["one"].Files)
	require.Equal(t, "1.10", got.Streams["one"].Name.Value)
	require.True(t, *got.Streams["one"].On)
	require.Equal(t, diag.Pos{File: "a.yaml", Line: 4}, got.Streams["one"].At)
	require.Equal(t, stream{At: diag.Pos{File: "a.yaml", Line: 6}, Files: []string{"b", "c"}, Mode: "upsert", Limit: 1000}, got.Streams["two"])
	require.Equal(t, "1.10", got.Rate)
	require.Equal(t, yaml.MappingNode, got.Extra.Kind)
}

func TestDecodeReportsEverythingAtOnce(t *testing.T) {
	var got config
	var problems diag.List
	diag.NewDecoder("a.yaml", &problems).Read([]byte(`streams:
  one: {fils: a.csv, limit: many}
  two: [x]
  three: {files: x, on: perhaps}
  three: {files: y}
rate: {a: 1}
`), &got)
	require.EqualError(t, problems.Err(), `a.yaml:2: expected a whole number, found "many"
a.yaml:2: key "files" is missing
a.yaml:2: unknown key "fils" (did you mean files?)
a.yaml:3: expected keys and values, found a list
a.yaml:4: expected true or false, found "perhaps" (write true or false)
a.yaml:5: key "three" is given twice, first on line 4
a.yaml:6: expected a single value, found keys and values`)
}

func TestParseProblems(t *testing.T) {
	for text, want := range map[string]string{
		"a: b: c":         "a.yaml: not valid YAML: mapping values are not allowed in this context (YAML is indented with spaces; quote a value that holds ': ' or begins with a special character)",
		"":                "a.yaml: the file is empty",
		"a: 1\n---\nb: 2": "a.yaml:2: a second YAML document begins here (keep one document per file)",
	} {
		var problems diag.List
		diag.NewDecoder("a.yaml", &problems).Parse([]byte(text))
		require.EqualError(t, problems.Err(), want, text)
	}
}

func TestNearest(t *testing.T) {
	names := []string{"partner_id", "partner_type", "name", "signed_at"}
	for name, want := range map[string]string{
		"PartnerID": "partner_id", "partner_tpye": "partner_type", "nam": "name", "signed": "signed_at", "zebra": "", "singed_at": "signed_at",
	} {
		require.Equal(t, want, diag.Nearest(name, names), name)
	}
}

func TestEmptyListIsNoError(t *testing.T) {
	require.NoError(t, diag.List{}.Err())
}
