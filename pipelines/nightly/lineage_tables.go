package nightly

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/lineage"
	"github.com/tributary-data/tributary/pipelines/publish/postgres"
	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/check"
	"github.com/tributary-data/tributary/transforms/engine"
	columns "github.com/tributary-data/tributary/transforms/lineage"
	"github.com/tributary-data/tributary/transforms/model"
	"github.com/tributary-data/tributary/transforms/staging"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// file is a file or folder as a dataset, by its absolute path; an object by its bucket and key.
func (r *recorder) file(path string) lineage.Dataset {
	if object, ok := strings.CutPrefix(path, "s3://"); ok {
		bucket, key, _ := strings.Cut(object, "/")
		return lineage.Dataset{Namespace: "s3://" + bucket, Name: key}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.night.project.Dir, filepath.FromSlash(path))
	}
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	return lineage.Dataset{Namespace: "file", Name: path}
}

// stream is what the lake holds of a stream: the folder of its Parquet files.
func (r *recorder) stream(source, name string) lineage.Dataset {
	return r.file(r.night.lake.Place("raw/" + source + "/" + name))
}

// table is a table of the warehouse: of the folder, not of the night's own file, so that a table is the same one every night.
func (r *recorder) table(name string) lineage.Dataset {
	return lineage.Dataset{Namespace: "duckdb://" + r.file(r.night.project.WarehouseDir()).Name, Name: name}
}

// withSchema adds the columns.
func withSchema(d lineage.Dataset, list []columns.Column) lineage.Dataset {
	if len(list) == 0 {
		return d
	}
	fields := make([]lineage.Field, len(list))
	for i, c := range list {
		fields[i] = lineage.Field{Name: c.Name, Type: c.Type}
	}
	d.Facets = lineage.With(lineage.Schema(fields))
	return d
}

// extracted tells of the files that an extraction has taken, and where they have landed.
func (r *recorder) extracted(ctx context.Context, result extract.Result) {
	if r == nil {
		return
	}
	commits := map[int64]bool{}
	for _, s := range result.Streams {
		commits[s.Commit] = s.Commit != 0
	}
	log, err := r.night.lake.Manifests(ctx)
	r.trouble(err)
	for _, m := range log {
		if m.Load == nil || !commits[m.Number] {
			continue
		}
		for _, f := range m.Load.Files {
			in := r.file(f.Path)
			in.InputFacets = lineage.With(lineage.Read(lineage.Statistics{Rows: &f.Rows, Bytes: &f.Size}))
			r.inputs = append(r.inputs, in)
		}
		r.outputs = append(r.outputs, r.landed(m.Load))
	}
}

func (r *recorder) landed(load *lake.Load) lineage.Dataset {
	var list []columns.Column
	for _, c := range load.Columns {
		list = append(list, columns.Column(c))
	}
	bytes, files := int64(0), int64(len(load.Parts))
	for _, p := range load.Parts {
		bytes += p.Bytes
	}
	out := withSchema(r.stream(load.Source, load.Stream), list)
	out.OutputFacets = lineage.With(lineage.Written(lineage.Statistics{Rows: &load.Rows, Bytes: &bytes, Files: &files}))
	return out
}

// staged tells of the rules that were laid down as tables, and of the entities that the maps have made of the streams.
func (r *recorder) staged(ctx context.Context, conn *sql.Conn, plan *staging.Plan, result staging.Result, begun time.Time) {
	if r == nil {
		return
	}
	ended := r.night.now()
	var err error
	if r.aggregates, err = columns.Aggregates(ctx, conn); err != nil {
		r.trouble(err)
		return
	}
	if err := r.describe(ctx, conn); err != nil {
		r.trouble(err)
		return
	}
	r.rules(begun)
	traces, err := plan.Trace(ctx, r.aggregates)
	r.trouble(err)
	rows := map[string]int64{}
	for _, e := range result.Entities {
		rows[e.Entity] = e.Rows
	}
	for _, t := range traces {
		e := r.model("staging."+t.Entity, t.SQL, "")
		input := func(stream string) lineage.Dataset {
			source, name, _ := strings.Cut(stream, ".")
			return r.stream(source, name)
		}
		for _, stream := range slices.Sorted(maps.Values(t.Streams)) {
			e.Inputs = append(e.Inputs, input(stream))
		}
		e.Outputs = []lineage.Dataset{r.output("staging."+t.Entity, new(rows[t.Entity]), t.Lineage, input)}
		r.ran(e, begun, ended, nil)
	}
}

// rules tells of schema program, which is made of the project's rule files; what has no file is as built in.
func (r *recorder) rules(at time.Time) {
	e := r.model("program", "", "")
	for _, name := range slices.Sorted(maps.Keys(r.night.project.Snapshot())) {
		if strings.HasPrefix(name, r.night.project.Config.Program.Value+"/") {
			e.Inputs = append(e.Inputs, r.file(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.tables)) {
		if strings.HasPrefix(name, "program.") {
			e.Outputs = append(e.Outputs, withSchema(r.table(name), r.tables[name]))
		}
	}
	r.ran(e, at, at, nil)
}

// describe reads the columns of all tables that are there.
func (r *recorder) describe(ctx context.Context, conn *sql.Conn) error {
	rows, err := conn.QueryContext(ctx, `SELECT lower(table_schema || '.' || table_name), column_name, data_type FROM information_schema.columns
		WHERE table_catalog = current_database() ORDER BY table_schema, table_name, ordinal_position`)
	if err != nil {
		return fmt.Errorf("list the columns of the warehouse: %w", err)
	}
	defer rows.Close()
	r.tables = map[string][]columns.Column{}
	for rows.Next() {
		var table string
		var c columns.Column
		if err := rows.Scan(&table, &c.Name, &c.Type); err != nil {
			return fmt.Errorf("list the columns of the warehouse: %w", err)
		}
		r.tables[table] = append(r.tables[table], c)
	}
	return rows.Err()
}

// made tells of a model, or of the values that the catalogue has computed.
func (r *recorder) made(ctx context.Context, conn *sql.Conn, set *model.Set, cat *catalogue.Catalogue, result engine.ModelResult) {
	if r == nil || r.tables == nil {
		return
	}
	var e lineage.Event
	if m, ok := set.Get(result.Name); ok {
		e = r.ofModel(m, result)
	} else {
		r.trouble(r.describe(ctx, conn))
		e = r.ofCatalogue(cat, result)
	}
	r.ran(e, result.Started, result.Started.Add(result.Duration), result.Err)
}

func (r *recorder) ofModel(m *model.Model, result engine.ModelResult) lineage.Event {
	e := r.model(m.Name(), m.SQL, m.Description)
	seen := map[string]bool{}
	for _, ref := range m.Query.Tables() {
		if name := ref.Name(); !seen[name] {
			seen[name] = true
			e.Inputs = append(e.Inputs, r.table(name))
		}
	}
	var names []string
	for _, c := range result.Columns {
		names = append(names, c.Name)
		r.tables[m.Name()] = append(r.tables[m.Name()], columns.Column{Name: c.Name, Type: c.Type})
	}
	found := columns.Of(m.Query, columns.Input{Columns: func(table string) []columns.Column { return r.tables[table] }, Aggregates: r.aggregates}, names)
	var rows *int64
	if !m.IsView() && result.Err == nil {
		rows = &result.Rows
	}
	e.Outputs = []lineage.Dataset{r.output(m.Name(), rows, found, r.table)}
	return e
}

func (r *recorder) ofCatalogue(cat *catalogue.Catalogue, result engine.ModelResult) lineage.Event {
	e := r.model(result.Name, "", "Computes every metric of the catalogue from the facts.")
	facts := map[string]bool{}
	for _, m := range cat.Metrics {
		facts[m.Fact] = true
	}
	for _, name := range slices.Sorted(maps.Keys(facts)) {
		e.Inputs = append(e.Inputs, r.table(name))
	}
	for _, name := range valueTables() {
		e.Outputs = append(e.Outputs, withSchema(r.table(name), r.tables[name]))
	}
	if result.Err == nil {
		e.Outputs[0].OutputFacets = lineage.With(lineage.Written(lineage.Statistics{Rows: &result.Rows}))
	}
	return e
}

// model is an event of what makes tables inside the step under way.
func (r *recorder) model(name, query, description string) lineage.Event {
	e := r.job(r.part(name), &r.step, jobModel)
	facets := []lineage.Facet{lineage.JobType(jobModel)}
	if query != "" {
		facets = append(facets, lineage.SQL(query))
	}
	if description != "" {
		facets = append(facets, lineage.Documentation(description))
	}
	e.Job.Facets = lineage.With(facets...)
	return e
}

// output is a table that was made, with its columns, what they are made of, and its rows where they were counted.
func (r *recorder) output(name string, rows *int64, found columns.Lineage, input func(name string) lineage.Dataset) lineage.Dataset {
	out := withSchema(r.table(name), r.tables[name])
	fields := map[string]lineage.ColumnInputs{}
	for _, o := range found.Outputs {
		if len(o.Sources) > 0 {
			fields[o.Name] = lineage.ColumnInputs{Inputs: inputFields(o.Sources, input)}
		}
	}
	if decide := inputFields(found.Rows, input); len(fields)+len(decide) > 0 {
		out.Facets = out.Facets.And(lineage.ColumnLineage(fields, decide))
	}
	if rows != nil {
		out.OutputFacets = lineage.With(lineage.Written(lineage.Statistics{Rows: rows}))
	}
	return out
}

// inputFields puts what becomes of one column together; sources are sorted.
func inputFields(sources []columns.Source, input func(name string) lineage.Dataset) []lineage.InputField {
	var out []lineage.InputField
	for _, s := range sources {
		in := input(s.Table)
		if n := len(out); n == 0 || out[n-1].Name != in.Name || out[n-1].Field != s.Column {
			out = append(out, lineage.InputField{Namespace: in.Namespace, Name: in.Name, Field: s.Column})
		}
		kind := "INDIRECT"
		if s.Kind.IsDirect() {
			kind = "DIRECT"
		}
		last := &out[len(out)-1]
		last.Transformations = append(last.Transformations, lineage.Transformation{Type: kind, Subtype: string(s.Kind)})
	}
	return out
}

// checked tells what the checks have found of each table. It says how many rows break one, never which.
func (r *recorder) checked(results check.Results) {
	if r == nil {
		return
	}
	byTable := map[string][]lineage.Assertion{}
	for _, c := range results {
		a := lineage.Assertion{Kind: c.Kind, Success: c.State == check.Pass, Severity: c.Severity, Name: c.Name}
		if len(c.Columns) == 1 {
			a.Column = c.Columns[0]
		}
		if c.State == check.Fail {
			a.Actual = strconv.FormatInt(c.Failed, 10)
		}
		byTable[c.Table] = append(byTable[c.Table], a)
	}
	for _, name := range slices.Sorted(maps.Keys(byTable)) {
		in := r.table(name)
		in.InputFacets = lineage.With(lineage.Assertions(byTable[name]))
		r.inputs = append(r.inputs, in)
	}
}

// published tells which tables of the warehouse went into which of PostgreSQL.
func (r *recorder) published(ctx context.Context, path string) {
	if r == nil || r.night.database == nil {
		return
	}
	server, database, err := r.night.database.Address()
	if err != nil {
		r.trouble(err)
		return
	}
	file, err := warehouse.OpenReadOnly(ctx, path, warehouse.Settings{Threads: 1})
	if err != nil {
		r.trouble(err)
		return
	}
	defer file.Close()
	tables, err := postgres.Tables(ctx, file.DB, postgres.Marts())
	r.trouble(err)
	for _, t := range tables {
		in := r.table(t.Schema + "." + t.Name)
		out := lineage.Dataset{Namespace: "postgres://" + server, Name: database + "." + r.night.database.Schema + "." + t.As}
		var list []columns.Column
		fields := map[string]lineage.ColumnInputs{}
		for _, c := range t.Columns {
			list = append(list, columns.Column(c))
			same := []columns.Source{{Table: in.Name, Column: c.Name, Kind: columns.Identity}}
			fields[c.Name] = lineage.ColumnInputs{Inputs: inputFields(same, r.table)}
		}
		out = withSchema(out, list)
		out.Facets = out.Facets.And(lineage.ColumnLineage(fields, nil))
		r.inputs, r.outputs = append(r.inputs, in), append(r.outputs, out)
	}
}
