package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
)

// Association links two records, both ways.
type Association struct {
	FromType, FromID, ToType, ToID string
	// Label is what the link is called: empty for none, "Primary" for HubSpot's own, others are the account's.
	Label string
}

// primary is HubSpot's own label: the company of a contact or deal, the contact of a lead.
const primary = "Primary"

// linked are the records that one record is associated with, of one type.
type linked struct{ to map[int64][]string } // labels by number

func linkKey(from *kind, id int64, to *kind) string {
	return fmt.Sprintf("%s/%d/%s", from.id, id, to.id)
}

// Associate links two records; what has a label is linked without one, too, as in HubSpot.
func (s *Server) Associate(a Association) error {
	return s.link(a, func(labels []string) []string {
		for _, label := range []string{"", a.Label} {
			if !slices.Contains(labels, label) {
				labels = append(labels, label)
			}
		}
		return labels
	})
}

// Dissociate takes a label off a link; without one it removes the link.
func (s *Server) Dissociate(a Association) error {
	return s.link(a, func(labels []string) []string {
		if a.Label == "" {
			return nil
		}
		return slices.DeleteFunc(labels, func(label string) bool { return label == a.Label })
	})
}

func (s *Server) link(a Association, change func(labels []string) []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, err := s.end(a.FromType, a.FromID)
	if err != nil {
		return err
	}
	to, err := s.end(a.ToType, a.ToID)
	if err != nil {
		return err
	}
	from.change(s, to, change)
	to.change(s, from, change)
	return nil
}

// end is one side of a link.
type end struct {
	kind *kind
	id   int64
}

func (s *Server) end(typ, id string) (end, error) {
	k, err := s.mustKind(typ)
	if err != nil {
		return end{}, err
	}
	r := k.records.get(id)
	if r == nil {
		return end{}, fmt.Errorf("there is no %s %s to associate", k.singular, id)
	}
	return end{k, r.id}, nil
}

func (e end) change(s *Server, other end, change func(labels []string) []string) {
	key := linkKey(e.kind, e.id, other.kind)
	if s.links[key] == nil {
		s.links[key] = &linked{to: map[int64][]string{}}
	}
	labels := change(s.links[key].to[other.id])
	if len(labels) == 0 {
		delete(s.links[key].to, other.id)
		return
	}
	s.links[key].to[other.id] = labels
}

// unlink forgets a record that is gone.
func (s *Server) unlink(k *kind, id int64) {
	for _, other := range s.kinds {
		key := linkKey(k, id, other)
		if s.links[key] == nil {
			continue
		}
		for to := range s.links[key].to {
			delete(s.links[linkKey(other, to, k)].to, id)
		}
		delete(s.links, key)
	}
}

// neighbours are the live records of a type that a live record is linked with, by number.
func (s *Server) neighbours(from *kind, id int64, to *kind) []int64 {
	var ids []int64
	if l, r := s.links[linkKey(from, id, to)], from.records.byID[id]; l != nil && r != nil && !r.archived() {
		for other := range l.to {
			if !to.records.byID[other].archived() {
				ids = append(ids, other)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// typeID is HubSpot's number of a kind of link. Those that its pages do not list, and those of the account, get numbers as they come.
func (s *Server) typeID(from, to *kind, label string) int {
	key := from.singular + " " + to.singular + " " + label
	if id := hubspotTypeID(key); id != 0 {
		return id
	}
	if s.typeIDs[key] == 0 {
		s.typeIDs[key] = len(s.typeIDs) + 1
		if category(from, to, label) == "HUBSPOT_DEFINED" {
			s.typeIDs[key] += 9000
		}
	}
	return s.typeIDs[key]
}

func category(from, to *kind, label string) string {
	if label != "" && label != primary || from.schema != nil || to.schema != nil {
		return "USER_DEFINED"
	}
	return "HUBSPOT_DEFINED"
}

func hubspotTypeID(key string) int {
	return map[string]int{
		"contact company ": 279, "contact company Primary": 1, "company contact ": 280, "company contact Primary": 2,
		"deal company ": 341, "deal company Primary": 5, "company deal ": 342, "company deal Primary": 6,
		"deal contact ": 3, "contact deal ": 4, "deal line_item ": 19, "line_item deal ": 20,
		"company call ": 181, "call company ": 182, "company meeting ": 187, "meeting company ": 188, "company note ": 189, "note company ": 190,
		"contact call ": 193, "call contact ": 194, "contact meeting ": 199, "meeting contact ": 200, "contact note ": 201, "note contact ": 202,
		"deal call ": 205, "call deal ": 206, "deal meeting ": 211, "meeting deal ": 212, "deal note ": 213, "note deal ": 214,
		"lead contact ": 608, "lead contact Primary": 578, "lead company ": 610, "lead call ": 596, "lead meeting ": 600, "lead note ": 854,
		"company company ": 450, "deal deal ": 451,
	}[key]
}

// associated are the links of a record as lists of objects tell them: a line per label.
type associated struct {
	Results []associatedID `json:"results"`
	Paging  *paging        `json:"paging,omitempty"`
}

type associatedID struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// linksPerObject is how many of a type a list tells with a record: the rest is asked for by itself.
const linksPerObject = 100

// associationsOf are a record's links with the types asked for; types without any are left out.
func (c *call) associationsOf(k *kind, id int64, types []string) (map[string]associated, error) {
	told := map[string]associated{}
	for _, name := range types {
		to := c.kind(name)
		if to == nil {
			return nil, &failure{code: http.StatusBadRequest, Message: "Unable to infer object type from: " + name}
		}
		if err := c.allowed(to.scope); err != nil {
			return nil, err
		}
		var results []associatedID
		var more *paging
		for _, other := range c.neighbours(k, id, to) {
			if len(results) >= linksPerObject {
				more = c.moreLinks(k, id, to, strconv.FormatInt(other, 10))
				break
			}
			for _, label := range c.links[linkKey(k, id, to)].to[other] {
				results = append(results, associatedID{ID: strconv.FormatInt(other, 10), Type: linkName(k, to, label)})
			}
		}
		if len(results) > 0 {
			told[to.listed] = associated{Results: results, Paging: more}
		}
	}
	return told, nil
}

// moreLinks says where the links of a record go on.
func (c *call) moreLinks(from *kind, id int64, to *kind, after string) *paging {
	return &paging{Next: next{After: after, Link: fmt.Sprintf("http://%s/crm/v4/objects/%s/%d/associations/%s?after=%s", c.r.Host, from.id, id, to.id, after)}}
}

// linkName is how v3 calls a kind of link: contact_to_company is the primary one.
func linkName(from, to *kind, label string) string {
	name := from.singular + "_to_" + to.singular
	if label == "" && hubspotTypeID(from.singular+" "+to.singular+" "+primary) != 0 {
		return name + "_unlabeled"
	}
	if label != "" && label != primary {
		return label
	}
	return name
}
