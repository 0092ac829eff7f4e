package lineage

import (
	"maps"
	"time"

	"github.com/google/uuid"
)

// Facets are what is said of a run, a job or a dataset, by name.
type Facets map[string]any

// Facet is what one facet says, with its name.
type Facet struct {
	name string
	body any
}

// With puts facets together.
func With(facets ...Facet) Facets { return Facets{}.And(facets...) }

// And adds facets; f is left as it is.
func (f Facets) And(facets ...Facet) Facets {
	out := Facets{}
	maps.Copy(out, f)
	for _, one := range facets {
		out[one.name] = one.body
	}
	return out
}

// base is what every facet begins with.
type base struct {
	Producer  string `json:"_producer"`
	SchemaURL string `json:"_schemaURL"`
}

func spec(version, name string) base {
	return base{producer, schemas + "facets/" + version + "/" + name + ".json#/$defs/" + name}
}

// Of names a run and its job.
type Of struct {
	Run OfRun `json:"run"`
	Job OfJob `json:"job"`
}

// OfRun names a run.
type OfRun struct {
	ID uuid.UUID `json:"runId"`
}

// OfJob names a job.
type OfJob struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// Parent is the run that this one is a part of, and the one that everything began with.
func Parent(parent, root Of) Facet {
	return Facet{"parent", struct {
		base
		Of

		Root Of `json:"root"`
	}{spec("1-2-0", "ParentRunFacet"), parent, root}}
}

// NominalTime is the interval that a run stands for, its end exclusive.
func NominalTime(from, to time.Time) Facet {
	return Facet{"nominalTime", struct {
		base

		From time.Time `json:"nominalStartTime"`
		To   time.Time `json:"nominalEndTime"`
	}{spec("1-0-1", "NominalTimeRunFacet"), from.UTC(), to.UTC()}}
}

// Engine is the program that runs.
func Engine(name, version string) Facet {
	return Facet{"processing_engine", struct {
		base

		Version string `json:"version"`
		Name    string `json:"name"`
	}{spec("1-1-1", "ProcessingEngineRunFacet"), version, name}}
}

// ErrorMessage is why a run failed.
func ErrorMessage(text string) Facet {
	return Facet{"errorMessage", struct {
		base

		Message  string `json:"message"`
		Language string `json:"programmingLanguage"`
	}{spec("1-0-1", "ErrorMessageRunFacet"), text, "Go"}}
}

// JobType is what kind of job it is: a JOB of TASKs, the TASK of a MODEL.
func JobType(kind string) Facet {
	return Facet{"jobType", struct {
		base

		Processing  string `json:"processingType"`
		Integration string `json:"integration"`
		Type        string `json:"jobType"`
	}{spec("2-0-4", "JobTypeJobFacet"), "BATCH", "TRIBUTARY", kind}}
}

// SQL is the statement of a job.
func SQL(query string) Facet {
	return Facet{"sql", struct {
		base

		Query   string `json:"query"`
		Dialect string `json:"dialect"`
	}{spec("1-1-0", "SQLJobFacet"), query, "duckdb"}}
}

// Documentation is what a job does, in words.
func Documentation(text string) Facet {
	return Facet{"documentation", struct {
		base

		Description string `json:"description"`
	}{spec("1-1-0", "DocumentationJobFacet"), text}}
}

// Field is a column and its type.
type Field struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Schema is the columns of a dataset.
func Schema(fields []Field) Facet {
	return Facet{"schema", struct {
		base

		Fields []Field `json:"fields"`
	}{spec("1-2-0", "SchemaDatasetFacet"), fields}}
}

// InputField is a column of another dataset that a column is made of.
type InputField struct {
	Namespace       string           `json:"namespace"`
	Name            string           `json:"name"`
	Field           string           `json:"field"`
	Transformations []Transformation `json:"transformations"`
}

// Transformation is what becomes of it.
type Transformation struct {
	Type    string `json:"type"` // DIRECT or INDIRECT
	Subtype string `json:"subtype"`
}

// ColumnInputs are the columns that one column is made of.
type ColumnInputs struct {
	Inputs []InputField `json:"inputFields"`
}

// ColumnLineage is what the columns of an output are made of, and what decides which rows it has.
func ColumnLineage(columns map[string]ColumnInputs, rows []InputField) Facet {
	return Facet{"columnLineage", struct {
		base

		Fields map[string]ColumnInputs `json:"fields"`
		Rows   []InputField            `json:"dataset,omitempty"`
	}{spec("1-2-0", "ColumnLineageDatasetFacet"), columns, rows}}
}

// Statistics count what is in a dataset; nil = not known.
type Statistics struct {
	Rows  *int64 `json:"rowCount,omitempty"`
	Bytes *int64 `json:"size,omitempty"`
	Files *int64 `json:"fileCount,omitempty"`
}

// Read is what was read of an input.
func Read(s Statistics) Facet {
	return Facet{"inputStatistics", struct {
		base
		Statistics
	}{spec("1-0-0", "InputStatisticsInputDatasetFacet"), s}}
}

// Written is what was written of an output.
func Written(s Statistics) Facet {
	return Facet{"outputStatistics", struct {
		base
		Statistics
	}{spec("1-0-2", "OutputStatisticsOutputDatasetFacet"), s}}
}

// Assertion is a check of a dataset and whether it holds.
type Assertion struct {
	Kind     string `json:"assertion"`
	Success  bool   `json:"success"`
	Column   string `json:"column,omitempty"`
	Severity string `json:"severity,omitempty"`
	Name     string `json:"name,omitempty"`
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
}

// Assertions are the checks of an input.
func Assertions(list []Assertion) Facet {
	return Facet{"dataQualityAssertions", struct {
		base

		Assertions []Assertion `json:"assertions"`
	}{spec("1-1-0", "DataQualityAssertionsDatasetFacet"), list}}
}
