package extract

import (
	"fmt"
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

// lineage is what every row of a load has besides its line.
type lineage struct {
	loadID      string
	extractedAt time.Time
	sourceFile  string
}

// textPart writes one Parquet file whose columns are all text, followed by the lineage columns.
type textPart struct {
	pending *lake.Pending
	writer  *parquet.Writer
	columns []*parquet.ColumnWriter
	names   []string
	from    lineage
	rows    int64
	inGroup int64
	bytes   int64 // of text in the row group
	values  []parquet.Value
}

// newTextPart starts a part with the columns of a batch. The batch's values decide how they are encoded.
func newTextPart(w *lake.Writer, path string, b *source.Batch, from lineage) (*textPart, error) {
	pending, err := w.Create(path)
	if err != nil {
		return nil, err
	}
	p := &textPart{pending: pending, names: append([]string(nil), b.Names...), from: from, values: make([]parquet.Value, 0, chunk)}
	schema := partSchema(b)
	skipBounds := make([]parquet.WriterOption, 0, len(p.names))
	for _, name := range append(lake.LineageColumns(), p.names...) {
		skipBounds = append(skipBounds, parquet.SkipPageBounds(name)) // nothing is ever looked up by them, and a value may be long
	}
	p.writer = parquet.NewWriter(pending, append(skipBounds, schema,
		parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}),
		parquet.PageBufferSize(pageBytes),
		parquet.DictionaryMaxBytes(dictionaryMax),
		parquet.CreatedBy("tributary", "", ""),
	)...)
	p.columns = p.writer.ColumnWriters()
	return p, nil
}

// fits tells whether the part has all columns of a batch.
func (p *textPart) fits(b *source.Batch) bool { return len(b.Names) == len(p.names) }

// write appends a batch.
func (p *textPart) write(b *source.Batch) error {
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

func (p *textPart) writeText(column int, b *source.Batch) error {
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
func (p *textPart) writeLineage(b *source.Batch) [5]error {
	first, lines := len(p.names), b.Lines
	return [5]error{
		p.constant(first, len(lines), parquet.ByteArrayValue([]byte(p.from.loadID)).Level(0, 0, first)),
		p.constant(first+1, len(lines), parquet.Int64Value(p.from.extractedAt.UnixMicro()).Level(0, 0, first+1)),
		p.constant(first+2, len(lines), parquet.ByteArrayValue([]byte(p.from.sourceFile)).Level(0, 0, first+2)),
		p.lines(first+3, lines),
		p.ops(first+4, b),
	}
}

func (p *textPart) ops(column int, b *source.Batch) error {
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

func (p *textPart) constant(column, rows int, value parquet.Value) error {
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

func (p *textPart) lines(column int, lines []int64) error {
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

// keep finishes the file and describes it.
func (p *textPart) keep(path string) (lake.Part, error) {
	if err := p.writer.Close(); err != nil {
		return lake.Part{}, fmt.Errorf("finishing %s: %w", path, err)
	}
	if err := p.pending.Keep(); err != nil {
		return lake.Part{}, err
	}
	part := lake.Part{Path: path, SourceFile: p.from.sourceFile, Rows: p.rows, Bytes: p.pending.Bytes(), SHA256: p.pending.SHA256()}
	for _, name := range p.names {
		part.Columns = append(part.Columns, lake.Column{Name: name, Type: "VARCHAR"})
	}
	return part, nil
}

func (p *textPart) discard() { p.pending.Discard() }

// partSchema is the schema of a part: text columns that may be null, then the lineage. No field has an id.
func partSchema(b *source.Batch) *parquet.Schema {
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
