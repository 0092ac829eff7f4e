package schemas

import (
	"bytes"
	"fmt"
	"io/fs"

	"go.yaml.in/yaml/v3"
)

// Combined renders all contracts as one ODCS document with a DuckDB server, so that a contract tool can check a built warehouse:
// foreign keys are only checked between objects of one document.
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
		objects = append(objects, doc.Schema...)
	}
	return encode(combined{
		APIVersion: "v3.1.0", Kind: "DataContract", ID: "tributary.staging", Name: "Tributary staging", Version: "1.0.0", Status: "active",
		Servers: []server{{Server: "warehouse", Type: "duckdb", Database: database, Schema: "staging"}},
		Schema:  objects,
	})
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
