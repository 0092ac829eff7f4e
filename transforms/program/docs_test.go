package program_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/program"
)

const page = "../../docs/program.md"

// keys are the yaml keys of a type and of what is in it.
func keys(of reflect.Type, found map[string]bool) {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		keys(of.Elem(), found)
	case reflect.Struct:
		for i := range of.NumField() {
			if name, _, _ := strings.Cut(of.Field(i).Tag.Get("yaml"), ","); name != "" {
				found[name] = true
				keys(of.Field(i).Type, found)
			}
		}
	}
}

func TestThePageNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	found := map[string]bool{}
	for i := range reflect.TypeFor[program.Program]().NumField() {
		keys(reflect.TypeFor[program.Program]().Field(i).Type, found)
	}
	for _, threshold := range (program.Thresholds{}).List() {
		found[threshold.Name] = true
	}
	for _, name := range append(program.RuleFiles(), program.RequiredFields()...) {
		found[name] = true
	}
	require.Greater(t, len(found), 80)
	for name := range found {
		require.True(t, strings.Contains(string(text), "`"+name+"`"), "docs/program.md must say what %s is", name)
	}
}

func TestTheTemplatesShowEveryKey(t *testing.T) {
	templates, err := program.Templates()
	require.NoError(t, err)
	all := ""
	for _, text := range templates {
		all += string(text)
	}
	found := map[string]bool{}
	for i := range reflect.TypeFor[program.Program]().NumField() {
		keys(reflect.TypeFor[program.Program]().Field(i).Type, found)
	}
	for name := range found {
		require.True(t, strings.Contains(all, name+":"), "a template must show %s", name)
	}
}

var block = regexp.MustCompile("(?s)```yaml\n# ([a-z]+\\.yaml)\n(.*?)```")

func TestTheExamplesOfThePageAreValid(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	examples := block.FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(examples), len(program.RuleFiles()))
	incentives := ""
	for _, e := range examples {
		if e[1] == "incentives.yaml" {
			incentives = e[2]
		}
	}
	for _, e := range examples {
		_, err := load(t, map[string]string{"incentives.yaml": incentives, e[1]: e[2]})
		require.NoError(t, err, e[1])
	}
}
