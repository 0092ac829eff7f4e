package nightly

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/publish"
	"github.com/tributary-data/tributary/schemas"
	"github.com/tributary-data/tributary/transforms/movement"
	"github.com/tributary-data/tributary/transforms/ops"
)

// stepMoved compares a night that was just published with the one before it. It is no step to ask for: its failure fails nothing.
const stepMoved = "moved"

// movedRows is how many units of a figure the records have by name, the largest; the others of a cause are one row, so that all add up.
const movedRows = 25

// What the comparison may take, at least, and as a share of what the night has taken until then.
const (
	movedAtLeast = 30 * time.Second
	movedShare   = 10
)

// previous is what readers saw before this run published.
type previous struct {
	warehouse string // file; "" = nothing
	asOf      string
}

func (n *night) publishedBefore(ctx context.Context) (previous, error) {
	m, err := n.lake.CurrentPublish(ctx)
	if errors.Is(err, lake.ErrNotFound) {
		return previous{}, nil
	}
	if err != nil {
		return previous{}, err
	}
	return previous{warehouse: m.Publish.Warehouse, asOf: m.Publish.AsOf}, nil
}

// aftermath is what comes once a night is published, and cannot make it any less so: what moved is noted, old nights are removed.
func (n *night) aftermath(ctx context.Context) {
	if n.summary.Warehouse == "" {
		return
	}
	if err := n.step(ctx, stepMoved, n.compare); err != nil {
		n.notice("what moved since the night before is not in the records (tributary diff shows it): %v", err)
	}
	if err := publish.Tidy(ctx, n.writer, n.folder, *n.limits.KeepWarehouses); err != nil {
		n.notice("published, but %v", err)
	}
}

// compare notes what moved the headline figures since the publication before.
func (n *night) compare(ctx context.Context) (string, error) {
	if n.before.warehouse == "" {
		return "the first night: nothing to compare with", nil
	}
	files, err := n.folder.Versions()
	if err != nil {
		return "", err
	}
	number := map[string]int64{}
	for _, v := range files {
		number[filepath.Base(v.Path)] = v.Commit
	}
	from, there := number[n.before.warehouse]
	if !there {
		return fmt.Sprintf("%s is not kept: nothing to compare with", n.before.warehouse), nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, max(movedAtLeast, n.now().Sub(n.summary.StartedAt)/movedShare), errors.New("it took too long beside the night itself"))
	defer cancel()
	report, err := n.movedSinceBefore(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return "", cause
	}
	if err != nil {
		return "", err
	}
	to := filepath.Base(n.summary.Warehouse)
	n.movedSince = &from
	for _, c := range report.Changes {
		n.moved = append(n.moved, movedOf(c, ops.Moved{
			Run: n.summary.RunID, FromAsOf: report.From.AsOf, ToAsOf: report.To.AsOf, FromFile: report.From.File, ToFile: to, ToNumber: number[to],
		})...)
	}
	return movedText(report), nil
}

func (n *night) movedSinceBefore(ctx context.Context) (*movement.Report, error) {
	cat, err := Catalogue(n.project.SQL())
	if err != nil {
		return nil, err
	}
	contracts, err := schemas.Load()
	if err != nil {
		return nil, err
	}
	pair, err := movement.Open(ctx, filepath.Join(n.folder.Dir, n.before.warehouse), n.summary.Warehouse, n.settings())
	if err != nil {
		return nil, err
	}
	defer pair.Close()
	return pair.Compare(ctx, cat, contracts, movement.Spec{Grains: []string{"quarter", "total"}, Limit: movedRows})
}

// movedText says which figures moved.
func movedText(r *movement.Report) string {
	var ids []string
	for _, c := range r.Changes {
		if !slices.Contains(ids, c.MetricID) {
			ids = append(ids, c.MetricID)
		}
	}
	if len(ids) == 0 {
		return "no headline figure since " + r.From.AsOf
	}
	return "since " + r.From.AsOf + ": " + strings.Join(ids, ", ")
}

// movedOf is a change as the records have it: its largest moves, and the others of each cause together.
func movedOf(c movement.Change, common ops.Moved) []ops.Moved {
	common.Metric, common.Grain, common.Period, common.Dims = c.MetricID, c.Grain, c.PeriodStart, "{}"
	if text, err := json.Marshal(c.Dims); err == nil {
		common.Dims = string(text)
	}
	var out []ops.Moved
	for _, s := range c.ByCause {
		rest := s
		for _, m := range c.Moves {
			if m.Cause != s.Cause {
				continue
			}
			row := common
			row.Entity, row.Key, row.Partner, row.Cause, row.Detail, row.Units = m.Entity, m.Key, m.Partner, string(m.Cause), m.Detail, 1
			row.NumeratorBefore, row.NumeratorAfter, row.NumeratorDelta = &m.NumeratorBefore, &m.NumeratorAfter, &m.Delta.Numerator
			row.DenominatorBefore, row.DenominatorAfter, row.DenominatorDelta = &m.DenominatorBefore, &m.DenominatorAfter, &m.Delta.Denominator
			row.NDelta = m.Delta.N
			out = append(out, row)
			rest = rest.Without(m)
		}
		if rest.Moves > 0 {
			row := common
			row.Cause, row.Detail, row.Units = string(s.Cause), fmt.Sprintf("%d smaller ones together", rest.Moves), rest.Moves
			row.NumeratorDelta, row.DenominatorDelta, row.NDelta = &rest.Numerator, &rest.Denominator, rest.N
			out = append(out, row)
		}
	}
	return out
}

// keepMoved carries what moved on earlier nights over into a new file of records, and adds this night's.
func (n *night) keepMoved(ctx context.Context, db ops.DB) error {
	if err := ops.CreateMoved(ctx, db); err != nil {
		return err
	}
	until := int64(1) << 62
	if n.movedSince != nil {
		until = *n.movedSince
	}
	if _, err := os.Stat(n.recordsPath()); err == nil {
		if err := ops.KeepMoved(ctx, db, n.recordsPath(), until); err != nil {
			n.notice("the records begin anew: %v", err)
		}
	}
	return ops.AddMoved(ctx, db, n.moved...)
}
