package nightly

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/schemas/diag"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// States of a finding.
const (
	Good = "ok"
	Warn = "warn"
	Bad  = "bad"
)

// Finding is one thing that the doctor looked at.
type Finding struct {
	State string `json:"state"`
	What  string `json:"what"`
	Text  string `json:"finding"`
	Hint  string `json:"hint,omitempty"`
}

// Doctor looks at a set-up from the configuration to what is published, and goes on as far as it can. What is late is so at now.
func Doctor(ctx context.Context, dir string, now time.Time) []Finding {
	var out []Finding
	add := func(state, what, text, hint string) { out = append(out, Finding{state, what, text, hint}) }
	p, err := project.Load(dir)
	if err != nil {
		add(Bad, "configuration", err.Error(), "docs/config.md lists every key")
		return out
	}
	add(Good, "configuration", fmt.Sprintf("%s, amounts in %s, days in %s", p.Config.Project.Value, p.Config.Reporting.Currency.Value, p.Config.Reporting.TimeZone.Value), "")
	notices(p, add)
	findLineage(add)
	contracts(p, add)
	sources(ctx, p, add)
	if _, err := model.Load(ctx, embedded.FS, p.SQL()); err != nil {
		add(Bad, "models", err.Error(), "docs/models.md")
	} else if _, err := Catalogue(p.SQL()); err != nil {
		add(Bad, "metrics", err.Error(), "docs/metrics.md")
	}
	l, err := p.OpenLake(nil)
	if err != nil {
		add(Bad, "lake", err.Error(), "")
		return out
	}
	lakeFindings(ctx, p, l, now, add)
	v, err := publish.Current(ctx, l, warehouse.Folder{Dir: p.WarehouseDir()})
	switch {
	case errors.Is(err, lake.ErrNotFound):
		add(Warn, "published", "nothing yet", "tributary run")
	case err != nil:
		add(Bad, "published", err.Error(), "tributary run")
	default:
		add(Good, "published", fmt.Sprintf("data as of %s, known %s, commit %d", v.AsOf, v.KnownAt.In(p.Zone).Format("2006-01-02 15:04"), v.Commit), "")
		published(ctx, v.Path, add)
	}
	return out
}

// notices says who is told when a night fails, and what would keep it from them.
func notices(p *project.Project, add adder) {
	who := p.Config.Notify
	var to, on []string
	for _, r := range who.On {
		on = append(on, r.Value)
	}
	target, err := notifyTarget(who, p.Dir)
	if err != nil {
		add(Bad, "notices", err.Error(), "docs/operations.md")
		return
	}
	if target.Webhook != "" {
		to = append(to, "the webhook")
	}
	if len(target.Command) > 0 {
		to = append(to, target.Command[0])
		if _, err := target.Program(); err != nil {
			add(Bad, "notices", err.Error(), "docs/operations.md")
			return
		}
	}
	if len(to) > 0 {
		add(Good, "notices", fmt.Sprintf("%s, when a night is: %s", strings.Join(to, " and "), strings.Join(on, ", ")), "")
	}
}

type adder func(state, what, text, hint string)

// contracts says which entities are mapped and which required ones are not.
func contracts(p *project.Project, add adder) {
	set, err := schemas.Load()
	if err != nil {
		add(Bad, "contracts", err.Error(), "")
		return
	}
	missing, err := staging.Missing(p.Staging())
	if err != nil {
		add(Bad, "maps", err.Error(), "")
		return
	}
	for _, name := range missing {
		add(Bad, "maps", name+" is not mapped, and nothing can be counted without it", "docs/maps.md")
	}
	mapped := map[string]bool{}
	for _, m := range p.Config.Maps {
		mapped[m.Entity.Value] = true
	}
	add(Good, "maps", fmt.Sprintf("%d of %d entities mapped; metrics that need the others say no_source", len(mapped), len(set.Entities)), "")
}

func lakeFindings(ctx context.Context, p *project.Project, l *lake.Lake, now time.Time, add adder) {
	log, err := l.Manifests(ctx)
	if err != nil {
		add(Bad, "lake", err.Error(), "tributary lake verify")
		return
	}
	add(Good, "lake", fmt.Sprintf("%d commits", len(log)), "")
	lastRun(log, add)
	for _, e := range Standing(Due(p, log, now), now) {
		if e.Late {
			add(Warn, "late", e.lateText(p.Zone), "look whether the schedule runs and the delivery came; docs/operations.md")
		}
	}
	if holder, until, held := l.LockHolder(log); held {
		add(Warn, "lock", fmt.Sprintf("%s, lease until %s", holder, until.Format(time.RFC3339)), "a run is under way, or its process died: it is taken over then")
	}
}

// lastRun says when the newest run did not end well: what readers see is older then than it should be.
func lastRun(log []lake.Manifest, add adder) {
	for _, m := range slices.Backward(log) {
		if m.Run == nil {
			continue
		}
		if r := m.Run; r.ExitCode != ExitOK && r.Status != StatusNothingNew {
			text, _, _ := strings.Cut(r.Error, "\n")
			add(Warn, "last run", fmt.Sprintf("%s, ended %s with exit code %d: %s", strings.ReplaceAll(r.Status, "_", " "), r.FinishedAt.Format(time.RFC3339), r.ExitCode, text),
				"docs/operations.md says what to do; warehouse/records.duckdb has the records")
		}
		return
	}
}

// published says what the numbers lack.
func published(ctx context.Context, path string, add adder) {
	file, err := warehouse.OpenReadOnly(ctx, path, warehouse.Settings{})
	if err != nil {
		add(Bad, "warehouse", err.Error(), "tributary run")
		return
	}
	defer file.Close()
	var quarantined int64
	if err := file.DB.QueryRowContext(ctx, "SELECT count(*) FROM staging.quarantine").Scan(&quarantined); err != nil {
		add(Bad, "quarantine", err.Error(), "")
	} else if quarantined > 0 {
		add(Warn, "quarantine", fmt.Sprintf("%d rows", quarantined), "SELECT * FROM staging.quarantine names rule, value, file and line")
	}
	text, err := Unlocked(ctx, file.DB)
	if err != nil {
		add(Bad, "attribution", err.Error(), "")
	} else if text != "" {
		add(Warn, "attribution", text, "docs/program.md, attribution.yaml")
	}
	rows, err := file.DB.QueryContext(ctx, "SELECT metric_id FROM metrics.metric_value WHERE status = 'no_source' AND grain = 'total' ORDER BY metric_id")
	if err != nil {
		add(Bad, "metrics", err.Error(), "")
		return
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err = rows.Scan(&id); err != nil {
			break
		}
		ids = append(ids, id)
	}
	if err := errors.Join(err, rows.Err()); err != nil {
		add(Bad, "metrics", err.Error(), "")
	} else if len(ids) > 0 {
		add(Warn, "metrics", "no source for "+strings.Join(ids, " "), "tributary metrics show ID names what they need")
	}
}

// SQL is a model as it is run, or the SQL that the maps of a staging table make.
func SQL(ctx context.Context, p *project.Project, name string) (string, error) {
	set, err := model.Load(ctx, embedded.FS, p.SQL())
	if err != nil {
		return "", err
	}
	if m, ok := set.Get(name); ok {
		return m.SQL, nil
	}
	entity, ok := staged(name)
	if !ok {
		return "", fmt.Errorf("there is no model %s%s", name, hint(name, set.Names()))
	}
	l, err := p.OpenLake(nil)
	if err != nil {
		return "", err
	}
	n := &night{project: p, lake: l, knownAt: time.Now().UTC(), opts: Options{Dir: p.Dir}}
	data, loads, _, err := n.data(ctx)
	if err != nil {
		return "", err
	}
	file, err := warehouse.Memory(ctx, warehouse.Settings{})
	if err != nil {
		return "", err
	}
	defer file.Close()
	conn, err := file.DB.Conn(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	day := program.LastDayEnded(time.Now(), p.Zone)
	plan, err := staging.Compile(ctx, conn, staging.Options{
		Config: stagingOf(p, loads), Data: data, AsOf: day.Format(time.DateOnly), AsOfAt: program.DayEnd(day, p.Zone), Accepted: p.Program.Accepted(),
	})
	if err != nil {
		return "", err
	}
	defer plan.Close(ctx)
	text, ok := plan.SQL(entity)
	if !ok {
		return "", fmt.Errorf("no map has made rows of %s yet: map it (docs/maps.md) and run the extract step", entity)
	}
	return text, nil
}

func staged(name string) (entity string, ok bool) { return strings.CutPrefix(name, "staging.") }

func hint(name string, names []string) string {
	if near := diag.Nearest(name, names); near != "" {
		return ": did you mean " + near + "?"
	}
	return ""
}
