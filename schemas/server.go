package schemas

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Combined renders all contracts as one ODCS document with a DuckDB server, so that a contract tool can check a built warehouse:
// foreign keys are only checked between objects of one document. Staging keeps the row of a reference to something unknown and counts it
// in staging.orphan, and the standard's relationships know no such thing: each becomes the rule that all that is missing is counted there.
func Combined(database string) ([]byte, error) {
	names, err := fs.Glob(files, "*.odcs.yaml")
	if err != nil {
		return nil, fmt.Errorf("list contracts: %w", err)
	}
	var objects []yaml.Node
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read contract %s: %w", name, err)
		}
		var doc struct {
			Schema []yaml.Node `yaml:"schema"`
		}
		if err := yaml.Unmarshal(text, &doc); err != nil {
			return nil, fmt.Errorf("read contract %s: %w", name, err)
		}
		for i := range doc.Schema {
			if err := countOrphans(&doc.Schema[i]); err != nil {
				return nil, fmt.Errorf("foreign keys of %s: %w", name, err)
			}
		}
		objects = append(objects, doc.Schema...)
	}
	return encode(combined{
		APIVersion: "v3.1.0", Kind: "DataContract", ID: "tributary.staging", Name: "Tributary staging", Version: "1.0.0", Status: "active",
		Servers: []server{{Server: "warehouse", Type: "duckdb", Database: database, Schema: "staging"}},
		Schema:  objects,
	})
}

// countOrphans puts a rule in the place of each property's relationship. A referred entity without rows is not mapped: nothing is asked.
func countOrphans(object *yaml.Node) error {
	entity := value(object, "name").Value
	for _, p := range value(object, "properties").Content {
		at := slices.IndexFunc(p.Content, func(n *yaml.Node) bool { return n.Value == "relationships" })
		if at < 0 {
			continue
		}
		field := value(p, "name").Value
		to := value(p.Content[at+1].Content[0], "to").Value
		table, column, ok := strings.Cut(to, ".")
		if !ok {
			return fmt.Errorf("field %s refers to %q, not entity.field", field, to)
		}
		p.Content = slices.Delete(p.Content, at, at+2)
		query := fmt.Sprintf(`SELECT count(*) - coalesce((SELECT sum("rows") FROM staging.orphan WHERE entity = '%[1]s' AND field = '%[2]s'), 0)
FROM staging."%[1]s" AS c WHERE "%[2]s" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM staging."%[3]s" AS p WHERE p."%[4]s" = c."%[2]s")
AND EXISTS (SELECT 1 FROM staging."%[3]s")`, entity, field, table, column)
		var rule yaml.Node
		if err := rule.Encode([]orphanRule{{Name: field + "_orphans", Type: "sql", Query: query, Dimension: "consistency",
			Description: "Each " + field + " is in " + to + " or counted in staging.orphan.", MustBe: 0}}); err != nil {
			return err
		}
		if quality := value(p, "quality"); quality.Kind == yaml.SequenceNode {
			quality.Content = append(quality.Content, rule.Content...)
			continue
		}
		p.Content = append(p.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "quality"}, &rule)
	}
	return nil
}

type orphanRule struct {
	Name        string `yaml:"name"`
	Type        string `yaml:"type"`
	Description string `yaml:"description"`
	Dimension   string `yaml:"dimension"`
	Query       string `yaml:"query"`
	MustBe      int    `yaml:"mustBe"`
}

// value finds a key of a mapping; without it, an empty node.
func value(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return &yaml.Node{}
}

type combined struct {
	APIVersion string      `yaml:"apiVersion"`
	Kind       string      `yaml:"kind"`
	ID         string      `yaml:"id"`
	Name       string      `yaml:"name"`
	Version    string      `yaml:"version"`
	Status     string      `yaml:"status"`
	Servers    []server    `yaml:"servers"`
	Schema     []yaml.Node `yaml:"schema"`
}

type server struct {
	Server   string `yaml:"server"`
	Type     string `yaml:"type"`
	Database string `yaml:"database"`
	Schema   string `yaml:"schema"`
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write contract: %w", err)
	}
	return b.Bytes(), nil
}
