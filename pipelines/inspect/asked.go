package inspect

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/tributary-data/tributary/pipelines/source"
)

// asked is a source with a connector.
type asked struct {
	source.Connector
	settings source.Settings
}

// stream is a configured stream, or the object of that name as a stream with nothing said about it.
func (a *asked) stream(name string) source.Stream {
	for _, s := range a.settings.Listed() {
		if s.Name == name {
			return s.Stream()
		}
	}
	return source.Stream{Name: name}
}

// Check is the connector's, of all streams.
func (a *asked) Check(ctx context.Context) ([]source.Finding, error) {
	var streams []source.Stream
	for _, s := range a.settings.Listed() {
		streams = append(streams, s.Stream())
	}
	return a.Connector.Check(ctx, streams)
}

// Objects are the connector's.
func (a *asked) Objects(ctx context.Context) ([]Object, error) {
	all, err := a.Connector.Objects(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]Object, len(all))
	for i, o := range all {
		out[i] = Object{Object: o, Streams: []string{}}
		for _, s := range a.settings.Listed() {
			if s.Stream().ObjectName() == o.Name {
				out[i].Streams = append(out[i].Streams, s.Name)
			}
		}
	}
	return out, nil
}

// Describe is the connector's.
func (a *asked) Describe(ctx context.Context, name string) (Description, error) {
	s := a.stream(name)
	d, err := a.Connector.Describe(ctx, s)
	if err != nil {
		return Description{}, err
	}
	out := Description{Origin: d.Origin, Key: d.Key, Cursor: d.Cursor, Fields: d.Fields}
	if len(s.Key) > 0 {
		out.Key = s.Key
	}
	if s.Cursor != "" {
		out.Cursor = s.Cursor
	}
	return out, nil
}

// Preview reads the first pages of a full reading and breaks off.
func (a *asked) Preview(ctx context.Context, name string, rows int) (out Sample, err error) {
	s := a.stream(name)
	d, err := a.Connector.Describe(ctx, s)
	if err != nil {
		return out, err
	}
	request := source.Request{Stream: s, Key: d.Key}
	for _, f := range d.Fields {
		if f.Denied == "" && (len(s.Fields) == 0 || slices.Contains(s.Fields, f.Name)) {
			request.Fields = append(request.Fields, f)
		}
	}
	out = Sample{Origin: d.Origin, Columns: request.Names(), Rows: [][]*string{}}
	if _, err := a.Begin(ctx); err != nil {
		return out, err
	}
	pages, err := a.Open(ctx, request)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, pages.Close()) }()
	var b source.Batch
	for len(out.Rows) < rows {
		err := pages.Next(&b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, err
		}
		out.Rows = append(out.Rows, b.Texts(rows-len(out.Rows))...)
		out.Rejects = append(out.Rejects, b.Rejects...)
	}
	return out, nil
}
