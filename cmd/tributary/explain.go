package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/schemas"
	embedded "github.com/tributary-data/tributary/sql"
	"github.com/tributary-data/tributary/transforms/catalogue"

	"github.com/tributary-data/tributary/pipelines/project"
)

// catalogue reads the metrics without a warehouse; outside a project it is the built-in one.
func (a *app) catalogue() (*catalogue.Catalogue, error) {
	p, err := project.Load(a.dir)
	if err != nil {
		return catalogue.Load(catalogue.Layer{FS: embedded.FS, Root: "sql"})
	}
	return nightly.Catalogue(p.SQL())
}

func (a *app) explain(ctx context.Context, spec catalogue.ExplainSpec, asCSV bool) error {
	r, err := a.read(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	contracts, err := schemas.Load()
	if err != nil {
		return err
	}
	e, err := r.cat.Explain(ctx, r.conn, contracts, spec)
	if err != nil {
		return asked(err)
	}
	link(e, r.project)
	switch {
	case a.json:
		return a.printJSON(e)
	case asCSV:
		return a.explainCSV(e)
	}
	a.explainText(e, versionAsOf(r.project, r.version))
	return nil
}

// link fills in where each record stands in its source, by record_url.
func link(e *catalogue.Explanation, p *project.Project) {
	for i, s := range e.Rows {
		source, _, _ := strings.Cut(s.Source, ".")
		if url, ok := p.Config.RecordURL[source]; ok {
			e.Rows[i].URL = strings.ReplaceAll(url.Value, "{key}", s.Key)
		}
	}
}

// what names a value: its cut and period.
func what(v catalogue.Row) string {
	text := cutText(v.Dims)
	if text == "" {
		text = "everything"
	}
	if v.PeriodStart != nil {
		text += ", " + v.Grain + " from " + *v.PeriodStart
	}
	return text
}

// reasons says why rows are left out, and how many.
func reasons(excluded map[string]int64) string {
	var parts []string
	for _, reason := range slices.Sorted(maps.Keys(excluded)) {
		parts = append(parts, fmt.Sprintf("%s %d", reason, excluded[reason]))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

func explainHead() []string {
	return []string{"entity", "key", "name", "partner", "at (UTC)", "excluded", "value", "numerator", "denominator", "censored", "source", "file", "line", "url"}
}

func explainCells(s catalogue.SourceRow) []string {
	partner := s.Partner
	if s.PartnerName != "" && s.PartnerName != s.Partner {
		partner += " " + s.PartnerName
	}
	return []string{
		s.Entity, s.Key, s.Name, partner, s.At, s.Excluded, s.Value, s.Numerator, s.Denominator, mark(s.Censored), s.Source, s.File, strconv.FormatInt(s.Line, 10), s.URL,
	}
}

func mark(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func (a *app) explainCSV(e *catalogue.Explanation) error {
	w := csv.NewWriter(a.out)
	if err := w.Write(append(explainHead(), "as_of", "reporting_tz")); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for _, s := range e.Rows {
		if err := w.Write(append(explainCells(s), e.AsOf, e.Zone)); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	w.Flush()
	return w.Error()
}

// explainText prints an explanation; asOf says what it was made of.
func (a *app) explainText(e *catalogue.Explanation, asOf string) {
	v := e.Value
	fmt.Fprintf(a.out, "%s  %s  (definition %d, %s)\n%s\n\n", e.ID, e.Title, e.DefinitionVersion, asOf, wrap(e.Description, 120, 0))
	for _, p := range e.Formula {
		fmt.Fprintf(a.out, "  %-12s %s\n", p.Name, p.SQL)
	}
	fmt.Fprintf(a.out, "\n  %s = %s   [%s]\n", what(v), v.Shown(), v.Status)
	if v.Numerator.Valid {
		fmt.Fprintf(a.out, "  numerator %s, denominator %s\n", v.Numerator, v.Denominator)
	}
	fmt.Fprintf(a.out, "  n %d, censored %d, excluded %d%s\n", v.N, v.NCensored, v.NExcluded, reasons(v.Excluded))
	for _, m := range e.MissingInputs {
		fmt.Fprintf(a.out, "  no source: %s is not mapped\n", m)
	}
	if len(e.Rows) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\n%d rows behind it:\n", e.RowCount)
	t := tableOf{head: explainHead()}
	for _, s := range e.Rows {
		t.rows = append(t.rows, explainCells(s))
	}
	t.print(a.out)
}
