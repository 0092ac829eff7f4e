// Package kinds is the list of the types of sources that can be asked: a new connector is a line here.
package kinds

import (
	"maps"
	"slices"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/hubspot"
	"github.com/tributary-data/tributary/pipelines/source/postgres"
	"github.com/tributary-data/tributary/pipelines/source/rest"
	"github.com/tributary-data/tributary/pipelines/source/salesforce"
)

func all() map[string]func() source.Settings {
	return map[string]func() source.Settings{
		"hubspot":    func() source.Settings { return &hubspot.Settings{} },
		"postgres":   func() source.Settings { return &postgres.Settings{} },
		"rest":       func() source.Settings { return &rest.Settings{} },
		"salesforce": func() source.Settings { return &salesforce.Settings{} },
	}
}

// New makes empty settings of a type; nil for a type that is none of a source that can be asked.
func New(kind string) source.Settings {
	if settings := all()[kind]; settings != nil {
		return settings()
	}
	return nil
}

// Names are the types, sorted.
func Names() []string { return slices.Sorted(maps.Keys(all())) }
