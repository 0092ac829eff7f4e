package program

import (
	"github.com/tributary-data/tributary/schemas/diag"
)

// Motions is motions.yaml: the ways of selling and their stages.
type Motions struct {
	Motions []Motion `yaml:"motions,required"`
}

// Motion is one way of selling.
type Motion struct {
	At      diag.Pos
	Motion  diag.Text `yaml:"motion,required"`
	Title   string    `yaml:"title"`
	Enabled *bool     `yaml:"enabled"`
	Stages  []Stage   `yaml:"stages,required"`
}

// Stage is a step of a motion; stages stand in their order.
type Stage struct {
	At              diag.Pos
	Stage           diag.Text `yaml:"stage,required"`
	Rank            *int      `yaml:"rank"`
	CommercialClose bool      `yaml:"commercial_close"`
	PostClose       *bool     `yaml:"post_close"`
}

// stageRow is a stage with what the file left to be derived.
type stageRow struct {
	motion, stage   string
	rank            int
	close, isAfter  bool
	at              diag.Pos
	postClose, said bool
}

// rows are the stages of a motion: without a rank of its own a stage follows the one before it, and what stands after the
// commercial close is post-close.
func (m Motion) rows() []stageRow {
	var out []stageRow
	rank, closed := 0, false
	for _, s := range m.Stages {
		rank++
		if s.Rank != nil {
			rank = *s.Rank
		}
		row := stageRow{motion: m.Motion.Value, stage: s.Stage.Value, rank: rank, close: s.CommercialClose, isAfter: closed, at: s.At, postClose: closed}
		if s.PostClose != nil {
			row.postClose, row.said = *s.PostClose, true
		}
		closed = closed || s.CommercialClose
		out = append(out, row)
	}
	return out
}

func (p *Program) checkMotions(c *checker) {
	var names []diag.Text
	for _, m := range p.Motions.Motions {
		names = append(names, m.Motion)
		checkStages(c, m)
	}
	c.names("motion", names)
	if len(p.Motions.Motions) == 0 {
		c.add(diag.Pos{}, "remove the file to have the built-in five", "no motion is defined")
	}
}

func checkStages(c *checker, m Motion) {
	var names []diag.Text
	closes, last := 0, 0
	for i, row := range m.rows() {
		names = append(names, m.Stages[i].Stage)
		if row.rank <= last {
			c.add(row.at, "ranks go up, from 1", "stage %q has rank %d, after one with rank %d", row.stage, row.rank, last)
		}
		last = row.rank
		if row.close {
			closes++
		}
		if row.said && row.postClose && !row.isAfter {
			c.add(row.at, "move it after the stage with commercial_close: true", "stage %q cannot be post-close before the commercial close", row.stage)
		}
		if row.said && !row.postClose && row.isAfter {
			c.add(row.at, "leave post_close out", "stage %q comes after the commercial close, so it is post-close", row.stage)
		}
	}
	c.names("stage", names)
	if closes != 1 {
		c.add(m.At, "mark the stage in which the customer signs with commercial_close: true", "motion %q has %d stages with a commercial close, not one", m.Motion, closes)
	}
}
