package nightly

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/tributary-data/tributary/pipelines/source/file"
	"github.com/tributary-data/tributary/transforms/staging"
)

// proposalRows is how many rows of a file a proposal looks at.
const proposalRows = 1000

// Proposal is what a first map is proposed from.
type Proposal struct {
	Dir  string // the project folder: the file is named relative to it where it lies below
	File file.Spec
	Path string
	// Entity is what the file is about; "" = guess it.
	Entity string
}

// Propose writes a first stream and map for a file, its guesses marked.
func Propose(ctx context.Context, p Proposal) (string, error) {
	dir, name := p.Dir, p.Path
	if abs, err := filepath.Abs(p.Path); err == nil {
		if root, err := filepath.Abs(p.Dir); err == nil {
			if rel, err := filepath.Rel(root, abs); err == nil && filepath.IsLocal(rel) {
				name = filepath.ToSlash(rel)
			} else {
				dir, name = filepath.Dir(abs), filepath.Base(abs)
			}
		}
	}
	p.File.Files = []string{name}
	found, err := file.Find(ctx, dir, p.File)
	if err != nil {
		return "", configError{err}
	}
	if len(found.Files) != 1 {
		return "", configError{fmt.Errorf("%s: name one file", p.Path)}
	}
	sample, err := file.Peek(ctx, p.File, found.Files[0], proposalRows)
	if err != nil {
		return "", dataError{err}
	}
	rows := make([][]string, len(sample.Rows))
	for i, r := range sample.Rows {
		rows[i] = make([]string, len(r))
		for j, cell := range r {
			if cell != nil {
				rows[i][j] = *cell
			}
		}
	}
	text, err := staging.ProposeMap(staging.Sample{File: name, Options: given(p.File), Entity: p.Entity, Columns: sample.Columns, Rows: rows})
	if err != nil {
		return "", configError{err}
	}
	return text, nil
}

// given are the settings of a file that differ from what is taken without a word.
func given(f file.Spec) [][2]string {
	var out [][2]string
	for _, o := range [][2]string{
		{"format", string(f.Format)}, {"delimiter", f.Delimiter}, {"quote", f.Quote}, {"encoding", f.Encoding}, {"compression", f.Compression}, {"records", f.Records},
	} {
		if o[1] != "" {
			out = append(out, o)
		}
	}
	return out
}
