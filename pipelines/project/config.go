package project

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
)

// Config is tributary.yaml.
type Config struct {
	At        diag.Pos
	Version   int                         `yaml:"version,required"`
	Project   diag.Text                   `yaml:"project,required"`
	Lake      diag.Text                   `yaml:"lake"`
	Warehouse diag.Text                   `yaml:"warehouse"`
	Program   diag.Text                   `yaml:"program"`
	SQL       diag.Text                   `yaml:"sql"`
	Reporting Reporting                   `yaml:"reporting,required"`
	Limits    Limits                      `yaml:"limits"`
	RecordURL map[string]diag.Text        `yaml:"record_url"`
	Publish   Publish                     `yaml:"publish"`
	Grafana   Grafana                     `yaml:"grafana"`
	Airflow   Airflow                     `yaml:"airflow"`
	Notify    Notify                      `yaml:"notify"`
	Expect    Expect                      `yaml:"expect"`
	Sources   Sources                     `yaml:"sources"`
	Maps      []staging.Map               `yaml:"maps"`
	Identity  map[string]staging.Identity `yaml:"identity"`
}

// Reporting is how figures are shown and counted.
type Reporting struct {
	At       diag.Pos
	TimeZone diag.Text `yaml:"time_zone,required"`
	Currency diag.Text `yaml:"currency,required"`
	MinN     *int      `yaml:"min_n"`
}

// Limits is how much a run may take, keep and set apart.
type Limits struct {
	At              diag.Pos
	QuarantineShare program.Decimal `yaml:"quarantine_share"`
	QuarantineCount *int64          `yaml:"quarantine_count"`
	QuarantineFree  *int64          `yaml:"quarantine_free"`
	EntityShare     program.Decimal `yaml:"quarantine_entity_share"`
	KeepWarehouses  *int            `yaml:"keep_warehouses"`
	Threads         int             `yaml:"threads"`
	Memory          Size            `yaml:"memory"`
}

// Exceeded tells whether so many of a run's rows are quarantined that it must stop: more than quarantine_count, or more than
// quarantine_share of all rows and more than quarantine_free.
func (l Limits) Exceeded(quarantined, rows int64) bool {
	if quarantined > *l.QuarantineCount {
		return true
	}
	allowed := new(big.Rat).Mul(l.QuarantineShare.Rat(), new(big.Rat).SetInt64(rows))
	return quarantined > *l.QuarantineFree && new(big.Rat).SetInt64(quarantined).Cmp(allowed) > 0
}

// Publish is where a night goes besides its warehouse file.
type Publish struct {
	At       diag.Pos
	Postgres *Postgres `yaml:"postgres"`
}

// Grafana is where dashboards are pushed to. The token is in the environment.
type Grafana struct {
	At     diag.Pos
	URL    diag.Text `yaml:"url"`
	Folder diag.Text `yaml:"folder"`
}

// Airflow is where nights are scheduled. User, password and token are in the environment.
type Airflow struct {
	At      diag.Pos
	URL     diag.Text `yaml:"url"`
	DAG     diag.Text `yaml:"dag"`
	Pool    diag.Text `yaml:"pool"`
	History bool      `yaml:"history"` // each night asks for the runs of the DAG and keeps them
}

// Postgres is a database that readers look into, and who may read what.
type Postgres struct {
	At       diag.Pos
	URL      Secret               `yaml:"url,required"`
	Schema   diag.Text            `yaml:"schema"`
	Reader   diag.Text            `yaml:"reader"`
	Partner  diag.Text            `yaml:"partner"`
	Partners map[string]diag.Text `yaml:"partners"`
}

// ExceededBy tells the same of the rows of one entity: a wrong map of a small one is a small share of all rows.
func (l Limits) ExceededBy(quarantined, rows int64) bool {
	allowed := new(big.Rat).Mul(l.EntityShare.Rat(), new(big.Rat).SetInt64(rows))
	return quarantined > *l.QuarantineFree && new(big.Rat).SetInt64(quarantined).Cmp(allowed) > 0
}

// Sources are the systems that data comes from, in the file's order.
type Sources []Source

// DecodeNode reads names and sources.
func (s *Sources) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Tag == "!!null" {
		return
	}
	d.Pairs(n, func(key, val *yaml.Node) {
		var one Source
		d.Decode(val, &one)
		one.Name, one.At = key.Value, d.Pos(key)
		*s = append(*s, one)
	})
}

// Source is a system that data comes from.
type Source struct {
	At      diag.Pos
	Name    string    `yaml:"-"`
	Type    diag.Text `yaml:"type"`
	Root    diag.Text `yaml:"root"`
	Expect  Delivery  `yaml:"expect"`
	Streams Streams   `yaml:"streams,required"`
}

// ByInterval tells whether the source can be asked for what happened in an interval. Files cannot: they are taken by what is new.
func (Source) ByInterval() bool { return false }

// Streams are a source's streams, in the file's order.
type Streams []Stream

// DecodeNode reads names and streams.
func (s *Streams) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		one := Stream{lines: map[string]int{}}
		if val.Kind == yaml.MappingNode {
			for i := 0; i+1 < len(val.Content); i += 2 {
				one.lines[val.Content[i].Value] = val.Content[i].Line
			}
		}
		d.Decode(val, &one)
		one.Name, one.At = key.Value, d.Pos(key)
		if one.Key.At.Line == 0 {
			one.Key.At = one.At // where a problem with the missing key belongs
		}
		*s = append(*s, one)
	})
}

// Stream is a kind of record that a source delivers: its files, how they are written, and which of its rows are current.
type Stream struct {
	At             diag.Pos
	Name           string             `yaml:"-"`
	Files          []string           `yaml:"files,required"`
	Format         string             `yaml:"format"`
	Delimiter      string             `yaml:"delimiter"`
	Quote          string             `yaml:"quote"`
	Encoding       string             `yaml:"encoding"`
	Header         Header             `yaml:"header"`
	Null           *staging.NullTexts `yaml:"null"`
	SkipRows       int                `yaml:"skip_rows"`
	Compression    string             `yaml:"compression"`
	Records        string             `yaml:"records"`
	MaxLineBytes   Size               `yaml:"max_line_bytes"`
	staging.Stream `yaml:",inline"`
	Snapshot       diag.Text `yaml:"snapshot"`

	lines map[string]int // of the keys
}

// Header is whether the first line names the columns, or the names when it does not.
type Header struct {
	None  bool
	Names []string
}

// DecodeNode takes true, false or a list of names.
func (h *Header) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	if n.Kind == yaml.SequenceNode {
		d.Decode(n, &h.Names)
		return
	}
	has := true
	d.Decode(n, &has)
	h.None = !has
}

// Size is a number of bytes such as 16MiB; 0 is none.
type Size struct {
	Pos   diag.Pos
	Bytes int64
}

// Text is the size as the database reads it; empty for none.
func (s Size) Text() string {
	if s.Bytes == 0 {
		return ""
	}
	return strconv.FormatInt(s.Bytes, 10) + "B"
}

var sizeText = regexp.MustCompile(`^(\d{1,9}) ?(B|KB|MB|GB|KiB|MiB|GiB)?$`)

// DecodeNode reads a number with a unit.
func (s *Size) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	s.Pos = d.Pos(n)
	if n.Kind == yaml.ScalarNode && n.Value == "" {
		return
	}
	m := sizeText.FindStringSubmatch(n.Value)
	if m == nil {
		d.Problem(n, "for example 16MiB or 4GiB", "%s is no size", strconv.Quote(n.Value))
		return
	}
	count, _ := strconv.ParseInt(m[1], 10, 64)
	s.Bytes = count * map[string]int64{"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[m[2]]
}

func (c *Config) setDefaults() {
	for _, folder := range []struct {
		at   *diag.Text
		name string
	}{{&c.Lake, "lake"}, {&c.Warehouse, "warehouse"}, {&c.Program, "program"}, {&c.SQL, "sql"}} {
		if folder.at.Value == "" {
			folder.at.Value = folder.name
		}
		folder.at.Value = strings.TrimSuffix(strings.TrimPrefix(folder.at.Value, "./"), "/")
	}
	fill(&c.Reporting.MinN, 5)
	if c.Publish.Postgres != nil {
		c.Publish.Postgres.setDefaults()
	}
	c.Notify.setDefaults()
	if c.Airflow.Pool.Value == "" {
		c.Airflow.Pool.Value = "tributary"
	}
	l := &c.Limits
	if !l.QuarantineShare.Given() {
		l.QuarantineShare = program.NewDecimal(1, 100)
	}
	if !l.EntityShare.Given() {
		l.EntityShare = program.NewDecimal(1, 2)
	}
	fill(&l.QuarantineCount, 1000)
	fill(&l.QuarantineFree, 20)
	fill(&l.KeepWarehouses, 7)
	if l.Memory.Bytes == 0 {
		l.Memory.Bytes = 1 << 30
	}
}

func (p *Postgres) setDefaults() {
	for _, name := range []struct {
		of       *diag.Text
		standard string
	}{{&p.Schema, "tributary"}, {&p.Reader, "tributary_reader"}, {&p.Partner, "tributary_partner"}} {
		if name.of.Value == "" {
			name.of.Value = name.standard
		}
	}
}

func fill[T any](value **T, standard T) {
	if *value == nil {
		*value = &standard
	}
}
