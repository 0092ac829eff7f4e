// Package lineage speaks OpenLineage (spec 2-0-2): the events of a run, where the standard variables say that they go, and the sending, in the
// background. It knows nothing of nights. What cannot be sent is a sentence for the caller to show: it never stops or slows anybody.
package lineage

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// producer says who made an event or a facet.
const producer = "https://github.com/tributary-data/tributary"

const schemas = "https://openlineage.io/spec/"

// States of a run.
const (
	Start    = "START"
	Complete = "COMPLETE"
	Fail     = "FAIL"
	Abort    = "ABORT" // it was told to stop
)

// Event is a change of state of a run.
type Event struct {
	Type    string    `json:"eventType"`
	Time    time.Time `json:"eventTime"`
	Run     Run       `json:"run"`
	Job     Job       `json:"job"`
	Inputs  []Dataset `json:"inputs"`
	Outputs []Dataset `json:"outputs"`
}

// Run is one run of a job.
type Run struct {
	ID     uuid.UUID `json:"runId"`
	Facets Facets    `json:"facets,omitempty"`
}

// Job is what runs.
type Job struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Facets    Facets `json:"facets,omitempty"`
}

// Dataset is what a job reads or writes. The facets of an input or output hold for this run alone.
type Dataset struct {
	Namespace    string `json:"namespace"`
	Name         string `json:"name"`
	Facets       Facets `json:"facets,omitempty"`
	InputFacets  Facets `json:"inputFacets,omitempty"`
	OutputFacets Facets `json:"outputFacets,omitempty"`
}

// line is the event as JSON, on one line.
func (e Event) line() ([]byte, error) {
	type plain Event // without methods, and all its fields on the same level
	if e.Inputs == nil {
		e.Inputs = []Dataset{}
	}
	if e.Outputs == nil {
		e.Outputs = []Dataset{}
	}
	e.Time = e.Time.UTC().Truncate(time.Microsecond) // finer times are not read everywhere
	out, err := json.Marshal(struct {
		plain

		Producer  string `json:"producer"`
		SchemaURL string `json:"schemaURL"`
	}{plain(e), producer, schemas + "2-0-2/OpenLineage.json#/$defs/RunEvent"})
	if err != nil {
		return nil, fmt.Errorf("write an event of %s: %w", e.Job.Name, err)
	}
	return out, nil
}

// RunID is the UUID of a run: its own id where that is one, else a UUID (version 5) made of project, id and parent, the same each time.
// A scheduler may give one id to several processes, steps or tries; a run begins and ends once, and the parent tells them apart.
func RunID(project, id string, parent *Of) uuid.UUID {
	if own, err := uuid.Parse(id); err == nil {
		return own
	}
	name := producer + "/" + project + "/" + id
	if parent != nil {
		name += "/" + parent.Run.ID.String()
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name))
}

// Part is the UUID of what runs inside a run: the same each time for one name.
func Part(run uuid.UUID, name string) uuid.UUID { return uuid.NewSHA1(run, []byte(name)) }
