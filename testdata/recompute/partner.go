package recompute

import "time"

// The two words of dims that name no value.
const (
	none    = "none"
	unknown = "unknown"
)

// dims are the values of a row in every dimension that its metric may be cut by.
type dims map[string]string

func (d dims) with(pairs ...string) dims {
	out := dims{}
	for k, v := range d {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

// validity is a dated value of a partner.
type validity struct {
	value    string
	from, to time.Time
}

// people answers who a partner is, and what it was when.
type people struct {
	byID         map[string]*Partner
	types, tiers map[string][]validity
}

func newPeople(d *Data) *people {
	p := &people{byID: map[string]*Partner{}, types: map[string][]validity{}, tiers: map[string][]validity{}}
	for i := range d.Partners {
		p.byID[d.Partners[i].PartnerID] = &d.Partners[i]
	}
	for _, t := range d.PartnerTypes {
		if !t.Deleted {
			p.types[t.PartnerID] = append(p.types[t.PartnerID], validity{t.PartnerType, t.ValidFrom, t.ValidTo})
		}
	}
	for _, t := range d.PartnerTiers {
		if !t.Deleted {
			p.tiers[t.PartnerID] = append(p.tiers[t.PartnerID], validity{t.ProgramTier, t.ValidFrom, t.ValidTo})
		}
	}
	return p
}

// survivor is the partner that an id stands for after all mergers.
func (p *people) survivor(id string) string {
	for range len(p.byID) {
		partner := p.byID[id]
		if partner == nil || partner.MergedInto == "" || partner.MergedInto == id {
			return id
		}
		id = partner.MergedInto
	}
	return id
}

func (p *people) test(id string) bool {
	partner := p.byID[p.survivor(id)]
	return partner != nil && partner.Test
}

// known says whether an id, after mergers, names a partner that is there.
func (p *people) known(id string) bool {
	partner := p.byID[p.survivor(id)]
	return partner != nil && !partner.Deleted
}

// at is what a value was at an instant; a row without an end holds until the next one.
func at(list []validity, t time.Time) string {
	out, since := unknown, time.Time{}
	for _, v := range list {
		end := v.to
		if end.IsZero() {
			for _, next := range list {
				if next.from.After(v.from) && (end.IsZero() || next.from.Before(end)) {
					end = next.from
				}
			}
		}
		covers := !v.from.After(t) && (end.IsZero() || t.Before(end))
		if covers && (out == unknown || v.from.After(since)) {
			out, since = or(v.value, unknown), v.from
		}
	}
	return out
}

func or(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

// kind is a partner's type at an instant: dated when the source gives its history, else as it is.
func (p *people) kind(id string, t time.Time) string { return p.ownKind(p.byID[p.survivor(id)], t) }

// tier is a partner's tier at an instant.
func (p *people) tier(id string, t time.Time) string { return p.ownTier(p.byID[p.survivor(id)], t) }

func (p *people) ownKind(partner *Partner, t time.Time) string {
	if history := p.types[partner.PartnerID]; len(history) > 0 {
		return at(history, t)
	}
	return or(partner.PartnerType, unknown)
}

func (p *people) ownTier(partner *Partner, t time.Time) string {
	if history := p.tiers[partner.PartnerID]; len(history) > 0 {
		return at(history, t)
	}
	return or(partner.ProgramTier, unknown)
}

// dims of a partner at an instant; an id of "" is no partner, one that nobody knows or that is deleted is unknown.
func (p *people) dims(id string, t time.Time) dims {
	switch {
	case id == "":
		return dims{"partner": none, "partner_type": none, "program_tier": none, "region": none}
	case !p.known(id):
		return dims{"partner": unknown, "partner_type": unknown, "program_tier": unknown, "region": unknown}
	}
	return dims{"partner": p.survivor(id), "partner_type": p.kind(id, t), "program_tier": p.tier(id, t), "region": or(p.byID[p.survivor(id)].Region, unknown)}
}
