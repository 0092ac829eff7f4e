package extract

import (
	"fmt"

	"github.com/tributary-data/tributary/pipelines/extract/textparquet"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
)

// textPart is a part of a load that is being written.
type textPart struct {
	*textparquet.Writer

	pending *lake.Pending
	from    textparquet.Lineage
}

func newTextPart(w *lake.Writer, path string, b *source.Batch, from textparquet.Lineage) (*textPart, error) {
	pending, err := w.Create(path)
	if err != nil {
		return nil, err
	}
	return &textPart{textparquet.NewWriter(pending, b, from), pending, from}, nil
}

// fits tells whether the part has all columns of a batch.
func (p *textPart) fits(b *source.Batch) bool { return len(b.Names) == len(p.Names()) }

// keep finishes the file and describes it.
func (p *textPart) keep(path string) (lake.Part, error) {
	if err := p.Close(); err != nil {
		return lake.Part{}, fmt.Errorf("finishing %s: %w", path, err)
	}
	if err := p.pending.Keep(); err != nil {
		return lake.Part{}, err
	}
	part := lake.Part{Path: path, SourceFile: p.from.SourceFile, Rows: p.Rows(), Bytes: p.pending.Bytes(), SHA256: p.pending.SHA256()}
	for _, name := range p.Names() {
		part.Columns = append(part.Columns, lake.Column{Name: name, Type: "VARCHAR"})
	}
	return part, nil
}

func (p *textPart) discard() { p.pending.Discard() }
