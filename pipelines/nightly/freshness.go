package nightly

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// Freshness is how new everything is at an instant.
type Freshness struct {
	At       time.Time     `json:"at"`
	Zone     string        `json:"reporting_tz"`
	AsOf     string        `json:"as_of,omitempty"` // of what readers see; empty when nothing is published
	KnownAt  time.Time     `json:"known_at,omitzero"`
	Expected []Expectation `json:"expected"`
	Entities []Entity      `json:"entities"` // of the published night
}

// Entity is how new the rows of an entity are, longest silent first; zero times are not known.
type Entity struct {
	Entity      string    `json:"entity"`
	NewestAt    time.Time `json:"newest_at,omitzero"` // event of the newest row
	LoadedAt    time.Time `json:"loaded_at,omitzero"` // when the newest row landed
	Rows        int64     `json:"rows"`
	Quarantined int64     `json:"rows_quarantined"`
}

// Late tells whether anything is.
func (f Freshness) Late() bool {
	for _, e := range f.Expected {
		if e.Late {
			return true
		}
	}
	return false
}

// ReadFreshness looks at the log and at the published night. Nothing needs to have run since.
func ReadFreshness(ctx context.Context, p *project.Project, l *lake.Lake, now time.Time) (Freshness, error) {
	out := Freshness{At: now.UTC(), Zone: p.Zone.String(), Entities: []Entity{}}
	log, err := l.Manifests(ctx)
	if err != nil {
		return out, err
	}
	out.Expected = Standing(Due(p, log, now), now)
	v, err := publish.Current(ctx, l, warehouse.Folder{Dir: p.WarehouseDir()})
	if errors.Is(err, lake.ErrNotFound) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.AsOf, out.KnownAt = v.AsOf, v.KnownAt
	file, err := warehouse.OpenReadOnly(ctx, v.Path, warehouse.Settings{Threads: 1})
	if err != nil {
		return out, err
	}
	defer file.Close()
	rows, err := file.DB.QueryContext(ctx, "SELECT entity, newest_at, loaded_at, rows, quarantined FROM ops.freshness ORDER BY newest_at NULLS LAST, entity")
	if err != nil {
		return out, fmt.Errorf("read how new entities are: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var e Entity
		var newest, loaded sql.NullTime
		if err := rows.Scan(&e.Entity, &newest, &loaded, &e.Rows, &e.Quarantined); err != nil {
			return out, fmt.Errorf("read how new entities are: %w", err)
		}
		e.NewestAt, e.LoadedAt = newest.Time, loaded.Time
		out.Entities = append(out.Entities, e)
	}
	return out, rows.Err()
}
