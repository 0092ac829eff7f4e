package nightly

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/tributary-data/tributary/pipelines/airflow"
	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/transforms/ops"
)

// historySource is the name under which the lake has what Airflow remembers.
const historySource = "airflow"

// historyTimeout bounds what asking Airflow may cost a night.
const historyTimeout = 30 * time.Second

// DAGOf is the id of a project's DAG.
func DAGOf(p *project.Project) string {
	return cmp.Or(p.Config.Airflow.DAG.Value, airflow.DAGID(p.Config.Project.Value))
}

// ConnectAirflow finds the project's Airflow: its address is AIRFLOW_URL or airflow.url, its login is in the environment.
func ConnectAirflow(ctx context.Context, p *project.Project) (*airflow.Airflow, error) {
	address := cmp.Or(os.Getenv("AIRFLOW_URL"), p.Config.Airflow.URL.Value)
	if address == "" {
		return nil, configError{fmt.Errorf("which Airflow? Set AIRFLOW_URL, or airflow.url in %s", project.File)}
	}
	login := airflow.Login{Token: os.Getenv("AIRFLOW_TOKEN"), User: os.Getenv("AIRFLOW_USERNAME"), Password: os.Getenv("AIRFLOW_PASSWORD")}
	if login.Token == "" && login.User == "" {
		return nil, configError{fmt.Errorf("no login: set AIRFLOW_USERNAME and AIRFLOW_PASSWORD, or AIRFLOW_TOKEN (3.x)")}
	}
	return airflow.Connect(ctx, address, login, airflow.Options{})
}

// pullHistory lands what Airflow remembers of the project's DAG. A night goes on without: it is about nights, and no figure is made of it.
func (n *night) pullHistory(ctx context.Context) {
	if !n.project.Config.Airflow.History {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	if err := n.history(ctx); err != nil {
		n.notice("what Airflow remembers is not in the lake, the next night asks again: %v", err)
	}
}

func (n *night) history(ctx context.Context) error {
	a, err := ConnectAirflow(ctx, n.project)
	if err != nil {
		return err
	}
	dag := DAGOf(n.project)
	for _, f := range []extract.Feed{
		{Source: historySource, Name: airflow.StreamRuns, OfRuns: true, Open: func(ctx context.Context, since time.Time) (source.Pages, error) {
			return a.RunHistory(ctx, dag, since)
		}},
		{Source: historySource, Name: airflow.StreamTasks, OfRuns: true, Open: func(ctx context.Context, since time.Time) (source.Pages, error) {
			return a.TaskHistory(ctx, dag, since)
		}},
	} {
		if _, err := extract.Pull(ctx, n.writer, f, n.now); err != nil {
			return err
		}
	}
	return nil
}

// addHistory puts what Airflow remembered at its newest look beside the runs that it started.
func addHistory(ctx context.Context, db ops.DB, l *lake.Lake) error {
	for stream, add := range map[string]func(context.Context, ops.DB, []string) error{airflow.StreamRuns: ops.AddScheduled, airflow.StreamTasks: ops.AddTries} {
		parts, err := l.Parts(ctx, historySource, stream, time.Time{})
		if err != nil {
			return err
		}
		var files []string
		for _, p := range parts.Current {
			files = append(files, l.Abs(p.Path))
		}
		if len(files) == 0 || !parts.OfRuns {
			continue
		}
		if err := add(ctx, db, files); err != nil {
			return err
		}
	}
	return nil
}
