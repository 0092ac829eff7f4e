// Package file reads files that people and systems export: CSV, TSV, JSON, JSON lines and Parquet, plain or compressed. It hands
// over every value as the text that stands in the file, with the line where its record begins, and sets apart what cannot be
// decoded. It infers no types, and knows neither the lake nor what a stream means.
package file

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Spec says where the files of a stream are and how they are written. The zero value of every field is a safe default.
type Spec struct {
	Root         string   // folder that Files are relative to; itself relative to the project
	Files        []string // names or globs (** crosses folders)
	Format       Format   // by the name's extension when empty
	Delimiter    string   // one character; "," for csv, a tab for tsv
	Quote        string   // one character, `"` when empty; "none" when quotes mean nothing
	Encoding     string   // utf-8 (default), utf-16, windows-1252, …; a byte order mark wins
	NoHeader     bool     // the first line is data; columns are HeaderNames, or column1, column2, …
	HeaderNames  []string // the columns' names; there is then no header line (skip an unwanted one with SkipRows)
	Null         []string // values that are null; nil means only the empty one
	SkipRows     int      // lines to pass over before the header
	Compression  string   // auto (default: by the first bytes), none, gzip, zstd
	Records      string   // json: dotted path of the array of records, such as data.items
	MaxLineBytes int      // a longer record is quarantined; 16 MiB when 0
}

// Format is a kind of file.
type Format string

// The formats that are read.
const (
	CSV       Format = "csv"
	TSV       Format = "tsv"
	JSON      Format = "json"
	JSONLines Format = "jsonl"
	Parquet   Format = "parquet"
)

// Formats lists them all.
func Formats() []string {
	return []string{string(CSV), string(TSV), string(JSON), string(JSONLines), string(Parquet)}
}

const (
	defaultMaxLine = 16 << 20
	largestMaxLine = 1 << 30
	noQuote        = "none"
)

// Issue is something wrong in a Spec: the setting, what, and what to write instead.
type Issue struct{ Setting, Msg, Hint string }

// Issues lists everything that is wrong in the settings themselves; no file is looked at.
func (s Spec) Issues() []Issue {
	var issues []Issue
	add := func(setting, hint, format string, args ...any) {
		issues = append(issues, Issue{setting, fmt.Sprintf(format, args...), hint})
	}
	if len(s.Files) == 0 {
		add("files", `for example files: ["partners*.csv"]`, "no files are named")
	}
	for _, f := range s.Files {
		if !doublestar.ValidatePattern(f) {
			add("files", "close every [ and {", "%q is no valid pattern", f)
		}
	}
	if s.Format != "" && !slices.Contains(Formats(), string(s.Format)) {
		hint := "one of " + strings.Join(Formats(), ", ")
		if near := diag.Nearest(string(s.Format), Formats()); near != "" {
			hint = "did you mean " + near + "?"
		}
		add("format", hint, "%q is no format", s.Format)
	}
	if s.Delimiter != "" && !oneByte(s.Delimiter) {
		add("delimiter", `for example ";" or "\t"`, "%q is not one ASCII character", s.Delimiter)
	}
	if s.Quote != "" && s.Quote != noQuote && !oneByte(s.Quote) {
		add("quote", `for example "'", or none`, "%q is not one ASCII character", s.Quote)
	}
	if s.Quote != "" && s.Quote == s.Delimiter {
		add("quote", "give one of them another character", "%q is both quote and delimiter", s.Quote)
	}
	if _, err := decoderFor(s.Encoding); err != nil {
		add("encoding", "utf-8, utf-16, windows-1252, iso-8859-1, …", "%q is no encoding", s.Encoding)
	}
	if s.SkipRows < 0 {
		add("skip_rows", "a number of lines, from 0", "%d is negative", s.SkipRows)
	}
	if s.MaxLineBytes < 0 || s.MaxLineBytes > largestMaxLine {
		add("max_line_bytes", "from 1 to 1 GiB", "%d is out of range", s.MaxLineBytes)
	}
	if !slices.Contains([]string{"", "auto", "none", "gzip", "zstd"}, s.Compression) {
		add("compression", "auto, none, gzip or zstd", "%q is no compression", s.Compression)
	}
	if problem := checkNames(s.HeaderNames); problem != "" {
		add("header", "give every column its own name", "%s", problem)
	}
	if s.Records != "" && slices.Contains(strings.Split(s.Records, "."), "") {
		add("records", "names with single dots, such as data.items", "%q has an empty name", s.Records)
	}
	return issues
}

func oneByte(s string) bool {
	return len(s) == 1 && s[0] < utf8.RuneSelf && s[0] != '\n' && s[0] != '\r' && s[0] != 0
}

// Fingerprint changes whenever the same file might be read differently: with the settings that say how files are written, not with
// those that say where they are.
func (s Spec) Fingerprint(f Found) string {
	format := s.formatOf(f.Name)
	nulls := s.nulls()
	text := fmt.Sprintf("%q %q %q %q %t %q %t %q %d %q %q %d", format, s.delimiter(format), s.quote(), strings.ToLower(cmp.Or(s.Encoding, "utf-8")),
		s.NoHeader, s.HeaderNames, nulls.empty, nulls.words, s.SkipRows, cmp.Or(s.Compression, "auto"), s.Records, s.maxLine())
	if format == Parquet {
		text = string(format) // says everything about itself
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// formatOf is the format of a file by setting or name; empty when neither says.
func (s Spec) formatOf(name string) Format {
	if s.Format != "" {
		return s.Format
	}
	name = strings.ToLower(name)
	for _, ext := range []string{".gz", ".zst", ".zstd"} {
		name = strings.TrimSuffix(name, ext)
	}
	switch path.Ext(name) {
	case ".csv", ".txt":
		return CSV
	case ".tsv", ".tab":
		return TSV
	case ".json":
		return JSON
	case ".jsonl", ".ndjson":
		return JSONLines
	case ".parquet", ".pq":
		return Parquet
	}
	return ""
}

func (s Spec) delimiter(f Format) byte {
	switch {
	case s.Delimiter != "":
		return s.Delimiter[0]
	case f == TSV:
		return '\t'
	}
	return ','
}

// quote is the quote character; 0 when quotes mean nothing.
func (s Spec) quote() byte {
	switch s.Quote {
	case "":
		return '"'
	case noQuote:
		return 0
	}
	return s.Quote[0]
}

func (s Spec) maxLine() int {
	if s.MaxLineBytes == 0 {
		return defaultMaxLine
	}
	return s.MaxLineBytes
}

// nulls are the values that are null.
func (s Spec) nulls() nullSet {
	words := s.Null
	if words == nil {
		words = []string{""}
	}
	set := nullSet{}
	for _, w := range words {
		if w == "" {
			set.empty = true
		} else {
			set.words = append(set.words, w)
		}
	}
	return set
}

// nullSet tells which values are null. Most sets hold the empty value only, which must be fast.
type nullSet struct {
	empty bool
	words []string
}

func (n *nullSet) has(value []byte) bool {
	if len(value) == 0 {
		return n.empty
	}
	for _, w := range n.words {
		if string(value) == w {
			return true
		}
	}
	return false
}

// reserved are the names of the columns that the lake adds.
func reserved(name string) bool {
	switch strings.ToLower(name) {
	case "_load_id", "_extracted_at", "_source_file", "_source_line", "_op", "_commit", "_row":
		return true
	}
	return false
}

// checkNames says what is wrong with the names of columns: empty, twice (case does not tell columns apart in SQL) or reserved.
func checkNames(names []string) string {
	seen := map[string]int{}
	for i, name := range names {
		key := strings.ToLower(name)
		switch first, twice := seen[key]; {
		case name == "":
			return fmt.Sprintf("column %d has no name", i+1)
		case twice && names[first] == name:
			return fmt.Sprintf("column %d has the name of column %d, %q", i+1, first+1, name)
		case twice:
			return fmt.Sprintf("columns %d and %d differ in upper and lower case only: %q, %q", first+1, i+1, names[first], name)
		case reserved(name):
			return fmt.Sprintf("column %d is named %q, a name that the lake adds itself", i+1, name)
		}
		seen[key] = i
	}
	return ""
}

// InputError is a file that cannot be landed as it is.
type InputError struct{ diag.Problem }

func (e *InputError) Error() string { return e.Problem.String() }

func inputError(name string, line int64, hint, format string, args ...any) error {
	return &InputError{diag.Problem{File: name, Line: int(line), Msg: fmt.Sprintf(format, args...), Hint: hint}}
}
