package nightly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/transforms/ops"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// publish makes the checked night the one that readers see, unless what they see is newer.
func (n *night) publish(ctx context.Context) (string, error) {
	file, err := n.resume(ctx)
	if errors.Is(err, errNothingBuilt) && n.publishedByThis(ctx) {
		n.summary.Status = StatusNothingNew
		n.notice("published already, by a try of this step before: it was stopped after that")
		return "published already", n.catchUp(ctx)
	}
	if err != nil {
		return "", err
	}
	accruals, newest, err := n.judge(ctx, file)
	if err != nil {
		return "", errors.Join(err, file.Close())
	}
	older, err := n.isOlder(ctx)
	if err != nil {
		return "", errors.Join(err, file.Close())
	}
	if older == "" || n.opts.AllowOlder {
		if _, err := file.DB.ExecContext(ctx, "UPDATE ops.run SET status = ?, finished_at = ?", StatusPublished, n.now().UTC()); err != nil {
			return "", errors.Join(fmt.Errorf("record the publication: %w", err), file.Close())
		}
	}
	if err := n.recordSteps(ctx, file); err != nil {
		return "", errors.Join(err, file.Close())
	}
	if err := file.Finish(ctx); err != nil {
		return "", err
	}
	if older != "" && !n.opts.AllowOlder {
		n.summary.Status = StatusBuilt
		n.notice("not published: %s is published and newer; --allow-older would publish %s", older, n.summary.AsOf)
		return "not published: older than " + older, nil
	}
	if err := n.toDatabase(ctx); err != nil {
		return "", err
	}
	if n.before, err = n.publishedBefore(ctx); err != nil {
		return "", err
	}
	version, err := publish.Publish(ctx, n.writer, n.folder, publish.Night{
		Build: n.built, AsOf: n.asOf, KnownAt: n.knownAt, RunID: n.summary.RunID, Program: n.program, Newest: newest, NoAccruals: accruals != "",
	})
	if err != nil {
		return "", err
	}
	n.summary.Status, n.summary.Warehouse, n.summary.Commit = StatusPublished, version.Path, version.Commit
	if err := n.swap(ctx, version); err != nil {
		return "", err
	}
	n.lineage.published(ctx, version.Path)
	where := "published " + version.Path + n.elsewhere()
	if accruals != "" {
		n.summary.Status = StatusNoAccruals
		return where, ErrNoAccruals
	}
	return where, nil
}

// publishedByThis tells whether the run of this id has published its night: a scheduler that did not see it end tries it again.
func (n *night) publishedByThis(ctx context.Context) bool {
	m, err := n.lake.CurrentPublish(ctx)
	return err == nil && !m.Publish.Rollback && m.Publish.RunID == n.summary.RunID
}

// elsewhere says where the night went besides its file.
func (n *night) elsewhere() string {
	if n.database == nil {
		return ", in no PostgreSQL (publish.postgres is not set)"
	}
	return " and in PostgreSQL, schema " + n.database.Schema
}

// recordSteps writes how the steps of this process went into the night.
func (n *night) recordSteps(ctx context.Context, file *warehouse.File) error {
	steps := []ops.Step{{Run: n.summary.RunID, Step: StepPublish, StartedAt: n.now(), Status: "ok"}}
	for _, s := range n.records.Steps {
		steps = append(steps, ops.Step{Run: n.summary.RunID, Step: s.Name, StartedAt: s.StartedAt, Duration: s.FinishedAt.Sub(s.StartedAt), Status: s.Status, Message: s.Detail})
	}
	return ops.AddSteps(ctx, file.DB, steps...)
}

// judge reads the headlines and the warnings that must not be overlooked.
func (n *night) judge(ctx context.Context, file *warehouse.File) (accruals string, newest int64, err error) {
	var checked bool
	row := file.DB.QueryRowContext(ctx, "SELECT is_checked, newest_commit, coalesce((SELECT status FROM incentives.fx_state), '') FROM ops.build")
	if err := row.Scan(&checked, &newest, &accruals); err != nil {
		return "", 0, fmt.Errorf("read what was built: %w", err)
	}
	if !checked {
		return "", 0, configError{errors.New("what is built has not passed its checks: run the check step first (tributary run --steps check,publish)")}
	}
	if accruals != "" {
		rates, err := missingRates(ctx, file.DB)
		if err != nil {
			return "", 0, err
		}
		n.notice("no accruals, because a rate is missing for %s: deliver it, or write it into program/fx.yaml", rates)
	}
	text, err := Unlocked(ctx, file.DB)
	if err != nil {
		return "", 0, err
	}
	if text != "" {
		n.notice("%s", text)
	}
	cat, err := Catalogue(n.project.SQL())
	if err != nil {
		return "", 0, err
	}
	conn, err := file.DB.Conn(ctx)
	if err != nil {
		return "", 0, fmt.Errorf("open the warehouse: %w", err)
	}
	defer conn.Close()
	n.summary.Headlines, err = Headlines(ctx, conn, cat)
	return accruals, newest, err
}

// isOlder names the published as_of when it is newer than this night's.
func (n *night) isOlder(ctx context.Context) (string, error) {
	m, err := n.lake.CurrentPublish(ctx)
	if errors.Is(err, lake.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if m.Publish.AsOf > n.asOf.Format(time.DateOnly) {
		return m.Publish.AsOf, nil
	}
	return "", nil
}
