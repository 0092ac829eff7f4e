// Package project reads a project folder: tributary.yaml, the rules under program/ and the user's own models under sql/. It
// checks all of it and reports everything that is wrong at once. It holds what the user wrote, and never moves data.
package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing/fstest"
	"time"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/lake/inbucket"
	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/bucket"
	"github.com/tributary-data/tributary/pipelines/source/file"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
)

// File is the name of the configuration in a project folder.
const File = "tributary.yaml"

// Project is a project folder as it was read.
type Project struct {
	Dir     string // the folder; relative paths begin here
	Config  Config
	Program *program.Program
	Zone    *time.Location // of reporting

	files map[string][]byte
}

// Options of reading.
type Options struct {
	Dir string                      // the folder on disk that paths and secrets' files are relative to
	Env func(string) (string, bool) // looks up ${NAME}; nil leaves references as they are
}

// Load reads a project folder. The error lists everything that is wrong in its files.
func Load(dir string) (*Project, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is a file", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("project folder: %w", err)
	}
	return LoadFS(os.DirFS(dir), Options{Dir: dir, Env: os.LookupEnv})
}

// LoadFiles reads a project from a snapshot of it, such as the one that a past night left in the lake.
func LoadFiles(files map[string][]byte, opts Options) (*Project, error) {
	return LoadFS(memory(files), opts)
}

// LoadFS reads a project from the root of a file system.
func LoadFS(fsys fs.FS, opts Options) (*Project, error) {
	text, err := fs.ReadFile(fsys, File)
	if err != nil {
		return nil, fmt.Errorf("project %s: %w (tributary init %s writes one)", opts.Dir, err, opts.Dir)
	}
	p := &Project{Dir: opts.Dir, files: map[string][]byte{File: text}}
	var problems diag.List
	if diag.NewDecoder(File, &problems).Read(text, &p.Config) {
		p.Config.setDefaults()
		p.check(&problems)
		p.resolve(opts, &problems)
		maps, err := staging.Check(context.Background(), p.Staging()) // parses SQL texts in memory: nothing to wait for
		if err != nil {
			return nil, fmt.Errorf("checking the maps of %s: %w", File, err)
		}
		problems.Merge(maps)
	}
	if err := p.readFolders(fsys, &problems); err != nil {
		return nil, err
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// readFolders reads program/ and sql/, the first of them also into rules.
func (p *Project) readFolders(fsys fs.FS, problems *diag.List) error {
	for _, folder := range []struct {
		at  diag.Text
		ext []string
	}{{p.Config.Program, []string{".yaml", ".yml"}}, {p.Config.SQL, []string{".sql", ".yaml", ".yml"}}} {
		if !fs.ValidPath(folder.at.Value) || folder.at.Value == "." {
			continue // reported by check
		}
		if err := p.readFolder(fsys, folder.at.Value, folder.ext); err != nil {
			return err
		}
	}
	rules, err := program.Load(p.sub(p.Config.Program.Value), p.Config.Program.Value)
	var list diag.List
	if err != nil && !errors.As(err, &list) {
		return err
	}
	problems.Merge(list)
	p.Program = rules
	return nil
}

func (p *Project) readFolder(fsys fs.FS, dir string, ext []string) error {
	if _, err := fs.Stat(fsys, dir); err != nil {
		return nil //nolint:nilerr // a folder that is not there is an empty one
	}
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !contains(ext, path.Ext(name)) {
			return nil
		}
		p.files[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", dir, err)
	}
	return nil
}

// Snapshot is the files that steer a run, by slash-separated path: configuration, rules and models as the user wrote them, with
// references to secrets but without secrets. LoadFiles reads it.
func (p *Project) Snapshot() map[string][]byte {
	out := make(map[string][]byte, len(p.files))
	for name, text := range p.files {
		out[name] = text
	}
	return out
}

// SQL is the user's own models; empty when there are none.
func (p *Project) SQL() fs.FS { return p.sub(p.Config.SQL.Value) }

// sub is the files below a folder, as they were read.
func (p *Project) sub(dir string) fs.FS {
	below := map[string][]byte{}
	for name, text := range p.files {
		if rest, ok := strings.CutPrefix(name, dir+"/"); ok {
			below[rest] = text
		}
	}
	return memory(below)
}

// memory is files as a file system.
func memory(files map[string][]byte) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: text, Mode: 0o444}
	}
	return out
}

// resolve puts the variables of the environment into every setting that may name them.
func (p *Project) resolve(opts Options, problems *diag.List) {
	if opts.Env == nil {
		return
	}
	for _, path := range p.paths() {
		secret.Finder(opts).Expand(path, problems)
	}
}

// paths are the settings in which ${NAME} may stand.
func (p *Project) paths() []*diag.Text {
	out := []*diag.Text{&p.Config.Lake, &p.Config.Warehouse}
	for i := range p.Config.Sources {
		out = append(out, &p.Config.Sources[i].Root)
	}
	return out
}

func underDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// LakeDir is the folder of the lake, or of its working copy when it lives in object storage.
func (p *Project) LakeDir() string {
	if bucket.Named(p.Config.Lake.Value) {
		return underDir(p.Dir, ".tributary/"+inbucket.CopyName(p.Config.Lake.Value))
	}
	return underDir(p.Dir, p.Config.Lake.Value)
}

// OpenLake opens the lake.
func (p *Project) OpenLake(clock lake.Clock) (*lake.Lake, error) {
	opts := lake.Options{Clock: clock}
	if bucket.Named(p.Config.Lake.Value) {
		remote, err := inbucket.Open(p.Config.Lake.Value)
		if err != nil {
			return nil, fmt.Errorf("lake: %w", err)
		}
		opts.Remote = remote
	}
	return lake.Open(p.LakeDir(), opts)
}

// WarehouseDir is the folder of the warehouse files.
func (p *Project) WarehouseDir() string { return underDir(p.Dir, p.Config.Warehouse.Value) }

// Streams are all streams that are made of files, in the file's order, as the extraction wants them.
func (p *Project) Streams() []extract.Stream {
	var out []extract.Stream
	for _, s := range p.Config.Sources {
		for _, t := range s.Streams {
			out = append(out, extract.Stream{Source: s.Name, Name: t.Name, Mode: t.Mode.Value, Snapshot: t.Snapshot.Value, File: t.spec(s.Root.Value)})
		}
	}
	return out
}

// Staging is how raw rows become entities.
func (p *Project) Staging() staging.Config {
	out := staging.Config{
		Streams: map[string]staging.Stream{}, Maps: p.Config.Maps, Identity: p.Config.Identity, Zone: p.Config.Reporting.TimeZone.Value,
	}
	for _, s := range p.Config.Sources {
		for _, t := range s.Streams {
			out.Streams[s.Name+"."+t.Name] = t.Stream
		}
		if s.Asked == nil {
			continue
		}
		for _, t := range s.Asked.Listed() { // what its rows are keyed by, the lake knows
			out.Streams[s.Name+"."+t.Name] = staging.Stream{Key: staging.Key{At: t.At}}
		}
	}
	return out
}

// Connect makes a connector of a source that is asked. A limit of requests per second wins over the configured one; 0 = none is given.
func (p *Project) Connect(ctx context.Context, s Source, rps float64) (source.Connector, error) {
	c, err := s.Asked.Connect(ctx, source.Environment{Secrets: secret.Finder{Dir: p.Dir, Env: os.LookupEnv}, RPS: rps})
	if err != nil {
		return nil, fmt.Errorf("%w: source %s: %w", source.ErrConfig, s.Name, err)
	}
	return c, nil
}

// AskedStreams are the streams of a source that is asked, in the file's order, as the extraction wants them.
func (p *Project) AskedStreams(s Source, c source.Connector) []extract.Stream {
	shared, cfg := s.Asked.Common(), p.Staging()
	sweep := shared.Sweep.Length
	if shared.Sweep.Never {
		sweep = -1
	}
	var out []extract.Stream
	for _, t := range s.Asked.Listed() {
		out = append(out, extract.Stream{Source: s.Name, Name: t.Name, Mode: t.Mode.Value, Ask: &extract.Ask{
			Connector: c, Stream: t.Stream(), Parallel: shared.Parallel, Overlap: shared.Overlap.Length, Sweep: sweep, Accept: t.Accept,
			Uses: func(field string) []string { return staging.Uses(cfg, s.Name+"."+t.Name, field) },
		}})
	}
	return out
}

// Params is what a run adds to the rules.
func (p *Project) Params(asOf, knownAt time.Time) program.Params {
	r := p.Config.Reporting
	urls := map[string]string{}
	for source, url := range p.Config.RecordURL {
		urls[source] = url.Value
	}
	return program.Params{AsOf: asOf, KnownAt: knownAt, Zone: r.TimeZone.Value, Currency: r.Currency.Value, MinN: *r.MinN, RecordURL: urls}
}

var (
	nameText = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	currency = regexp.MustCompile(`^[A-Z]{3}$`)
)

func (s Stream) spec(root string) file.Spec {
	spec := file.Spec{
		Root: root, Files: s.Files, Format: file.Format(s.Format), Delimiter: s.Delimiter, Quote: s.Quote, Encoding: s.Encoding,
		NoHeader: s.Header.None, HeaderNames: s.Header.Names, SkipRows: s.SkipRows, Compression: s.Compression,
		Records: s.Records, MaxLineBytes: int(s.MaxLineBytes.Bytes),
	}
	if s.Null != nil {
		spec.Null = s.Null.List
	}
	return spec
}
