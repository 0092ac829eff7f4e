package nightly_test

// Bad input, seen through the whole night. This file has what happens to rows, badfile_test.go what happens to files, the disk and the
// process. Cases that scripts of testdata/scripts show are not repeated here:
//
//	a missing file, a renamed column, an empty file, a header only, a duplicate header   bad_files.txtar
//	newlines in quotes, with the lines behind them                                       explain.txtar
//	more bad rows than the limits allow, a mended map that heals old rows                quarantine.txtar
//	a partner that is really called Null                                                 quarantine.txtar
//	orphans, an unknown partner, two sources with one key                                two_sources.txtar
//	an answer before its clock started, an end before its start                          bad_times.txtar
//	a second run at the same time; a run that was paused and taken over                  locked.txtar, paused.txtar
//	kill -9 in the middle of a build                                                     killed.txtar
//	a past as_of, steps that are out of order, a night of another turn                   steps.txtar, turns_test.go

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/transforms/warehouse"
)

// badRows is a file, and what becomes of each of its rows: every one is staged, quarantined or dropped by a rule that the docs name.
type badRows struct {
	name    string
	why     string
	stream  string // settings of the stream
	entity  string // partner unless said
	fields  string // of the map
	show    string // columns of the entity
	file    string // its content
	staged  string // line|column|…, a row each
	bad     string // line|rule|field|value, a row each
	dropped int64
	notice  string // of the run, when it tells of it
}

const (
	partnerFields = "partner_id: id, name: name"
	dealFields    = "deal_id: id, outcome: {constant: open}, "
	amountOnly    = dealFields + `created_at: {constant: "2026-01-01"}, currency: {constant: EUR}, amount: `
)

func badRowCases() []badRows {
	return append(append(undecodable(), untyped()...), doubtful()...)
}

// undecodable are rows that cannot be taken apart or are no text: extraction sets them apart.
func undecodable() []badRows {
	return []badRows{{
		name: "ragged", why: "more or fewer values than columns",
		file:   "id,name\nA1,Acme\nA2\nA3,Cola,extra\n\nA4,Dune\n",
		staged: "2|A1|Acme\n6|A4|Dune",
		bad:    "3|ragged_row||A2\n4|ragged_row||A3,Cola,extra",
	}, {
		name: "oversized", why: "longer than max_line_bytes; the lines behind are read",
		stream: "max_line_bytes: 20",
		file:   "id,name\nB1,Acme\nB2,a name that is much too long\nB3,Cola\n",
		staged: "2|B1|Acme\n4|B3|Cola",
		bad:    "3|oversized_line||B2,a name that is mu",
	}, {
		name: "quotes", why: "a line end inside quotes is part of the value; a quote that is never closed costs its line only",
		file:   "id,name\nC1,\"two\nlines\"\nC2,\"open\nC3,Cola\n",
		staged: "2|C1|two\\nlines\n5|C3|Cola",
		bad:    "4|bad_quote||C2,\"open",
	}, {
		name: "nul", why: "NUL bytes",
		file:   "id,name\nD1,Ac\x00me\nD2,Bolt\n",
		staged: "3|D2|Bolt",
		bad:    `2|nul_byte||D1,Ac\x00me`,
	}, {
		name: "latin1", why: "Latin-1 bytes in a stream of UTF-8",
		file:   "id,name\nE1,M\xfcller\nE2,Müller\n",
		staged: "3|E2|Müller",
		bad:    `2|bad_encoding||E1,M\xfcller`,
	}, {
		name: "latin1_declared", why: "the same with its encoding said",
		stream: "encoding: iso-8859-1",
		file:   "id,name\nF1,M\xfcller\n",
		staged: "2|F1|Müller",
	}, {
		name: "utf16_mark", why: "a byte order mark says UTF-16 by itself",
		file:   utf16("\ufeffid,name\nG1,Müller\n"),
		staged: "2|G1|Müller",
	}, {
		name: "utf16_declared", why: "without a mark it has to be said (badfile_test.go: or the file is refused)",
		stream: "encoding: utf-16",
		file:   utf16("id,name\nH1,Müller\n"),
		staged: "2|H1|Müller",
	}, {
		name: "mark", why: "the mark of UTF-8 is no part of the first column's name, whatever encoding is said",
		stream: "encoding: windows-1252",
		file:   "\ufeffid,name\nI1,Müller\n",
		staged: "2|I1|Müller",
	}, {
		name: "json", why: "a line that is no JSON, and one that says a key twice",
		stream: "format: jsonl",
		file:   `{"id":"J1","name":"Acme"}` + "\n" + `{"id":"J2","name":` + "\n" + `{"id":"J3","name":"Cola","id":"J4"}` + "\n",
		staged: "1|J1|Acme",
		bad:    `2|bad_json||{"id":"J2","name":` + "\n" + `3|bad_json||{"id":"J3","name":"Cola","id":"J4"}`,
	}}
}

// untyped are values that cannot be read as what they should be: staging sets their rows apart.
func untyped() []badRows {
	return []badRows{{
		name: "dates", why: "03-04-2026 is the third of April or the fourth of March",
		entity: "deal", fields: dealFields + "created_at: created", show: "deal_id, created_at",
		file:   "id,created\nK1,2026-04-03\nK2,03-04-2026\nK3,2026-02-30\nK4,soon\n",
		staged: "2|K1|2026-04-02 22:00:00+00",
		bad:    "3|ambiguous_date|created_at|03-04-2026\n4|not_a_date|created_at|2026-02-30\n5|not_a_date|created_at|soon",
	}, {
		name: "dates_declared", why: "a format says which",
		entity: "deal", fields: dealFields + `created_at: {column: created, date: [iso, "%d-%m-%Y"]}`, show: "deal_id, created_at",
		file:   "id,created\nL1,2026-04-03\nL2,03-04-2026\n",
		staged: "2|L1|2026-04-02 22:00:00+00\n3|L2|2026-04-02 22:00:00+00",
	}, {
		name: "wall_times", why: "a local time that never occurs, and one that occurs twice (Berlin); an offset that nobody has",
		entity: "deal", fields: dealFields + "created_at: created", show: "deal_id, created_at",
		file:   "id,created\nM1,2026-03-29 02:30\nM2,2025-10-26 02:30\nM3,2025-10-26T02:30+01:00\nM4,2026-01-10T10:00+25:00\n",
		staged: "3|M2|2025-10-26 00:30:00+00\n4|M3|2025-10-26 01:30:00+00",
		bad:    "2|nonexistent_local_time|created_at|2026-03-29 02:30\n5|not_a_date|created_at|2026-01-10T10:00+25:00",
	}, {
		name: "money", why: "an amount in somebody's own way of writing is never taken apart",
		entity: "deal", fields: amountOnly + "amount", show: "deal_id, amount",
		file:   "id,amount\nN1,2024994.00\nN2,\"2,024,994\"\nN3,\"1.234,56\"\nN4,€ 500\nN5,$500\nN6,500 EUR\nN7,1e3\nN8,0.00001\nN9,(5)\n",
		staged: "2|N1|2024994.0000",
		bad: "3|not_a_decimal|amount|2,024,994\n4|not_a_decimal|amount|1.234,56\n5|not_a_decimal|amount|€ 500\n6|not_a_decimal|amount|$500\n" +
			"7|not_a_decimal|amount|500 EUR\n8|not_a_decimal|amount|1e3\n9|too_precise|amount|0.00001\n10|not_a_decimal|amount|(5)",
	}, {
		name: "money_declared", why: "the map says how amounts are written; another way is still set apart",
		entity: "deal", fields: amountOnly + `{column: amount, decimal: {thousands: ".", decimal: ",", strip: ["€", EUR]}}`, show: "deal_id, amount",
		file:   "id;amount\nO1;1.234,56\nO2;€ 500\nO3;500 EUR\nO4;2,024,994\n",
		stream: `delimiter: ";"`,
		staged: "2|O1|1234.5600\n3|O2|500.0000\n4|O3|500.0000",
		bad:    "5|not_a_decimal|amount|2,024,994",
	}, {
		name: "null_words", why: "NULL and N/A are texts, which no amount is",
		entity: "deal", fields: amountOnly + "amount, name: name", show: "deal_id, name, amount",
		file:   "id,name,amount\nP1,N/A,\nP2,x,NULL\nP3,x,N/A\n",
		staged: "2|P1|N/A|∅",
		bad:    "3|not_a_decimal|amount|NULL\n4|not_a_decimal|amount|N/A",
	}, {
		name: "null_words_declared", why: "unless the field says that they mean nothing: the partner Null keeps its name",
		entity: "deal", fields: amountOnly + "{column: amount, null: [NULL, N/A]}, name: name", show: "deal_id, name, amount",
		file:   "id,name,amount\nQ1,Null,NULL\nQ2,N/A,N/A\n",
		staged: "2|Q1|Null|∅\n3|Q2|N/A|∅",
	}, {
		name: "keys", why: "a row without its key, or without what a contract needs",
		entity: "deal", fields: dealFields + "created_at: created", show: "deal_id",
		file:   "id,created\n,2026-01-01\nR2,\nR3,2026-01-01\n",
		staged: "4|R3",
		bad:    "2|missing_key|deal_id|∅\n3|required|created_at|∅",
	}}
}

// doubtful are rows that can be read, and of which one has to give way.
func doubtful() []badRows {
	return []badRows{{
		name: "same_version", why: "one key, one version, two contents: the later row counts, and the run says so",
		stream: "key: [id], version: v, mode: upsert",
		file:   "id,name,v\nS1,Acme,7\nS1,Acme GmbH,7\nS2,Bolt,2\nS2,Bolt,1\n",
		staged: "3|S1|Acme GmbH\n4|S2|Bolt", dropped: 2,
		notice: `bad.same_version: 1 records are there several times, differ, and none is newer, such as "data/same_version.csv:2": the later row was taken`,
	}, {
		name: "repeats", why: "rows that are equal in every column are one",
		file:   "id,name\nT1,Acme\nT1,Acme\n",
		staged: "3|T1|Acme", dropped: 1,
	}}
}

// utf16 is text as little-endian UTF-16 of the basic plane.
func utf16(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}

// TestBadInputRows runs one night over all of these files, each a stream and a map of its own.
func TestBadInputRows(t *testing.T) {
	dir := t.TempDir()
	streams, maps := "", ""
	for _, c := range badRowCases() {
		c.fill()
		put(t, dir, "data/"+c.name+".csv", c.file)
		streams += fmt.Sprintf("      %s: {files: [%s.csv], %s}\n", c.name, c.name, c.stream)
		maps += fmt.Sprintf("  - {entity: %s, from: bad.%s, fields: {%s}}\n", c.entity, c.name, c.fields)
	}
	put(t, dir, "tributary.yaml", `version: 1
project: bad
reporting: {time_zone: Europe/Berlin, currency: EUR}
limits: {quarantine_free: 1000}
sources:
  bad:
    root: data
    streams:
`+streams+"maps:\n"+maps)
	night, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-06-30", Version: "test"})
	require.NoError(t, err)
	require.Contains(t, night.Notices[0], "too_precise 1), the first is data/dates.csv:3: staging.quarantine has each with its rule, value, file and line")
	file, err := warehouse.OpenReadOnly(t.Context(), night.Warehouse, warehouse.Settings{})
	require.NoError(t, err)
	defer file.Close()
	for _, c := range badRowCases() {
		t.Run(c.name, func(t *testing.T) {
			c.fill()
			require.Equal(t, c.staged, lines(t, file, fmt.Sprintf("SELECT _source_line, %s FROM staging.%s WHERE _source_file = 'data/%s.csv' ORDER BY ALL", c.show, c.entity, c.name)), c.why)
			require.Equal(t, c.bad, lines(t, file, fmt.Sprintf("SELECT source_line, rule, coalesce(field, ''), value FROM staging.quarantine WHERE source_file = 'data/%s.csv' ORDER BY ALL", c.name)), c.why)
			require.Equal(t, fmt.Sprint(count(c.staged)+count(c.bad)+c.dropped), lines(t, file, "SELECT rows + quarantined FROM ops.load WHERE stream = '"+c.name+"'"), "no row is lost")
			require.Contains(t, append(night.Notices, ""), c.notice)
		})
	}
}

func (c *badRows) fill() {
	for field, usual := range map[*string]string{&c.stream: "key: row", &c.entity: "partner", &c.fields: partnerFields, &c.show: "partner_id, name"} {
		if *field == "" {
			*field = usual
		}
	}
}

func count(lines string) int64 {
	if lines == "" {
		return 0
	}
	return int64(strings.Count(lines, "\n") + 1)
}

// lines is the answer to a query: a line per row, values between bars, ∅ for null and line ends as \n.
func lines(t *testing.T, file *warehouse.File, query string) string {
	t.Helper()
	rows, err := file.DB.QueryContext(t.Context(), "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ("+query+")")
	require.NoError(t, err, query)
	defer rows.Close()
	names, err := rows.Columns()
	require.NoError(t, err)
	var out []string
	for rows.Next() {
		values, into := make([]*string, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		row := make([]string, len(names))
		for i, v := range values {
			row[i] = "∅"
			if v != nil {
				row[i] = strings.ReplaceAll(*v, "\n", `\n`)
			}
		}
		out = append(out, strings.Join(row, "|"))
	}
	require.NoError(t, rows.Err())
	return strings.Join(out, "\n")
}
