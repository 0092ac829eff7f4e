package inspect

import (
	"context"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
)

// Stream is a configured stream, and how far it has landed.
type Stream struct {
	Source string    `json:"source"`
	Type   string    `json:"type"`
	Stream string    `json:"stream"`
	Reads  string    `json:"reads"`               // the object in the source, or the names of files
	Mode   string    `json:"mode"`                // as the last load had it; empty when nothing has landed
	Rows   int64     `json:"rows"`                // that count in the lake
	Last   time.Time `json:"last_load,omitzero"`  // by our clock
	Until  time.Time `json:"read_until,omitzero"` // of a source that is asked: everything before it has landed, by its clock
}

// List has all streams, in the file's order.
func List(ctx context.Context, p *project.Project, l *lake.Lake) ([]Stream, error) {
	listing, err := l.Ls(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	landed := map[string]lake.StreamListing{}
	for _, s := range listing.Streams {
		landed[s.String()] = s
	}
	out := []Stream{}
	for _, one := range configured(p) {
		if have, ok := landed[one.Source+"."+one.Stream]; ok {
			one.Mode, one.Rows, one.Last = have.Mode, have.Rows, have.LastAt
			parts, err := l.Parts(ctx, one.Source, one.Stream, time.Time{})
			if err != nil {
				return nil, err
			}
			one.Until = parts.Standing.Until
		}
		out = append(out, one)
	}
	return out, nil
}

func configured(p *project.Project) []Stream {
	var out []Stream
	for _, s := range p.Config.Sources {
		one := Stream{Source: s.Name, Type: s.Type.Value}
		if s.Asked == nil {
			one.Type = "file"
			for _, t := range s.Streams {
				one.Stream, one.Reads = t.Name, strings.Join(t.Files, " ")
				out = append(out, one)
			}
			continue
		}
		for _, t := range s.Asked.Listed() {
			one.Stream, one.Reads = t.Name, t.Stream().ObjectName()
			out = append(out, one)
		}
	}
	return out
}
