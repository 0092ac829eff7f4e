package nightly

import (
	"context"
	"fmt"

	"github.com/tributary-data/tributary/pipelines/inspect"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source/bucket"
)

// sources says of those that lie elsewhere whether they can be read.
func sources(ctx context.Context, p *project.Project, add adder) {
	for _, s := range p.Config.Sources {
		switch {
		case s.Asked != nil:
			asked(ctx, p, s.Name, add)
		case bucket.Named(s.Root.Value):
			objects(ctx, s, add)
		}
	}
}

// asked logs in and looks at every stream; the first thing that is missing stands for all, which tributary source check lists.
func asked(ctx context.Context, p *project.Project, name string, add adder) {
	what, hint := "source "+name, "tributary source check "+name
	s, err := inspect.Open(ctx, p, name)
	if err != nil {
		add(Bad, what, err.Error(), "docs/sources.md")
		return
	}
	findings, err := s.Check(ctx)
	if closed := s.Close(); err == nil {
		err = closed
	}
	if err != nil {
		add(Bad, what, err.Error(), hint)
		return
	}
	for _, f := range findings {
		if !f.OK {
			add(Bad, what, f.Subject+": "+f.Detail, hint)
			return
		}
	}
	text := "all its streams can be read"
	if len(findings) > 0 && findings[0].Subject == "login" {
		text = findings[0].Detail + "; " + text
	}
	add(Good, what, text, "")
}

func objects(ctx context.Context, s project.Source, add adder) {
	what := "source " + s.Name
	b, err := bucket.Open(s.Root.Value)
	if err != nil {
		add(Bad, what, err.Error(), "docs/source-files.md")
		return
	}
	switch empty, err := b.Check(ctx); {
	case err != nil:
		add(Bad, what, err.Error(), "docs/source-files.md")
	case empty:
		add(Warn, what, fmt.Sprintf("there is nothing below %s", b), "mend `root`, or wait for the first delivery")
	default:
		add(Good, what, fmt.Sprintf("%s can be listed and read", b), "")
	}
}
