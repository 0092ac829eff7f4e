package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tributary-data/tributary/dashboards/push/pushtest"
)

// server is the key of a script's Grafana among its values.
type server struct{}

// TestGrafanaScripts runs those that need a Grafana: each has a stand-in of its API to itself.
func TestGrafanaScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "../../testdata/scripts/grafana", RequireUniqueNames: true, UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			grafana := pushtest.Start()
			env.Defer(grafana.Close)
			env.Values[server{}] = grafana
			env.Setenv("GRAFANA_URL", grafana.URL)
			env.Setenv("GRAFANA_TOKEN", pushtest.Token)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			// edit UID and foreign UID save a dashboard as somebody would in the browser, the second as one that has nothing to do with us.
			"edit":    saved(func(content map[string]any) { content["title"] = "Mine" }),
			"foreign": saved(func(content map[string]any) { content["tags"] = []any{"sales"} }),
		},
	})
}

func saved(change func(content map[string]any)) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: edit UID, foreign UID")
		}
		ts.Value(server{}).(*pushtest.Server).Edit(args[0], change)
	}
}
