package project_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/transforms/staging"
)

// keys are the yaml keys of a type and of what is in it; maps have a page of their own.
func keys(of reflect.Type, found map[string]bool) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		keys(of.Elem(), found)
	case reflect.Struct:
		if of == reflect.TypeFor[staging.Map]() || of == reflect.TypeFor[staging.Field]() {
			return
		}
		for i := range of.NumField() {
			name, options, _ := strings.Cut(of.Field(i).Tag.Get("yaml"), ",")
			if name == "-" || name == "" && options != "inline" {
				continue
			}
			if name != "" {
				found[name] = true
			}
			keys(of.Field(i).Type, found)
		}
	}
}

func TestThePageNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile("../../docs/config.md")
	require.NoError(t, err)
	templates, err := project.Templates("")
	require.NoError(t, err)
	found := map[string]bool{}
	keys(reflect.TypeFor[project.Config](), found)
	require.Greater(t, len(found), 40)
	for name := range found {
		require.True(t, strings.Contains(string(text), "`"+name+"`"), "docs/config.md must say what %s is", name)
		require.True(t, strings.Contains(string(templates[project.File]), name+":"), "the template must show %s", name)
	}
}

var block = regexp.MustCompile("(?s)```yaml\n(.*?)```")

func TestTheExamplesOfThePageAreValid(t *testing.T) {
	text, err := os.ReadFile("../../docs/config.md")
	require.NoError(t, err)
	examples := block.FindAllStringSubmatch(string(text), -1)
	require.Len(t, examples, 2)
	for _, e := range examples {
		_, err := load(t, map[string]string{project.File: e[1]}, nil)
		require.NoError(t, err)
	}
}
