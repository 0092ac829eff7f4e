package vendors

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/testdata/demo"
)

// table is what a stream of the demo vendor's files holds: its records, each as it was last, without those that are to be quarantined.
type table struct {
	stream  string
	key     []string
	columns []string
	records []record
}

type record struct {
	values []string // by column; empty = none
	bad    bool     // means to be quarantined
}

// values are those of a column.
func (t table) values(column int) []string {
	out := make([]string, len(t.records))
	for i, r := range t.records {
		out[i] = r.values[column]
	}
	return out
}

// tables are the streams of a source of the demo, in the order of its configuration.
func tables(source string) ([]table, error) {
	p, err := project.LoadFS(demo.Files(), project.Options{})
	if err != nil {
		return nil, err
	}
	bad, err := quarantined()
	if err != nil {
		return nil, err
	}
	var out []table
	for _, s := range p.Streams() {
		if s.Source != source {
			continue
		}
		spec := p.Staging().Streams[s.Source+"."+s.Name]
		t := table{stream: s.Name, key: spec.Key.Columns}
		version := ""
		if spec.Version != nil {
			version = spec.Version.Column.Value
		}
		if err := t.read(s, version, bad); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", s.Source, s.Name, err)
		}
		out = append(out, t)
	}
	return out, nil
}

// read reads the files of a stream. Of rows with one key the one with the greatest version counts, of equals the last.
func (t *table) read(s extract.Stream, version string, bad map[string]bool) error {
	at := map[string]int{}
	for _, pattern := range s.File.Files {
		names, err := fs.Glob(demo.Files(), path.Join(s.File.Root, pattern))
		if err != nil {
			return err
		}
		for _, name := range names {
			rows, err := t.file(name, bad)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			for _, row := range rows {
				t.merge(at, row, slices.Index(t.columns, version))
			}
		}
	}
	t.records = slices.DeleteFunc(t.records, func(r record) bool { return r.bad })
	return nil
}

func (t *table) merge(at map[string]int, row record, version int) {
	var id []string
	for _, column := range t.key {
		id = append(id, row.values[slices.Index(t.columns, column)])
	}
	known, seen := at[strings.Join(id, "\x00")]
	switch {
	case !seen:
		at[strings.Join(id, "\x00")] = len(t.records)
		t.records = append(t.records, row)
	case version < 0 || row.values[version] >= t.records[known].values[version]:
		t.records[known] = row
	}
}

// file reads a CSV file, or one of JSON lines.
func (t *table) file(name string, bad map[string]bool) ([]record, error) {
	text, err := fs.ReadFile(demo.Files(), name)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(name, ".gz") {
		r, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, err
		}
		if text, err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
	isBad := func(line int) bool { return bad[strings.TrimPrefix(name, "data/")+":"+strconv.Itoa(line)] }
	if strings.Contains(name, ".jsonl") {
		return t.jsonLines(text, isBad)
	}
	return t.csv(text, isBad)
}

func (t *table) csv(text []byte, isBad func(line int) bool) ([]record, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	t.columns = header
	var out []record
	for {
		values, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		out = append(out, record{values: slices.Concat(values, make([]string, len(header)))[:len(header)], bad: isBad(line)})
	}
}

func (t *table) jsonLines(text []byte, isBad func(line int) bool) ([]record, error) {
	var rows []map[string]any
	lines := bufio.NewScanner(bytes.NewReader(text))
	columns := map[string]bool{}
	for line := 1; lines.Scan(); line++ {
		if isBad(line) {
			continue // it is no JSON, and so no version of anything
		}
		row := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		rows = append(rows, row)
		for name := range row {
			columns[name] = true
		}
	}
	t.columns = slices.Sorted(maps.Keys(columns))
	var out []record
	for _, row := range rows {
		values := make([]string, len(t.columns))
		for i, name := range t.columns {
			if v := row[name]; v != nil {
				values[i] = fmt.Sprint(v)
			}
		}
		out = append(out, record{values: values})
	}
	return out, lines.Err()
}

// quarantined are the lines of the demo's files that are wrong on purpose, as "crm/contact.csv:122".
func quarantined() (map[string]bool, error) {
	text, err := fs.ReadFile(demo.Files(), "quarantine.csv")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for _, row := range rows {
		out[row[0]+":"+row[1]] = true
	}
	return out, nil
}
