package standin

import (
	"fmt"
	"slices"
	"strconv"
)

// serveAssociations are the v4 associations.
func (s *Server) serveAssociations() {
	s.handle("GET /crm/v4/objects/{from}/{id}/associations/{to}", counted, (*call).linksOf)
	s.handle("POST /crm/v4/associations/{from}/{to}/batch/read", counted, (*call).linksOfMany)
	s.handle("GET /crm/v4/associations/{from}/{to}/labels", counted, (*call).labels)
}

const (
	linksPerPage  = 500
	linksPerBatch = 1000
)

// link is a record that another is associated with.
type link struct {
	ToObjectID       int64      `json:"toObjectId"`
	AssociationTypes []linkType `json:"associationTypes"`
}

type linkType struct {
	Category string  `json:"category"`
	TypeID   int     `json:"typeId"`
	Label    *string `json:"label"`
}

// ends are the two types that a path names.
func (c *call) ends() (from, to *kind, err error) {
	if from, err = c.asked("from"); err == nil {
		to, err = c.asked("to")
	}
	return from, to, err
}

// page are the links of a record from a number on, and how they go on.
func (c *call) page(from *kind, id int64, to *kind, after int64, limit int) (told []link, goesOn string) {
	told = []link{}
	ids := c.neighbours(from, id, to)
	first, _ := slices.BinarySearch(ids, after)
	for _, other := range ids[first:] {
		if len(told) == limit {
			return told, strconv.FormatInt(other, 10)
		}
		l := link{ToObjectID: other}
		for _, label := range c.links[linkKey(from, id, to)].to[other] {
			l.AssociationTypes = append(l.AssociationTypes, c.linkType(from, to, label))
		}
		told = append(told, l)
	}
	return told, ""
}

func (c *call) linkType(from, to *kind, label string) linkType {
	t := linkType{Category: category(from, to, label), TypeID: c.typeID(from, to, label)}
	if label != "" {
		t.Label = &label
	}
	return t
}

// linksOf answers GET /crm/v4/objects/{from}/{id}/associations/{to}.
func (c *call) linksOf() (any, error) {
	from, to, err := c.ends()
	if err != nil {
		return nil, err
	}
	limit, err := c.limit(linksPerPage, linksPerPage)
	if err != nil {
		return nil, err
	}
	after, err := c.after()
	if err != nil {
		return nil, err
	}
	id := c.r.PathValue("id")
	r := from.records.get(id)
	if r == nil {
		return nil, missing(id)
	}
	told, goesOn := c.page(from, r.id, to, after, limit)
	if goesOn == "" {
		return paged(told, nil), nil
	}
	return paged(told, c.next(goesOn)), nil
}

// linksOfOne is an input's part of a batch.
type linksOfOne struct {
	From   map[string]string `json:"from"`
	To     []link            `json:"to"`
	Paging *paging           `json:"paging,omitempty"`
}

// linksOfMany answers POST /crm/v4/associations/{from}/{to}/batch/read. Inputs without links are errors in HubSpot's words, and the answer is a 207.
func (c *call) linksOfMany() (any, error) {
	from, to, err := c.ends()
	if err != nil {
		return nil, err
	}
	var asked struct {
		Inputs []struct {
			ID    string `json:"id"`
			After string `json:"after"`
		} `json:"inputs"`
	}
	if err := c.body(&asked); err != nil {
		return nil, err
	}
	if len(asked.Inputs) > linksPerBatch {
		return nil, invalid("%d inputs are more than the %d that a batch may have", len(asked.Inputs), linksPerBatch)
	}
	told, none := []linksOfOne{}, []unknown(nil)
	for _, input := range asked.Inputs {
		id, _ := strconv.ParseInt(input.ID, 10, 64)       // no number: no links
		after, _ := strconv.ParseInt(input.After, 10, 64) // none: from the start
		page, goesOn := c.page(from, id, to, after, linksPerPage)
		if len(page) == 0 {
			none = append(none, unknown{
				Status: "error", Category: "OBJECT_NOT_FOUND", SubCategory: "crm.associations.NO_ASSOCIATIONS_FOUND",
				Message: fmt.Sprintf("No %s is associated with %s %s.", to.singular, from.singular, input.ID),
				Context: map[string][]string{"fromObjectId": {input.ID}, "fromObjectType": {from.singular}, "toObjectType": {to.singular}},
			})
			continue
		}
		one := linksOfOne{From: map[string]string{"id": input.ID}, To: page}
		if goesOn != "" {
			one.Paging = c.moreLinks(from, id, to, goesOn)
		}
		told = append(told, one)
	}
	return batchOf(c, told, none), nil
}

// labels answers GET /crm/v4/associations/{from}/{to}/labels with the kinds of links that are in use, and the plain one.
func (c *call) labels() (any, error) {
	from, to, err := c.ends()
	if err != nil {
		return nil, err
	}
	used := []string{""}
	for _, id := range from.records.ids {
		for _, other := range c.neighbours(from, id, to) {
			used = append(used, c.links[linkKey(from, id, to)].to[other]...)
		}
	}
	slices.Sort(used)
	told := []linkType{}
	for _, label := range slices.Compact(used) {
		told = append(told, c.linkType(from, to, label))
	}
	return paged(told, nil), nil
}
