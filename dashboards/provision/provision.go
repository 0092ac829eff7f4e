// Package provision writes the folder that Grafana reads when it starts: data source, provider of dashboards, alert rules and the dashboards
// themselves. Passwords and addresses stand in Grafana's environment, never in a file. It talks to no Grafana and to no database.
package provision

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/dashboards/grafana"
	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Options of a folder.
type Options struct {
	grafana.Options
	// MountedAt is the folder as Grafana sees it; empty is where its images look.
	MountedAt string
}

// DefaultMount is the provisioning folder of Grafana's images and packages.
const DefaultMount = "/etc/grafana/provisioning"

// Datasource is the uid of the data source that the alert rules ask.
const Datasource = "tributary"

// AlertFolder keeps the rules. It is none of the dashboards': Grafana makes it by title before it makes theirs by uid, and Grafana 11 does not
// start when the two collide (grafana/grafana#87889).
const AlertFolder = "Tributary alerts"

// File is a file of the folder.
type File struct {
	Path string // slash-separated, below the folder
	Text []byte
}

// mark begins every YAML file that is ours to write again.
const mark = "# Written by \"tributary dashboards generate\"; changes are lost."

// Files makes the folder for a catalogue.
func Files(cat *catalogue.Catalogue, opts Options) ([]File, error) {
	if opts.MountedAt == "" {
		opts.MountedAt = DefaultMount
	}
	boards, err := grafana.Generate(cat, opts.Options)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, f := range []struct {
		path, note string
		content    any
	}{
		{"datasources/tributary.yaml", datasourceNote, datasources()},
		{"dashboards/tributary.yaml", "", providers(opts)},
		{"alerting/tributary.yaml", alertNote, alertFile{APIVersion: 1, Groups: groups(cat, opts)}},
	} {
		text, err := encode(f.note, f.content)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", f.path, err)
		}
		out = append(out, File{Path: f.path, Text: text})
	}
	for _, b := range boards {
		out = append(out, File{Path: path.Join(jsonFolder, b.Name), Text: b.JSON})
	}
	return out, nil
}

func encode(note string, content any) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(mark + "\n")
	if note != "" {
		out.WriteString("# " + strings.ReplaceAll(note, "\n", "\n# ") + "\n")
	}
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(content); err != nil {
		return nil, err
	}
	return out.Bytes(), enc.Close()
}

const datasourceNote = `Grafana's environment has: TRIBUTARY_PG_HOST, TRIBUTARY_PG_PORT, TRIBUTARY_PG_DATABASE, TRIBUTARY_PG_USER, TRIBUTARY_PG_PASSWORD
and TRIBUTARY_PG_SSLMODE (disable, require, verify-ca or verify-full; empty is require).`

const (
	alertNote  = "The queries are run as they stand: Grafana puts no variables of its environment into a query's model. Elsewhere \"$\" would be one."
	jsonFolder = "json"
)

type datasourceFile struct {
	APIVersion  int          `yaml:"apiVersion"`
	Datasources []datasource `yaml:"datasources"`
}

type datasource struct {
	Name           string            `yaml:"name"`
	UID            string            `yaml:"uid"`
	Type           string            `yaml:"type"`
	Access         string            `yaml:"access"`
	URL            string            `yaml:"url"`
	User           string            `yaml:"user"`
	Editable       bool              `yaml:"editable"`
	JSONData       jsonData          `yaml:"jsonData"`
	SecureJSONData map[string]string `yaml:"secureJsonData"`
}

type jsonData struct {
	Database        string `yaml:"database"` // at the top Grafana 12.2 and later do not see it
	SSLMode         string `yaml:"sslmode"`
	PostgresVersion int    `yaml:"postgresVersion"` // or Grafana asks the server, with questions that not every pooler answers
	TimescaleDB     bool   `yaml:"timescaledb"`
	MaxOpenConns    int    `yaml:"maxOpenConns"`    // 0 is no limit
	ConnMaxLifetime int    `yaml:"connMaxLifetime"` // seconds; 0 makes Grafana 13.1 and later give up connecting
}

func datasources() datasourceFile {
	return datasourceFile{APIVersion: 1, Datasources: []datasource{{
		Name: grafana.FolderTitle, UID: Datasource, Type: grafana.DatasourceType, Access: "proxy",
		URL: "$TRIBUTARY_PG_HOST:$TRIBUTARY_PG_PORT", User: "$TRIBUTARY_PG_USER",
		JSONData: jsonData{
			Database: "$TRIBUTARY_PG_DATABASE", SSLMode: "$TRIBUTARY_PG_SSLMODE", PostgresVersion: 1500, MaxOpenConns: 10, ConnMaxLifetime: 14400,
		},
		SecureJSONData: map[string]string{"password": "$TRIBUTARY_PG_PASSWORD"}, //nolint:gosec // the name of a variable
	}}}
}

type providerFile struct {
	APIVersion int        `yaml:"apiVersion"`
	Providers  []provider `yaml:"providers"`
}

type provider struct {
	Name                  string          `yaml:"name"`
	OrgID                 int             `yaml:"orgId"`
	Folder                string          `yaml:"folder"`
	FolderUID             string          `yaml:"folderUid"`
	Type                  string          `yaml:"type"`
	DisableDeletion       bool            `yaml:"disableDeletion"`
	AllowUIUpdates        bool            `yaml:"allowUiUpdates"`
	UpdateIntervalSeconds int             `yaml:"updateIntervalSeconds"`
	Options               providerOptions `yaml:"options"`
}

type providerOptions struct {
	Path                      string `yaml:"path"`
	FoldersFromFilesStructure bool   `yaml:"foldersFromFilesStructure"`
}

func providers(opts Options) providerFile {
	return providerFile{APIVersion: 1, Providers: []provider{{
		Name: "tributary", OrgID: 1, Folder: grafana.FolderTitle, FolderUID: grafana.FolderUID, Type: "file", UpdateIntervalSeconds: 30,
		Options: providerOptions{Path: path.Join(opts.MountedAt, jsonFolder)},
	}}}
}
