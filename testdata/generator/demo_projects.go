package generator

import "time"

// projects writes the portal's registrations: one JSON document of customer projects, each with the claims of partners.
type projects struct {
	*textFile
	fields []column[registration]
	home   *time.Location
	rows   int
	buf    []byte
}

func newProjects(d *vendor) *projects {
	p := &projects{textFile: d.utf8("portal/registrations.json"), home: d.home}
	p.write([]byte("{\"generated\": \"2026-10-01T02:00:00Z\", \"data\": {\"projects\": [\n"))
	iso := func(name string, get func(*registration) instant) column[registration] { return quoted(sf(name, get)) }
	p.fields = []column[registration]{
		str("id", func(g *registration) string { return g.ID }), number("partner_no", func(g *registration) int { return portalNumber(g.Partner) }),
		str("opportunity", func(g *registration) string { return g.Deal }), iso("submitted", func(g *registration) instant { return g.Submitted }),
		{"decision", func(b []byte, g *registration) []byte {
			b = appendJSON(append(b, `{"status":`...), g.Decision)
			if g.Decided != 0 {
				b = append(b, `,"at":"`...)
				b = append(g.Decided.utc().AppendFormat(b, salesforce), '"')
			}
			if g.Reason != "" {
				b = appendJSON(append(b, `,"reason":`...), g.Reason)
			}
			return append(b, '}')
		}},
		quoted(lastDay("valid_until", time.DateOnly, d.home, func(g *registration) instant { return g.Expires })),
		quoted(lastDay("price_protected_until", time.DateOnly, d.home, func(g *registration) instant { return g.Protected })),
		str("duplicate_of", func(g *registration) string { return g.DuplicateOf }),
		{"value", func(b []byte, g *registration) []byte {
			b = append(b, '{')
			if g.Amount != absent {
				b = append(appendMoney(append(b, `"amount":`...), g.Amount, decimals(g.Currency), '.'), ',')
			}
			return append(appendJSON(append(b, `"currency":`...), g.Currency), '}')
		}},
		truth("test", "true", "false", func(g *registration) bool { return g.Test }),
		truth("removed", "true", "", func(g *registration) bool { return g.Deleted }), iso("updated", func(g *registration) instant { return g.Modified }),
	}
	return p
}

func (p *projects) put(all *claims) {
	b := p.buf[:0]
	if p.rows > 0 {
		b = append(b, ',', '\n')
	}
	p.rows++
	b = appendJSON(append(b, `{"account": `...), all.Account)
	b = append(b, `, "claims": [`...)
	one := sheet[registration]{columns: p.fields}
	for i := range all.Rows {
		if i > 0 {
			b = append(b, ',', ' ')
		}
		b = one.object(b, &all.Rows[i])
		b = b[:len(b)-1]
	}
	p.buf = append(b, ']', '}')
	p.write(p.buf)
}

func (p *projects) close() error {
	p.write([]byte("\n]}}\n"))
	return p.textFile.close()
}
