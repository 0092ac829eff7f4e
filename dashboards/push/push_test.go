package push_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/dashboards/grafana"
	"github.com/tributary-data/tributary/dashboards/push"
	"github.com/tributary-data/tributary/dashboards/push/pushtest"
)

const sales = `{"uid": "tributary-sales", "title": "Sales", "tags": ["tributary"], "schemaVersion": 39, "panels": [
  {"id": 1, "type": "row", "title": "How much?"},
  {"id": 2, "type": "stat", "title": "Sourced", "targets": [{"refId": "A", "rawSql": "SELECT 1"}]},
  {"id": 3, "type": "table", "title": "By partner", "targets": [{"refId": "A", "rawSql": "SELECT 2"}]}]}`

const costs = `{"uid": "tributary-costs", "title": "Costs", "tags": ["tributary"], "schemaVersion": 39, "panels": []}`

func boards(texts ...string) []grafana.File {
	var out []grafana.File
	for _, text := range texts {
		uid := strings.Split(text, `"`)[3]
		out = append(out, grafana.File{UID: uid, Title: uid, JSON: []byte(text)})
	}
	return out
}

func serve(t *testing.T) *pushtest.Server {
	t.Helper()
	s := pushtest.Start()
	t.Cleanup(s.Close)
	return s
}

func connect(t *testing.T, s *pushtest.Server) *push.Grafana {
	t.Helper()
	g, err := push.Connect(t.Context(), s.URL, pushtest.Token)
	require.NoError(t, err)
	return g
}

func plan(t *testing.T, s *pushtest.Server, opts push.Options, files []grafana.File) push.Plan {
	t.Helper()
	p, err := connect(t, s).Plan(t.Context(), files, opts)
	require.NoError(t, err)
	return p
}

// pushed plans and applies.
func pushed(t *testing.T, s *pushtest.Server, opts push.Options, files []grafana.File) error {
	t.Helper()
	g := connect(t, s)
	p, err := g.Plan(t.Context(), files, opts)
	require.NoError(t, err)
	return g.Apply(t.Context(), p)
}

func actions(p push.Plan) []string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Action)
	}
	return out
}

func TestPushTwiceSavesOnce(t *testing.T) {
	for name, listed := range map[string]bool{"Grafana 13": false, "Grafana 11.4": true} {
		t.Run(name, func(t *testing.T) {
			s := serve(t)
			s.ListedVersions = listed
			p := plan(t, s, push.Options{}, boards(sales, costs))
			require.True(t, p.MakeFolder)
			require.Equal(t, []string{push.Create, push.Create}, actions(p))
			require.NoError(t, pushed(t, s, push.Options{}, boards(sales, costs)))
			require.Equal(t, 2, s.Saves())
			content, folder := s.Dashboard("tributary-sales")
			require.Equal(t, "Sales", content["title"])
			require.Equal(t, "tributary", folder)

			p = plan(t, s, push.Options{}, boards(sales, costs))
			require.False(t, p.Differs())
			require.NoError(t, pushed(t, s, push.Options{}, boards(sales, costs)))
			require.Equal(t, 2, s.Saves())
		})
	}
}

// A Grafana that gives a dashboard back in the words of a newer format is not told again what it knows.
func TestMigratedIsTheSame(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales)))
	s.Rewrite("tributary-sales", func(content map[string]any) { content["schemaVersion"] = 42; content["preload"] = false })
	require.False(t, plan(t, s, push.Options{}, boards(sales)).Differs())
}

func TestOnlyWhatChangedIsSaved(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales, costs)))
	next := strings.Replace(sales, "SELECT 1", "SELECT 3", 1)
	next = strings.Replace(next, `{"id": 2,`, `{"id": 9, "type": "text", "title": "Read me"}, {"id": 4,`, 1)
	next = strings.Replace(next, `"title": "By partner"`, `"title": "By region"`, 1)
	next = strings.Replace(next, `"title": "Sales"`, `"title": "Sales and more"`, 1)
	p := plan(t, s, push.Options{}, boards(next, costs))
	require.Equal(t, []string{push.Update, push.Same}, actions(p))
	require.Equal(t, []string{
		"~ dashboard: title", `+ panel "Read me"`, `~ panel "Sourced": query`, `~ panel "By region", which was "By partner": title`,
	}, p.Steps[0].Changes)
	require.NoError(t, pushed(t, s, push.Options{}, boards(next, costs)))
	require.Equal(t, 3, s.Saves())
	p = plan(t, s, push.Options{}, boards(sales, costs))
	require.Contains(t, p.Steps[0].Changes, `- panel "Read me"`)
}

func TestForeignIsNeverOverwritten(t *testing.T) {
	s := serve(t)
	s.Edit("tributary-costs", func(content map[string]any) { content["title"] = "Theirs" })
	for _, force := range []bool{false, true} {
		err := pushed(t, s, push.Options{Force: force}, boards(sales, costs))
		require.ErrorContains(t, err, "dashboard tributary-costs (tributary-costs): a dashboard with this uid is there and is not ours: it lacks the tag tributary")
	}
	require.Zero(t, s.Saves(), "nothing is saved when one of them must not be")
	content, _ := s.Dashboard("tributary-costs")
	require.Equal(t, "Theirs", content["title"])
}

func TestEditedByHandNeedsForce(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales)))
	s.Edit("tributary-sales", func(content map[string]any) { content["panels"] = content["panels"].([]any)[:1] })
	p := plan(t, s, push.Options{}, boards(sales))
	require.Equal(t, []string{push.Refuse}, actions(p))
	require.Equal(t, []string{`+ panel "Sourced"`, `+ panel "By partner"`}, p.Steps[0].Changes)
	require.ErrorContains(t, pushed(t, s, push.Options{}, boards(sales)), "version 2 was saved by anna on 2026-10-01, by hand")
	require.NoError(t, pushed(t, s, push.Options{Force: true}, boards(sales)))
	content, _ := s.Dashboard("tributary-sales")
	require.Len(t, content["panels"], 3)
	require.False(t, plan(t, s, push.Options{}, boards(sales)).Differs())
}

// What was saved by hand but is the same needs nothing.
func TestTheSameByHand(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales)))
	s.Edit("tributary-sales", func(map[string]any) {})
	require.False(t, plan(t, s, push.Options{}, boards(sales)).Differs())
}

func TestProvisionedIsLeftToItsFile(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales)))
	s.Provision("tributary-sales")
	err := pushed(t, s, push.Options{Force: true}, boards(strings.Replace(sales, "SELECT 1", "SELECT 3", 1)))
	require.ErrorContains(t, err, "Grafana has it from a provisioning file")
}

func TestMovedStaysWhereItIs(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales)))
	s.Move("tributary-sales", "finance")
	require.NoError(t, pushed(t, s, push.Options{}, boards(strings.Replace(sales, "SELECT 1", "SELECT 3", 1))))
	_, folder := s.Dashboard("tributary-sales")
	require.Equal(t, "finance", folder)
}

func TestAnotherFolderMustBeThere(t *testing.T) {
	s := serve(t)
	_, err := connect(t, s).Plan(t.Context(), boards(sales), push.Options{Folder: "finance"})
	require.ErrorContains(t, err, "has no folder with the uid finance, which grafana.folder in tributary.yaml names")
}

func TestWhatIsNoLongerMadeIsNamed(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales, costs)))
	p := plan(t, s, push.Options{}, boards(sales))
	require.Equal(t, []string{"tributary-costs (Costs)"}, p.Left)
	require.False(t, p.Differs())
}

func TestSomebodySavesMeanwhile(t *testing.T) {
	s := serve(t)
	require.NoError(t, pushed(t, s, push.Options{}, boards(sales)))
	s.BeforeSave = func() { s.Edit("tributary-sales", func(content map[string]any) { content["title"] = "Mine" }) }
	err := pushed(t, s, push.Options{}, boards(strings.Replace(sales, "SELECT 1", "SELECT 3", 1)))
	require.ErrorIs(t, err, push.ErrChanged)
	content, _ := s.Dashboard("tributary-sales")
	require.Equal(t, "Mine", content["title"])
}

func TestSomebodyMakesOneMeanwhile(t *testing.T) {
	s := serve(t)
	s.BeforeSave = func() { s.Edit("tributary-sales", func(content map[string]any) { content["title"] = "Theirs" }) }
	require.ErrorIs(t, pushed(t, s, push.Options{}, boards(sales)), push.ErrChanged)
	content, _ := s.Dashboard("tributary-sales")
	require.Equal(t, "Theirs", content["title"])
}

func TestErrorsSayWhatToDo(t *testing.T) {
	for missing, text := range map[string]string{
		"folders:read": "look for folder tributary", "folders:create": `make folder "Tributary"`,
		"dashboards:read": "read dashboard tributary-sales", "dashboards:write": "save dashboard tributary-sales",
	} {
		t.Run(missing, func(t *testing.T) {
			s := serve(t)
			var has []string
			for _, p := range pushtest.Editor() {
				if p != missing {
					has = append(has, p)
				}
			}
			s.Tokens["glsa_poor"] = has
			g, err := push.Connect(t.Context(), s.URL, "glsa_poor")
			require.NoError(t, err)
			p, err := g.Plan(t.Context(), boards(sales), push.Options{})
			if err == nil {
				err = g.Apply(t.Context(), p)
			}
			require.ErrorContains(t, err, text)
			require.ErrorContains(t, err, "the service account may not (403, ")
			require.ErrorContains(t, err, missing)
			require.NotContains(t, err.Error(), "glsa_poor")
		})
	}
	t.Run("a wrong token", func(t *testing.T) {
		g, err := push.Connect(t.Context(), serve(t).URL, "glsa_wrong")
		require.NoError(t, err)
		_, err = g.Plan(t.Context(), boards(sales), push.Options{})
		require.ErrorContains(t, err, "does not take the token in GRAFANA_TOKEN (401, Invalid API key)")
		require.NotContains(t, err.Error(), "glsa_wrong")
	})
	t.Run("down", func(t *testing.T) {
		down := serve(t)
		down.Down = http.StatusServiceUnavailable
		_, err := push.Connect(t.Context(), down.URL, pushtest.Token)
		require.ErrorIs(t, err, push.ErrUnreachable)
	})
	t.Run("nobody there", func(t *testing.T) {
		gone := httptest.NewServer(http.NotFoundHandler())
		gone.Close()
		_, err := push.Connect(t.Context(), gone.URL, pushtest.Token)
		require.ErrorIs(t, err, push.ErrUnreachable)
		require.ErrorContains(t, err, "connection refused")
	})
	t.Run("no answer in time", func(t *testing.T) {
		silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		defer silent.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := push.Connect(ctx, silent.URL, pushtest.Token)
		require.ErrorIs(t, err, push.ErrUnreachable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
	for name, handler := range map[string]http.HandlerFunc{
		"another server": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>hello</html>")) },
		"another API": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("{}"))
		},
		"no such path": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			other := httptest.NewServer(handler)
			defer other.Close()
			_, err := push.Connect(t.Context(), other.URL, pushtest.Token)
			require.Error(t, err)
			require.Contains(t, err.Error(), other.URL)
		})
	}
	for _, address := range []string{"grafana.example.com", "ftp://x", "", "https://user:hunter2@grafana.example.com"} {
		_, err := push.Connect(t.Context(), address, pushtest.Token)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
