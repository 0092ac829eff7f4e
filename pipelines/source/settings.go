package source

import (
	"context"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Settings are what tributary.yaml says of a source of one type: a struct with Shared inline, read strictly by diag.
type Settings interface {
	// Common are the settings that sources of every type have.
	Common() *Shared

	// Listed are the streams, in the file's order.
	Listed() []StreamSettings

	// SetDefaults fills in what was left out.
	SetDefaults()

	// Check reports what is wrong beyond the shape of the file. Nothing is asked.
	Check(problems *diag.List)

	// Connect makes a connector. The error is a diag.List for secrets that cannot be found. Nothing need be asked yet.
	Connect(ctx context.Context, env Environment) (Connector, error)
}

// Environment is what a connector is given beside its settings.
type Environment struct {
	Secrets secret.Finder
	RPS     float64 // instead of the configured limit; 0 = none is given
	Tools   Tools
}

// Shared are the settings that sources of every type have. Zero values have been replaced by the defaults when Defaults was called.
type Shared struct {
	At       diag.Pos
	Parallel int  `yaml:"parallel"`
	RPS      Rate `yaml:"rps"`
	Timeout  Span `yaml:"timeout"`
	Overlap  Span `yaml:"overlap"`
	Sweep    Span `yaml:"sweep"`
}

// StreamSettings are what every stream of a source that is asked has.
type StreamSettings struct {
	At     diag.Pos
	Name   string    `yaml:"-"`
	Object diag.Text `yaml:"object"`
	Fields []string  `yaml:"fields"`
	Key    []string  `yaml:"key"`
	Cursor diag.Text `yaml:"cursor"`
	Filter diag.Text `yaml:"filter"`
	Mode   diag.Text `yaml:"mode"`
	Accept []string  `yaml:"accept"`
}

// Stream is the stream as a connector takes it.
func (s StreamSettings) Stream() Stream {
	return Stream{Name: s.Name, Object: s.Object.Value, Fields: s.Fields, Key: s.Key, Cursor: s.Cursor.Value, Filter: s.Filter.Value}
}

// StreamList is streams by name, in the file's order.
type StreamList []StreamSettings

// DecodeNode reads names and streams; a stream without settings is its name alone.
func (l *StreamList) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	d.Pairs(n, func(key, val *yaml.Node) {
		var one StreamSettings
		d.Decode(val, &one)
		one.Name, one.At = key.Value, d.Pos(key)
		*l = append(*l, one)
	})
}

// Common is the struct itself, for those that have it inline.
func (s *Shared) Common() *Shared { return s }

// Defaults fills in what was left out: 2 streams at a time, requests of a minute, the overlap given, a sweep once a day.
func (s *Shared) Defaults(overlap time.Duration) {
	if s.Parallel == 0 {
		s.Parallel = 2
	}
	for _, d := range []struct {
		of       *Span
		standard time.Duration
	}{{&s.Timeout, time.Minute}, {&s.Overlap, overlap}, {&s.Sweep, 24 * time.Hour}} {
		if !d.of.Given {
			d.of.Length = d.standard
		}
	}
}

// CheckShared reports what is wrong with the shared settings.
func (s *Shared) CheckShared(problems *diag.List) {
	if s.Parallel < 0 {
		problems.Add(s.At, "a number from 1", "parallel cannot be %d", s.Parallel)
	}
	for _, span := range []struct {
		key string
		of  Span
	}{{"timeout", s.Timeout}, {"overlap", s.Overlap}} {
		if span.of.Never {
			problems.Add(span.of.Pos, "for example 10m", "%s cannot be never", span.key)
		}
	}
	if s.Timeout.Given && s.Timeout.Length == 0 {
		problems.Add(s.Timeout.Pos, "for example 1m", "timeout cannot be nothing")
	}
}

// Patience is how the source is asked by these settings.
func (s *Shared) Patience(env Environment) *Patience {
	p := &Patience{RPS: s.RPS.PerSecond, Timeout: s.Timeout.Length, Tools: env.Tools}
	if env.RPS > 0 {
		p.RPS = env.RPS
	}
	return p
}

// Span is a length of time such as 90s, 10m, 36h or 7d, or never.
type Span struct {
	Pos    diag.Pos
	Given  bool
	Never  bool
	Length time.Duration
}

var spanText = regexp.MustCompile(`^(\d{1,6})(s|m|h|d)$`)

// DecodeNode reads a number with a unit, or never.
func (s *Span) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	s.Pos, s.Given = d.Pos(n), true
	if n.Value == "never" {
		s.Never = true
		return
	}
	m := spanText.FindStringSubmatch(n.Value)
	if m == nil {
		d.Problem(n, "for example 90s, 10m, 36h, 7d", "%q is no length of time", n.Value)
		return
	}
	count, _ := strconv.Atoi(m[1]) // of six digits at most
	s.Length = time.Duration(count) * map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[m[2]]
}

// Rate is a number of requests per second; 0 = no limit.
type Rate struct{ PerSecond float64 }

// DecodeNode reads a decimal number.
func (r *Rate) DecodeNode(d *diag.Decoder, n *yaml.Node) {
	value, err := strconv.ParseFloat(n.Value, 64)
	if err != nil || !(value > 0) || value > 1e6 {
		d.Problem(n, "for example 10 or 0.5", "%q is no number of requests per second", n.Value)
		return
	}
	r.PerSecond = value
}
