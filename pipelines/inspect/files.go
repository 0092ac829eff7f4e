package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

// files is a source that is made of files.
type files struct {
	project *project.Project
	name    string
}

func (f files) streams() []extract.Stream {
	return slices.DeleteFunc(f.project.Streams(), func(s extract.Stream) bool { return s.Source != f.name })
}

// Check looks for the files of every stream, and reads the beginning of the newest one.
func (f files) Check(ctx context.Context) ([]source.Finding, error) {
	var out []source.Finding
	for _, s := range f.streams() {
		finding := source.Finding{Subject: s.Name, Mend: "mend `root` or `files` of the stream, or wait for the delivery"}
		found, err := file.Find(ctx, f.project.Dir, s.File)
		switch {
		case err != nil:
			finding.Detail = err.Error()
		case len(found.Files) == 0:
			finding.Detail = "no file matches " + strings.Join(found.Empty, ", ")
		default:
			newest := newest(found.Files)
			sample, err := peek(ctx, s.File, newest, 1)
			if err != nil {
				finding.Detail, finding.Mend = err.Error(), "mend the file, or how the stream says that it is written"
				break
			}
			finding.OK, finding.Mend = true, ""
			finding.Detail = fmt.Sprintf("%d files; %s: %s with %d columns", len(found.Files), newest.Name, sample.Format, len(sample.Columns))
		}
		out = append(out, finding)
	}
	return out, nil
}

// Objects are the files.
func (f files) Objects(ctx context.Context) ([]Object, error) {
	var out []Object
	at := map[string]int{}
	for _, s := range f.streams() {
		found, err := file.Find(ctx, f.project.Dir, s.File)
		if err != nil {
			return nil, err
		}
		for _, one := range found.Files {
			if _, known := at[one.Name]; !known {
				at[one.Name] = len(out)
				out = append(out, Object{Object: source.Object{Name: one.Name, Kind: string(file.FormatOf(s.File, one)), Rows: -1}})
			}
			out[at[one.Name]].Streams = append(out[at[one.Name]].Streams, s.Name)
		}
	}
	return out, nil
}

// Describe says which columns the newest file of a stream has.
func (f files) Describe(ctx context.Context, name string) (out Description, err error) {
	sample, err := f.Preview(ctx, name, 1)
	if err != nil {
		return out, err
	}
	out = Description{Origin: sample.Origin, Key: f.project.Staging().Streams[f.name+"."+name].Key.Columns, Fields: []source.Field{}}
	for _, column := range sample.Columns {
		out.Fields = append(out.Fields, source.Field{Name: column, Type: "as it is in the file", Kind: source.Text})
	}
	return out, nil
}

// Preview reads the beginning of the newest file of a stream.
func (f files) Preview(ctx context.Context, name string, rows int) (out Sample, err error) {
	streams := f.streams()
	i := slices.IndexFunc(streams, func(s extract.Stream) bool { return s.Name == name })
	if i < 0 {
		return out, fmt.Errorf("%w: source %s has no stream %q: tributary source list has all", source.ErrConfig, f.name, name)
	}
	found, err := file.Find(ctx, f.project.Dir, streams[i].File)
	if err != nil {
		return out, err
	}
	if len(found.Files) == 0 {
		return out, fmt.Errorf("%w: no file of %s.%s is there yet", source.ErrConfig, f.name, name)
	}
	one := newest(found.Files)
	sample, err := peek(ctx, streams[i].File, one, rows)
	if err != nil {
		return out, err
	}
	return Sample{Origin: one.Name, Columns: sample.Columns, Rows: append([][]*string{}, sample.Rows...), Rejects: sample.Rejects}, nil
}

// peek reads the beginning of a file; one that lies elsewhere is fetched for it.
func peek(ctx context.Context, spec file.Spec, found file.Found, rows int) (file.Sample, error) {
	local, done, err := file.Local(ctx, found)
	if err != nil {
		return file.Sample{}, err
	}
	defer done()
	return file.Peek(ctx, spec, local, rows)
}

// Close does nothing.
func (f files) Close() error { return nil }

func newest(found []file.Found) file.Found {
	return slices.MaxFunc(found, func(a, b file.Found) int { return a.ModTime.Compare(b.ModTime) })
}
