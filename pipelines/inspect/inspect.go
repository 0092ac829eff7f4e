// Package inspect looks at the sources of a project before and beside the nights: what there is, what is missing to read it, how it is
// described, what its rows look like. It lands nothing and moves nothing on.
package inspect

import (
	"context"
	"fmt"

	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Source is a source that is looked at.
type Source interface {
	// Check finds out what is missing before anything is read.
	Check(ctx context.Context) ([]source.Finding, error)
	// Objects lists what there is to read.
	Objects(ctx context.Context) ([]Object, error)
	// Describe says what a stream, or an object that is no stream yet, has.
	Describe(ctx context.Context, name string) (Description, error)
	// Preview reads the first rows of a stream, or of an object that is no stream yet.
	Preview(ctx context.Context, name string, rows int) (Sample, error)
	// Close gives back what the source holds.
	Close() error
}

// Object is something that can be read, and the streams that read it.
type Object struct {
	source.Object
	Streams []string `json:"streams"`
}

// Description is what a stream has.
type Description struct {
	Origin string         `json:"origin"` // where its rows can be found again
	Key    []string       `json:"key"`    // empty when the source knows none
	Cursor string         `json:"cursor"` // field that says when a row was changed; empty when the source knows none
	Fields []source.Field `json:"fields"`
}

// Sample is the beginning of a stream.
type Sample struct {
	Origin  string          `json:"origin"`
	Columns []string        `json:"columns"`
	Rows    [][]*string     `json:"rows"` // nil is null
	Rejects []source.Reject `json:"rejects,omitempty"`
}

// Open makes a source ready to be looked at. The error is for people who mend the configuration.
func Open(ctx context.Context, p *project.Project, name string) (Source, error) {
	var names []string
	for _, s := range p.Config.Sources {
		if s.Name != name {
			names = append(names, s.Name)
			continue
		}
		if s.Asked == nil {
			return files{p, name}, nil
		}
		c, err := p.Connect(ctx, s, 0)
		if err != nil {
			return nil, err
		}
		return &asked{c, s.Asked}, nil
	}
	hint := diag.DidYouMean(name, names)
	if len(names) == 0 {
		hint = "docs/sources.md says how to write one"
	}
	return nil, fmt.Errorf("%w: %s has no source %q (%s)", source.ErrConfig, project.File, name, hint)
}
