// Package file reads files that people and systems export: CSV, TSV, JSON, JSON lines and Parquet, plain or compressed. It hands
// over every value as the text that stands in the file, with the line where its record begins, and sets apart what cannot be
// decoded. It infers no types, and knows neither the lake nor what a stream means.
package file

// Spec says where the files of a stream are and how they are written. The zero value of every field is a safe default.
type Spec struct {
	Root         string   // folder that Files are relative to; itself relative to the project
	Files        []string // names or globs (** crosses folders)
	Format       Format   // by the name's extension when empty
	Delimiter    string   // one character; "," for csv, a tab for tsv
	Quote        string   // one character, `"` when empty; "none" when quotes mean nothing
	Encoding     string   // utf-8 (default), utf-16, windows-1252, …; a byte order mark wins over the default
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
