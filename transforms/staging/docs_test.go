package staging_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/staging"
)

// documented is a tributary.yaml as docs/maps.md shows it.
type documented struct {
	Sources map[string]struct {
		Root    string                      `yaml:"root"`
		Streams map[string]documentedStream `yaml:"streams"`
	} `yaml:"sources"`
	Maps     []staging.Map               `yaml:"maps"`
	Identity map[string]staging.Identity `yaml:"identity"`
}

type documentedStream struct {
	Files          []string `yaml:"files"`
	staging.Stream `yaml:",inline"`
}

const documentedSources = `sources:
  crm: {streams: {partners: {}, deals: {}, owners: {}, levels: {}, history: {}}}
  erp: {streams: {deals: {}}}
  mdm: {streams: {deal_ids: {}}}
`

// Every example of docs/maps.md is one that the program takes.
func TestExamplesOfTheReference(t *testing.T) {
	const file = "../../docs/maps.md"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	set, err := schemas.Load()
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```yaml ?([a-z_ ]*)\n(.*?)```").FindAllSubmatchIndex(text, -1)
	require.Greater(t, len(blocks), 20)
	for _, b := range blocks {
		kind, example := string(text[b[2]:b[3]]), string(text[b[4]:b[5]])
		line := 1 + strings.Count(string(text[:b[4]]), "\n")
		t.Run(fmt.Sprintf("line %d", line), func(t *testing.T) {
			cfg, problems := documentedConfig(t, set, strings.Fields(kind), example)
			require.NoError(t, problems.Err(), example)
			list, err := staging.Check(context.Background(), cfg)
			require.NoError(t, err)
			require.NoError(t, list.Err(), example)
		})
	}
}

func documentedConfig(t *testing.T, set *schemas.Set, kind []string, example string) (staging.Config, diag.List) {
	t.Helper()
	nested := func(by int) string {
		return strings.ReplaceAll(strings.TrimRight(example, "\n"), "\n", "\n"+strings.Repeat(" ", by)) + "\n"
	}
	config := example
	if len(kind) > 0 {
		switch kind[0] {
		case "streams":
			config = "sources:\n  crm:\n    streams:\n      " + nested(6)
		case "maps":
			config = documentedSources + "maps:\n" + example
		case "map":
			config = documentedSources + "maps:\n  - entity: " + kind[1] + "\n    from: crm.partners\n    " + nested(4) + rest(set, kind[1], example, "      ")
		case "fields":
			config = documentedSources + "maps:\n  - entity: " + kind[1] + "\n    from: crm.partners\n    fields:\n      " + nested(6) + rest(set, kind[1], example, "      ")
		case "identity":
			config = documentedSources + "identity:\n  " + nested(2)
		default:
			require.Fail(t, "unknown kind of example", kind)
		}
	}
	var doc documented
	var problems diag.List
	diag.NewDecoder("maps.md", &problems).Read([]byte(config), &doc)
	cfg := staging.Config{Streams: map[string]staging.Stream{}, Maps: doc.Maps, Identity: doc.Identity, Zone: "Europe/Berlin"}
	for source, s := range doc.Sources {
		for name, stream := range s.Streams {
			cfg.Streams[source+"."+name] = stream.Stream
		}
	}
	return cfg, problems
}

// rest fills the needed fields that an example leaves out.
func rest(set *schemas.Set, entity, example, indent string) string {
	e, _ := set.Entity(entity)
	var b strings.Builder
	for _, f := range e.Fields {
		if f.Required && !regexp.MustCompile(`(?m)^ *`+f.Name+`:`).MatchString(example) && !strings.Contains(example, "{"+f.Name+":") {
			value := "x"
			if len(f.Accepted) > 0 {
				value = f.Accepted[0]
			}
			fmt.Fprintf(&b, "%s%s: {constant: %s}\n", indent, f.Name, value)
		}
	}
	return b.String()
}
