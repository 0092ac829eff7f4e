// Package textparquet writes batches as Parquet files whose columns are all text, followed by the columns that say where a row is from. It
// knows the names of the lake's columns and nothing else of a lake.
package textparquet

import (
	"fmt"
	"io"
	"reflect"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

const (
	groupRows     = 122_880  // rows per row group, DuckDB's own number
	groupBytes    = 64 << 20 // or so much text, so that wide rows do not fill the memory
	dictionaryMax = 1 << 20  // bytes of a column's dictionary; what does not fit is written plainly
	sampleRows    = 16_384   // that decide whether a column has few different values
	pageBytes     = 256 << 10
	chunk         = 2_048 // values handed to the writer at a time
)

// opDelete is the _op of a row that announces a deletion.
const opDelete = "delete"

// Lineage is what every row of a file has besides its line.
type Lineage struct {
	LoadID      string
	ExtractedAt time.Time
	SourceFile  string
}

// Writer writes one file. It belongs to one goroutine.
type Writer struct {
	writer  *parquet.Writer
	columns []*parquet.ColumnWriter
	names   []string
	from    Lineage
	rows    int64
	inGroup int64
	bytes   int64 // of text in the row group
	values  []parquet.Value
}

// NewWriter starts a file with the columns of a batch. The batch's values decide how they are encoded; it is not written yet.
func NewWriter(to io.Writer, b *source.Batch, from Lineage) *Writer {
	p := &Writer{names: append([]string(nil), b.Names...), from: from, values: make([]parquet.Value, 0, chunk)}
	schema := fileSchema(b)
	skipBounds := make([]parquet.WriterOption, 0, len(p.names))
	for _, name := range append(lake.LineageColumns(), p.names...) {
		skipBounds = append(skipBounds, parquet.SkipPageBounds(name)) // nothing is ever looked up by them, and a value may be long
	}
	p.writer = parquet.NewWriter(to, append(skipBounds, schema,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.PageBufferSize(pageBytes),
		parquet.DictionaryMaxBytes(dictionaryMax),
		parquet.CreatedBy("tributary", "", ""),
	)...)
	p.columns = p.writer.ColumnWriters()
	return p
}

// Names are the columns of the source.
func (p *Writer) Names() []string { return p.names }

// Rows is how many were written.
func (p *Writer) Rows() int64 { return p.rows }

// Write appends a batch with the columns of the first.
func (p *Writer) Write(b *source.Batch) error {
	rows := b.Rows()
	for i := range p.names {
		if err := p.writeText(i, b); err != nil {
			return err
		}
	}
	for i, err := range p.writeLineage(b) {
		if err != nil {
			return fmt.Errorf("writing lineage column %d: %w", i, err)
		}
	}
	p.rows += int64(rows)
	p.inGroup += int64(rows)
	p.bytes += int64(len(b.Arena))
	if p.inGroup < groupRows && p.bytes < groupBytes {
		return nil
	}
	p.inGroup, p.bytes = 0, 0
	if err := p.writer.Flush(); err != nil {
		return fmt.Errorf("writing a row group: %w", err)
	}
	return nil
}

func (p *Writer) writeText(column int, b *source.Batch) error {
	null := parquet.NullValue().Level(0, 0, column)
	cells := b.Cells[column]
	for len(cells) > 0 {
		n := min(len(cells), chunk)
		p.values = p.values[:0]
		for _, c := range cells[:n] {
			if c.IsNull() {
				p.values = append(p.values, null)
				continue
			}
			p.values = append(p.values, parquet.ByteArrayValue(b.Arena[c.Start:c.End]).Level(0, 1, column))
		}
		if _, err := p.columns[column].WriteRowValues(p.values); err != nil {
			return fmt.Errorf("writing column %s: %w", p.names[column], err)
		}
		cells = cells[n:]
	}
	return nil
}

// writeLineage writes the lineage columns in the order of lake.LineageColumns.
func (p *Writer) writeLineage(b *source.Batch) [5]error {
	first, lines := len(p.names), b.Lines
	return [5]error{
		p.constant(first, len(lines), parquet.ByteArrayValue([]byte(p.from.LoadID)).Level(0, 0, first)),
		p.constant(first+1, len(lines), parquet.Int64Value(p.from.ExtractedAt.UnixMicro()).Level(0, 0, first+1)),
		p.constant(first+2, len(lines), parquet.ByteArrayValue([]byte(p.from.SourceFile)).Level(0, 0, first+2)),
		p.lines(first+3, lines),
		p.ops(first+4, b),
	}
}

func (p *Writer) ops(column int, b *source.Batch) error {
	none, deleted := parquet.NullValue().Level(0, 0, column), parquet.ByteArrayValue([]byte(opDelete)).Level(0, 1, column)
	if len(b.Deleted) == 0 {
		return p.constant(column, b.Rows(), none)
	}
	for row := range b.Rows() {
		value := none
		if b.IsDeleted(row) {
			value = deleted
		}
		if err := p.constant(column, 1, value); err != nil {
			return err
		}
	}
	return nil
}

func (p *Writer) constant(column, rows int, value parquet.Value) error {
	p.values = p.values[:0]
	for range min(rows, chunk) {
		p.values = append(p.values, value)
	}
	for rows > 0 {
		n := min(rows, chunk)
		if _, err := p.columns[column].WriteRowValues(p.values[:n]); err != nil {
			return err
		}
		rows -= n
	}
	return nil
}

func (p *Writer) lines(column int, lines []int64) error {
	for len(lines) > 0 {
		n := min(len(lines), chunk)
		p.values = p.values[:0]
		for _, line := range lines[:n] {
			p.values = append(p.values, parquet.Int64Value(line).Level(0, 0, column))
		}
		if _, err := p.columns[column].WriteRowValues(p.values); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}

// Close writes the end of the file. What it was written to stays open.
func (p *Writer) Close() error { return p.writer.Close() }

// fileSchema is the schema of a file: text columns that may be null, then the lineage. No field has an id.
func fileSchema(b *source.Batch) *parquet.Schema {
	var fields []parquet.Field
	add := func(name string, node parquet.Node) { fields = append(fields, &field{Node: node, name: name}) }
	for i, name := range b.Names {
		add(name, parquet.Optional(textNode(b, i)))
	}
	dictionary := func(node parquet.Node) parquet.Node { return parquet.Encoded(node, &parquet.RLEDictionary) }
	for _, name := range lake.LineageColumns() {
		switch name {
		case "_extracted_at":
			add(name, dictionary(parquet.Timestamp(parquet.Microsecond)))
		case "_source_line":
			add(name, parquet.Encoded(parquet.Leaf(parquet.Int64Type), &parquet.DeltaBinaryPacked))
		case "_op":
			add(name, parquet.Optional(dictionary(parquet.String())))
		default:
			add(name, dictionary(parquet.String()))
		}
	}
	return parquet.NewSchema("row", &group{fields: fields})
}

// textNode chooses the encoding of a column: a dictionary when values repeat.
func textNode(b *source.Batch, column int) parquet.Node {
	seen := map[string]struct{}{}
	rows := min(b.Rows(), sampleRows)
	for row := range rows {
		seen[string(b.Value(column, row))] = struct{}{}
	}
	if 2*len(seen) > rows && rows > 16 {
		return parquet.Encoded(parquet.String(), &parquet.DeltaLengthByteArray)
	}
	return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
}

// group is a parquet.Group that keeps its fields in order.
type group struct {
	parquet.Group
	fields []parquet.Field
}

func (g *group) Fields() []parquet.Field { return g.fields }

func (g *group) GoType() reflect.Type { return reflect.TypeFor[struct{}]() }

type field struct {
	parquet.Node
	name string
}

func (f *field) Name() string { return f.name }

func (f *field) Value(reflect.Value) reflect.Value { return reflect.Value{} }
