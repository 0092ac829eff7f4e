// Command preview writes what the dashboards' queries return, one file per dashboard, for the page beside it to draw. Without -url it
// starts a PostgreSQL and publishes the demo vendor's nights into it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tributary-data/tributary/dashboards/panel"
	"github.com/tributary-data/tributary/dashboards/panel/stand"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

func main() {
	localpg.Main()
	out := flag.String("out", ".run/preview/frames", "the folder to write into")
	address := flag.String("url", "", "a PostgreSQL with published nights; none: the demo vendor's")
	flag.Parse()
	if err := run(context.Background(), *out, *address, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// drawn is the file of a dashboard, as src/page.jsx reads it.
type drawn struct {
	Dashboard  json.RawMessage        `json:"dashboard"`
	Values     panel.Values           `json:"values"`
	Range      panel.Range            `json:"range"`
	Results    map[int][]panel.Frame  `json:"results"`
	Marks      map[string]panel.Frame `json:"marks"` // annotations
	MayBeEmpty []string               `json:"may_be_empty"`
}

func run(ctx context.Context, out, address string, paths []string) (err error) {
	if len(paths) == 0 {
		return errors.New("name the dashboards' JSON files")
	}
	if address == "" {
		s, err := stand.Start(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Stop()) }()
		if address, err = s.Demo(ctx, stand.Nights()...); err != nil {
			return err
		}
	}
	conn, err := pgconn.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("make the folder: %w", err)
	}
	for _, path := range paths {
		if err := write(ctx, conn, path, out); err != nil {
			return err
		}
	}
	return nil
}

func write(ctx context.Context, conn *pgconn.PgConn, path, out string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the dashboard: %w", err)
	}
	d, err := panel.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s := panel.Session{DB: conn, Now: time.Now()}
	file := drawn{Dashboard: text, Results: map[int][]panel.Frame{}, Marks: map[string]panel.Frame{}, MayBeEmpty: []string{}}
	if file.Values, err = s.Resolve(ctx, d, nil); err != nil {
		return err
	}
	d = panel.InRange(d, file.Values)
	if file.Range, err = s.Range(d); err != nil {
		return err
	}
	if err := file.run(ctx, s, d); err != nil {
		return fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	content, err := json.Marshal(file)
	if err != nil {
		return fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	if err := os.WriteFile(filepath.Join(out, d.UID+".json"), content, 0o600); err != nil {
		return fmt.Errorf("dashboard %s: %w", d.UID, err)
	}
	return nil
}

// run runs the queries of the panels and of the annotations.
func (f *drawn) run(ctx context.Context, s panel.Session, d panel.Dashboard) error {
	for _, p := range d.All() {
		for _, q := range p.Targets {
			if q.Hide {
				continue
			}
			result, err := s.Run(ctx, d, q, f.Values)
			if err != nil {
				return fmt.Errorf("panel %q: %w", p.Title, err)
			}
			f.Results[p.ID] = append(f.Results[p.ID], result.Frame)
		}
		if panel.MayBeEmpty(d, p) != "" {
			f.MayBeEmpty = append(f.MayBeEmpty, p.Title)
		}
	}
	for _, a := range d.Annotations.List {
		if a.BuiltIn > 0 || !a.Enable {
			continue
		}
		result, err := s.Run(ctx, d, a.Query(), f.Values)
		if err != nil {
			return fmt.Errorf("annotation %q: %w", a.Name, err)
		}
		f.Marks[a.Name] = result.Frame
	}
	return nil
}
