package report

import "io"

// Written is a pack that was written, its files named as the index links them: beside it.
type Written struct {
	Partner string `json:"partner"`
	Name    string `json:"name"`
	File    string `json:"report"`
	PDF     string `json:"pdf,omitempty"`
}

// Skipped is a partner without a pack, and why.
type Skipped struct {
	Partner string `json:"partner"`
	Name    string `json:"name"`
	Reason  string `json:"reason"`
}

// index is the page that lists a quarter's packs.
type index struct {
	night
	Project, Quarter string
	Packs            []Written
	Skipped          []Skipped
}

// WriteIndex writes the page that lists the packs. It names every partner: it is for the channel team.
func (p *Packs) WriteIndex(w io.Writer, packs []Written, skipped []Skipped) error {
	return write(w, "report-index", func() (any, error) {
		return index{p.reader.seen, p.opts.Project, p.QuarterName(), packs, skipped}, nil
	})
}
