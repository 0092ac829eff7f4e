package lake

import (
	"fmt"
	"time"
)

// Format is the version of the manifest format that this program writes.
const Format = 1

// Kind says what a commit records.
type Kind string

// The kinds of commits.
const (
	KindTurn    Kind = "turn"    // a writer took its turn
	KindLoad    Kind = "load"    // rows of a stream landed
	KindRun     Kind = "run"     // a run ended, well or not
	KindPublish Kind = "publish" // a warehouse became the one that readers see
	KindGC      Kind = "gc"      // files that no manifest names were removed
)

// Manifest is one commit. Exactly one of the pointers is set, the one that Kind names.
// Number, At, Format and Writer are filled in by Writer.Commit. All times are UTC.
type Manifest struct {
	Format int       `json:"format"`
	Number int64     `json:"number"`
	Kind   Kind      `json:"kind"`
	At     time.Time `json:"committed_at"`
	Writer string    `json:"writer"` // token of the turn under which the commit was made

	Turn    *Turn    `json:"turn,omitempty"`
	Load    *Load    `json:"load,omitempty"`
	Run     *Run     `json:"run,omitempty"`
	Publish *Publish `json:"publish,omitempty"`
	GC      *GC      `json:"gc,omitempty"`
}

// Turn is the commit by which a writer opens the lake for writing. It consumes a number, so that a writer which was paused
// and taken over finds its own next number taken.
type Turn struct {
	Holder     Holder    `json:"holder"`
	LeaseUntil time.Time `json:"lease_until"`
	TookOver   *Holder   `json:"took_over,omitempty"` // the holder that was dead or whose lease had run out
}

// Load is one landing of new or changed files of a stream, or of what a source that is asked had to tell.
type Load struct {
	LoadID      string    `json:"load_id"`
	Source      string    `json:"source"`
	Stream      string    `json:"stream"`
	Mode        string    `json:"mode"`                   // append, upsert or snapshot, as it was configured then
	Snapshot    string    `json:"snapshot,omitempty"`     // per_file or newest_file, in snapshot mode
	StartedAt   time.Time `json:"started_at"`             // the value of _extracted_at
	Files       []File    `json:"files"`                  // what was read
	Parts       []Part    `json:"parts"`                  // what was written
	Quarantine  []Part    `json:"quarantine,omitempty"`   // rows that could not be decoded
	Supersedes  []FileRef `json:"supersedes,omitempty"`   // deliveries of earlier loads that no longer count
	Columns     []Column  `json:"columns"`                // union over the parts, without the lineage columns
	Fingerprint string    `json:"schema_fingerprint"`     // of Columns
	Rows        int64     `json:"rows"`                   // over Parts
	Quarantined int64     `json:"quarantined,omitempty"`  // over Quarantine
	RejectRules []Count   `json:"reject_rules,omitempty"` // quarantined rows by rule
	Asked       *Asked    `json:"asked,omitempty"`        // of a source that is asked, what it was asked
	OfRuns      bool      `json:"of_runs,omitempty"`      // about nights and who ran them: no figure is made of it
}

// Empty tells whether the load brought nothing, neither rows nor the absence of any: it says how far a source has told.
func (l *Load) Empty() bool { return len(l.Parts)+len(l.Quarantine)+len(l.Supersedes) == 0 }

// File is an input file as it was when it was read.
type File struct {
	Path        string    `json:"path"` // relative to the project, with slashes, or an object's URL: the value of _source_file
	Size        int64     `json:"size"`
	ModTime     time.Time `json:"mod_time"`
	ETag        string    `json:"etag,omitempty"` // of an object
	SHA256      string    `json:"sha256"`         // of the bytes on disk, before decompression
	Rows        int64     `json:"rows"`
	Quarantined int64     `json:"quarantined,omitempty"`
	Complete    bool      `json:"complete_snapshot,omitempty"`
	Settings    string    `json:"settings,omitempty"` // fingerprint of the settings it was read with
}

// FileRef names what one file delivered in one load.
type FileRef struct {
	Commit int64  `json:"commit"`
	Path   string `json:"path"`
}

// Part is a Parquet file of the lake. A part holds rows of one input file only.
type Part struct {
	Path       string   `json:"path"` // relative to the lake, with slashes
	SourceFile string   `json:"source_file"`
	Rows       int64    `json:"rows"`
	Bytes      int64    `json:"bytes"`
	SHA256     string   `json:"sha256"`
	Columns    []Column `json:"columns,omitempty"` // of the source, without the lineage columns; none in the quarantine
}

// Column is a column of the source as it landed.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"` // DuckDB's name of the type; VARCHAR for everything that came as text
}

// Count is a number of rows under a name.
type Count struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// Run is the record of one run, committed whether it went well or not.
type Run struct {
	ID         string    `json:"id"`
	AsOf       string    `json:"as_of,omitempty"` // a date
	KnownAt    time.Time `json:"known_at"`
	Program    string    `json:"program,omitempty"` // hash for LoadProgram
	Version    string    `json:"version"`           // of tributary
	Status     string    `json:"status"`
	ExitCode   int       `json:"exit_code"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Steps      []Step    `json:"steps,omitempty"`
	Error      string    `json:"error,omitempty"`

	Entities     []Staged      `json:"entities,omitempty"`   // what the build step made of the lake
	Quarantine   []Quarantined `json:"quarantine,omitempty"` // rows that it set apart
	ChecksPassed int           `json:"checks_passed,omitempty"`
	Checks       []Finding     `json:"checks,omitempty"` // those that did not pass, warnings included
}

// Staged says how much there was of an entity, and how new it was.
type Staged struct {
	Entity      string    `json:"entity"`
	Rows        int64     `json:"rows"`
	Deleted     int64     `json:"deleted,omitempty"` // of Rows: deleted in the source, or gone from its newest dump
	Quarantined int64     `json:"quarantined,omitempty"`
	NewestAt    time.Time `json:"newest_at,omitzero"` // event time of the newest row
	LoadedAt    time.Time `json:"loaded_at,omitzero"` // when the newest row landed
}

// Quarantined counts rows that were set apart for a reason.
type Quarantined struct {
	Entity string `json:"entity,omitempty"`
	Source string `json:"source,omitempty"`
	Stream string `json:"stream,omitempty"`
	Rule   string `json:"rule"`
	Rows   int64  `json:"rows"`
}

// Finding is a check that did not pass. It has no sample rows: the log is for ever, and rows may name people.
type Finding struct {
	Table    string `json:"table"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	Status   string `json:"status"`
	Failed   int64  `json:"failed"`
	Detail   string `json:"detail"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
}

// Step is one step of a run.
type Step struct {
	Name       string    `json:"name"`
	Status     string    `json:"status"`
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	Detail     string    `json:"detail,omitempty"`
}

// Publish makes a warehouse file the current one. Going back is another publish that names an older file.
type Publish struct {
	Warehouse string    `json:"warehouse"` // file name inside the warehouse folder
	AsOf      string    `json:"as_of"`     // a date
	KnownAt   time.Time `json:"known_at"`
	RunID     string    `json:"run_id"`
	Commit    int64     `json:"commit"` // newest commit that the warehouse was built from
	Program   string    `json:"program,omitempty"`
	Rollback  bool      `json:"rollback,omitempty"`

	// NoAccruals says that the warehouse has none: an exchange rate is missing.
	NoAccruals bool `json:"no_accruals,omitempty"`
}

// GC records what a collection removed.
type GC struct {
	Removed []string `json:"removed"`
	Bytes   int64    `json:"bytes"`
}

// Holder identifies the process that has, or had, the right to write.
type Holder struct {
	Token      string    `json:"token"` // unique per turn
	PID        int       `json:"pid"`
	PIDStarted string    `json:"pid_started,omitempty"` // tells a reused process id from the old one
	Host       string    `json:"host"`
	BootID     string    `json:"boot_id,omitempty"`
	PIDSpace   string    `json:"pid_space,omitempty"` // containers of one host number their processes apart
	Started    time.Time `json:"started"`
}

func (h Holder) String() string {
	return fmt.Sprintf("process %d on %s, writing since %s", h.PID, h.Host, h.Started.UTC().Format(time.RFC3339))
}
