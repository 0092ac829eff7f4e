package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// kind is an object type: what HubSpot calls it, which properties it always has, and its records.
type kind struct {
	id        string // "0-1", "2-1234567"
	name      string // in paths
	others    []string
	singular  string
	listed    string // as the key of a record's associations
	created   string // properties that hold when a record was made and last changed
	modified  string
	defaults  []string // properties that come when none are asked for
	scope     string
	sensitive string // the scope of sensitive properties
	labels    Labels
	schema    *Schema

	properties []*Property
	records    table
}

// standardKinds are HubSpot's own types with the properties of theirs that matter to partner programs.
func standardKinds() []*kind {
	const contacts = "crm.objects.contacts.read" // of activities, too
	return []*kind{
		standard("0-1", "contacts", "contact", "createdate", "lastmodifieddate", contacts, "email firstname lastname",
			"email firstname lastname company phone jobtitle associatedcompanyid:number lifecyclestage:enumeration hs_lead_status:enumeration"),
		standard("0-2", "companies", "company", "createdate", "hs_lastmodifieddate", "crm.objects.companies.read", "domain name",
			"domain name country industry:enumeration lifecyclestage:enumeration"),
		standard("0-3", "deals", "deal", "createdate", "hs_lastmodifieddate", "crm.objects.deals.read", "amount closedate dealname dealstage pipeline",
			"amount:number closedate:datetime dealname dealstage:enumeration pipeline:enumeration dealtype:enumeration deal_currency_code:enumeration hs_is_closed_won:bool"),
		standard("0-136", "leads", "lead", "hs_createdate", "hs_lastmodifieddate", "crm.objects.leads.read", "",
			"hs_lead_name hs_lead_type:enumeration hs_lead_label:enumeration hs_pipeline:enumeration hs_pipeline_stage:enumeration"),
		standard("0-47", "meetings", "meeting", "hs_createdate", "hs_lastmodifieddate", contacts, "",
			"hs_timestamp:datetime hs_meeting_title hs_meeting_start_time:datetime hs_meeting_end_time:datetime hs_meeting_outcome:enumeration"),
		standard("0-48", "calls", "call", "hs_createdate", "hs_lastmodifieddate", contacts, "",
			"hs_timestamp:datetime hs_call_title hs_call_direction:enumeration hs_call_disposition hs_call_duration:number hs_call_status:enumeration"),
		standard("0-46", "notes", "note", "hs_createdate", "hs_lastmodifieddate", contacts, "", "hs_timestamp:datetime hs_note_body"),
		standard("0-8", "line_items", "line_item", "createdate", "hs_lastmodifieddate", "crm.objects.line_items.read", "",
			"name amount:number price:number quantity:number hs_sku hs_product_id:number"),
		standard("0-7", "products", "product", "createdate", "hs_lastmodifieddate", "crm.objects.products.read", "name price",
			"name price:number description hs_sku"),
	}
}

// standard makes a type; properties are named with their types, text when none is said.
func standard(id, name, singular, created, modified, scope, defaults, properties string) *kind {
	k := &kind{
		id: id, name: name, others: []string{singular}, singular: singular, listed: strings.ReplaceAll(name, "_", " "), created: created, modified: modified,
		scope: scope, sensitive: strings.TrimSuffix(scope, ".read") + ".sensitive.read.v2",
		labels: Labels{Singular: title(singular), Plural: title(name)}, records: newTable(),
	}
	k.defaults = append(strings.Fields(defaults), k.always()...)
	k.properties = append(ownProperties(created, modified), &Property{
		Name: "hubspot_owner_id", Type: "enumeration", Label: "Owner", externalOptions: true, hubspot: true,
	}, &Property{Name: mergedIDs, Type: "enumeration", Label: "Merged record IDs", readOnly: true, hubspot: true})
	for field := range strings.FieldsSeq(properties) {
		property, typ, _ := strings.Cut(field, ":")
		k.properties = append(k.properties, &Property{Name: property, Type: typ, hubspot: true})
	}
	return k
}

func ownProperties(created, modified string) []*Property {
	return []*Property{
		{Name: "hs_object_id", Type: "number", Label: "Record ID", readOnly: true, hubspot: true},
		{Name: created, Type: "datetime", Label: "Create date", hubspot: true},
		{Name: modified, Type: "datetime", Label: "Last modified date", readOnly: true, hubspot: true},
	}
}

// mergedIDs names, with semicolons between, the records that were merged into one.
const mergedIDs = "hs_merged_object_ids"

func title(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(words[:1]) + words[1:]
}

// always are the properties that come with every record.
func (k *kind) always() []string { return []string{k.created, k.modified, "hs_object_id"} }

// kind finds a type by any of the names that HubSpot takes.
func (s *Server) kind(name string) *kind {
	for _, k := range s.kinds {
		if k.id == name || strings.EqualFold(k.name, name) || slices.ContainsFunc(k.others, func(other string) bool { return strings.EqualFold(other, name) }) {
			return k
		}
	}
	return nil
}

// asked is the type that a part of the path names, when the token may read it.
func (c *call) asked(part string) (*kind, error) {
	name := c.r.PathValue(part)
	k := c.kind(name)
	if k == nil {
		return nil, &failure{code: http.StatusBadRequest, Message: "Unable to infer object type from: " + name}
	}
	return k, c.allowed(k.scope)
}

// mustKind is for programs that change the server.
func (s *Server) mustKind(name string) (*kind, error) {
	k := s.kind(name)
	if k == nil {
		names := make([]string, len(s.kinds))
		for i, k := range s.kinds {
			names[i] = k.name
		}
		return nil, fmt.Errorf("there is no object type %q (there are %s; others need a Schema)", name, strings.Join(names, ", "))
	}
	return k, nil
}

// property is a definition that the type has now.
func (k *kind) property(name string) *Property {
	for _, p := range k.properties {
		if p.Name == name && !p.Archived {
			return p
		}
	}
	return nil
}

// readable is a definition whose values the token may read; others are left out without a word.
func (c *call) readable(k *kind, name string) *Property {
	p := k.property(name)
	if p == nil || p.Sensitive && !c.has(k.sensitive) {
		return nil
	}
	return p
}
