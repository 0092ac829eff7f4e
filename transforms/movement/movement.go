// Package movement says what moved between two nights of a project: each figure of the one against the other, down to the deals, leads and
// invoices that changed it, with the reason, so that the parts give the whole. It reads two finished warehouse files and writes nothing;
// both are read by today's definitions, so that a definition that was changed is no move.
package movement

import (
	"time"

	"github.com/tributary-data/tributary/transforms/catalogue"
)

// Headlines are the metrics that are compared when none is named.
func Headlines() []string {
	return []string{"REV-1", "REV-3", "REV-5", "REV-5.influenced", "REV-7", "ACC-4", "ACC-7", "RSP-6", "CNV-7"}
}

// Cause is why a unit adds something else than before. docs/moved.md says how each is told.
type Cause string

// The causes, in the order in which they are shown.
const (
	New          Cause = "new"           // its source row was not there
	Deleted      Cause = "deleted"       // its source row is not there any more
	Redated      Cause = "redated"       // it counts in another period
	Reattributed Cause = "re-attributed" // it counts for another partner or class
	Changed      Cause = "changed"       // its source row, or one that belongs to it, says something else
	RateChanged  Cause = "rate changed"  // the same amount at another exchange rate
	RuleChanged  Cause = "rule changed"  // the same rows by other rules, maps or models
	Balance      Cause = "balance"       // another event of the same balance moved its share
	Aged         Cause = "aged"          // the same rows and rules, seen on a later day
)

// Causes are all causes, in the order in which they are shown.
func Causes() []Cause {
	return []Cause{New, Deleted, Redated, Reattributed, Changed, RateChanged, RuleChanged, Balance, Aged}
}

// Spec is what to compare.
type Spec struct {
	IDs    []string          // none = Headlines; "all" = every metric
	Grains []string          // none = quarter, or the first that a metric has; a metric without one of several answers with those it has
	Period string            // a day in the only period, YYYY-MM-DD; "" = all
	Cut    map[string]string // "" = uncut
	Limit  int               // most moves of a figure, the largest first; 0 = all, less = none
}

// Report is what moved between two nights.
type Report struct {
	From    Night    `json:"from"`
	To      Night    `json:"to"`
	Changes []Change `json:"changes"`
}

// Night is one of the two warehouses.
type Night struct {
	File    string    `json:"file"`
	AsOf    string    `json:"as_of"`
	Zone    string    `json:"reporting_tz"`
	KnownAt time.Time `json:"known_at"`
	RunID   string    `json:"run_id"`
	Program string    `json:"program"`
	Version string    `json:"version"`
}

// Change is one figure that moved.
type Change struct {
	MetricID    string            `json:"metric_id"`
	Title       string            `json:"title"`
	Unit        catalogue.Unit    `json:"unit"`
	Parts       catalogue.Unit    `json:"parts"` // what numerator and denominator are of
	Grain       string            `json:"grain"`
	PeriodStart *string           `json:"period_start"`
	Dims        map[string]string `json:"dims"`
	Before      *Value            `json:"before"` // null = nothing had happened there
	After       *Value            `json:"after"`
	Change      catalogue.Figure  `json:"change"` // of the value
	Sum         Delta             `json:"sum"`    // of the moves
	Adds        bool              `json:"adds"`   // the value is a sum over units, or divides two: Sum is its whole change. Else only the counts are
	ByCause     []CauseSum        `json:"by_cause"`
	MoveCount   int64             `json:"move_count"` // those beyond the limit included
	Moves       []Move            `json:"moves"`
}

// Value is a figure on one night.
type Value struct {
	Value       catalogue.Figure `json:"value"`
	Numerator   catalogue.Figure `json:"numerator"`
	Denominator catalogue.Figure `json:"denominator"`
	N           int64            `json:"n"`
	NCensored   int64            `json:"n_censored"`
	Status      string           `json:"status"`
}

// Delta is what moves add up to, in exact decimals. The numerator of a sum is the sum itself.
type Delta struct {
	Numerator   string `json:"numerator"`
	Denominator string `json:"denominator"`
	N           int64  `json:"n"`
	NCensored   int64  `json:"n_censored"`
}

// CauseSum is what the moves of one cause add up to.
type CauseSum struct {
	Cause Cause `json:"cause"`
	Moves int64 `json:"moves"`
	Delta
}

// Move is one unit that adds something else than before.
type Move struct {
	Entity            string `json:"entity"`
	Key               string `json:"key"`
	Partner           string `json:"partner"`
	Cause             Cause  `json:"cause"`
	Detail            string `json:"detail"` // what says so: the fields that changed, whose it was, the rates, the tables of rules
	NumeratorBefore   string `json:"numerator_before"`
	NumeratorAfter    string `json:"numerator_after"`
	DenominatorBefore string `json:"denominator_before"`
	DenominatorAfter  string `json:"denominator_after"`
	NBefore           int64  `json:"n_before"`
	NAfter            int64  `json:"n_after"`
	ValueBefore       string `json:"value_before,omitempty"` // where figures do not add up: what the unit is in the distribution
	ValueAfter        string `json:"value_after,omitempty"`
	Delta             Delta  `json:"delta"`
}
