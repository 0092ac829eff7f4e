package nightly

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/publish"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/ops"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// check proves what the models claim of the night that is built aside, and that no more rows are quarantined than the limits allow.
func (n *night) check(ctx context.Context) (string, error) {
	file, err := n.resume(ctx)
	if err != nil {
		return "", err
	}
	results, err := n.checkFile(ctx, file)
	if err != nil {
		return "", errors.Join(err, file.Close())
	}
	entity, err := n.spoiled(ctx, file)
	if err != nil {
		return "", errors.Join(err, file.Close())
	}
	if entity != "" {
		err = dataError{fmt.Errorf("%s are quarantined, more than the limits allow: see staging.quarantine in %s, or raise limits.quarantine_entity_share in tributary.yaml", entity, file.Path)}
	} else if n.limits.Exceeded(n.summary.Quarantined, n.summary.RowsStaged) {
		err = dataError{fmt.Errorf("%d of %d rows are quarantined, more than the limits allow: see staging.quarantine in %s, or raise limits: in tributary.yaml",
			n.summary.Quarantined, n.summary.RowsStaged, file.Path)}
	} else if failed := results.Err(); failed != nil {
		err = dataError{fmt.Errorf("checks failed; what was published before stays, the failed night is %s:\n%w", file.Path, failed)}
	}
	if err != nil {
		return "", errors.Join(err, file.Finish(ctx))
	}
	if _, err := file.DB.ExecContext(ctx, "UPDATE ops.build SET is_checked = true"); err != nil {
		return "", errors.Join(fmt.Errorf("record the checks: %w", err), file.Close())
	}
	for _, w := range results.Failures(true) {
		if w.Severity == model.Warn {
			n.notice("check %s of %s: %s", w.Name, w.Table, w.Detail)
		}
	}
	return fmt.Sprintf("%d checks passed", len(results)), file.Finish(ctx)
}

// spoiled names an entity of which more rows are quarantined than the limits allow.
func (n *night) spoiled(ctx context.Context, file *warehouse.File) (string, error) {
	rows, err := file.DB.QueryContext(ctx, `SELECT q.entity, q.bad, coalesce(t.estimated_size, 0) FROM (
			SELECT entity, count(*) AS bad FROM staging.quarantine WHERE entity IS NOT NULL GROUP BY entity) AS q
		LEFT JOIN duckdb_tables() AS t ON t.database_name = current_database() AND t.schema_name = 'staging' AND t.table_name = q.entity ORDER BY q.entity`)
	if err != nil {
		return "", fmt.Errorf("count the quarantine: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var entity string
		var bad, good int64
		if err := rows.Scan(&entity, &bad, &good); err != nil {
			return "", fmt.Errorf("count the quarantine: %w", err)
		}
		if n.limits.ExceededBy(bad, bad+good) {
			return fmt.Sprintf("%d of %d rows of %s", bad, bad+good, entity), nil
		}
	}
	return "", rows.Err()
}

func (n *night) checkFile(ctx context.Context, file *warehouse.File) (check.Results, error) {
	set, err := model.Load(ctx, embedded.FS, n.project.SQL())
	if err != nil {
		return nil, err
	}
	previous, err := n.previousCounts(ctx)
	if err != nil {
		return nil, err
	}
	results, err := check.Run(ctx, file.DB, check.Subjects(set), check.Options{Workers: n.limits.Threads, Previous: previous, Clock: n.now})
	if err != nil {
		return nil, err
	}
	n.lineage.checked(results)
	var records []ops.Check
	for _, r := range results {
		if r.State == check.Pass {
			n.records.ChecksPassed++
		} else {
			n.records.Checks = append(n.records.Checks, lake.Finding{
				Table: r.Table, Name: r.Name, Kind: r.Kind, Severity: r.Severity, Status: r.State, Failed: r.Failed,
				Detail: r.Detail, File: r.At.File, Line: r.At.Line,
			})
		}
		records = append(records, ops.Check{
			Run: n.summary.RunID, Table: r.Table, Name: r.Name, Kind: r.Kind, Severity: r.Severity, Status: r.State, Failed: r.Failed,
			Detail: r.Detail, Samples: r.Samples, File: r.At.File, Line: r.At.Line, Duration: r.Duration,
		})
	}
	return results, ops.AddChecks(ctx, file.DB, records...)
}

// previousCounts are the rows per table of the warehouse that readers see, for row-count checks.
func (n *night) previousCounts(ctx context.Context) (map[string]int64, error) {
	current, err := publish.Current(ctx, n.lake, n.folder)
	if errors.Is(err, lake.ErrNotFound) || errors.Is(err, fs.ErrNotExist) { // nothing to compare with
		return map[string]int64{}, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := warehouse.OpenReadOnly(ctx, current.Path, n.settings())
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return ops.RowCounts(ctx, file.DB)
}
