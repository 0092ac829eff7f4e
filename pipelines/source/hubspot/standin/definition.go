package standin

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Pipeline is a way that deals, leads or records of another type go.
type Pipeline struct {
	ID, Label        string
	Order            int
	Archived         bool
	Created, Updated time.Time
	Stages           []Stage
}

// Stage is a step of a pipeline. Metadata has, of deals, probability ("0.4", "1.0" won, "0.0" lost) and isClosed.
type Stage struct {
	ID, Label        string
	Order            int
	Archived         bool
	Created, Updated time.Time
	Metadata         map[string]string
}

// Owner is somebody whom records are assigned to.
type Owner struct {
	ID, Email, FirstName, LastName string
	UserID                         int64
	Teams                          []Team
	Archived                       bool
	Created, Updated               time.Time
}

// Team is a group of owners.
type Team struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Primary bool   `json:"primary"`
}

// Schema is a custom object type.
type Schema struct {
	// ID is the type's: 2-1234567. Name is in lower case, as in p20000001_name.
	ID, Name       string
	Labels         Labels
	PrimaryDisplay string
	Required       []string
	Searchable     []string
	Properties     []Property
	// Associates are the types that records may be linked with, by name.
	Associates []string
	Created    time.Time
}

// Labels are what a type is called on screen.
type Labels struct {
	Singular string `json:"singular"`
	Plural   string `json:"plural"`
}

// SetPipelines replaces a type's pipelines.
func (s *Server) SetPipelines(typ string, pipelines []Pipeline) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.mustKind(typ)
	if err == nil {
		s.pipelines[k.name] = pipelines
	}
	return err
}

// SetOwners replaces the owners.
func (s *Server) SetOwners(owners []Owner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owners = owners
}

func (s *Server) addSchema(schema Schema) error {
	k := &kind{
		id: schema.ID, name: schema.Name, singular: schema.Name, created: "hs_createdate", modified: "hs_lastmodifieddate", scope: customScope,
		sensitive: "crm.objects.custom.sensitive.read.v2", labels: schema.Labels, schema: &schema, records: newTable(),
	}
	k.listed = "p" + strconv.FormatInt(s.hub, 10) + "_" + schema.Name
	k.others = []string{k.listed, "p_" + schema.Name}
	k.defaults = k.always()
	k.properties = ownProperties(k.created, k.modified)
	s.kinds = append(s.kinds, k)
	for _, p := range schema.Properties {
		if err := s.AddProperty(schema.ID, p); err != nil {
			return err
		}
	}
	return nil
}

// serveDefinitions are what says how records are to be read: properties, pipelines, owners, custom types.
func (s *Server) serveDefinitions() {
	s.handle("GET /crm/v3/properties/{type}", counted, (*call).definitions)
	s.handle("GET /crm/v3/properties/{type}/{name}", counted, (*call).definedAs)
	s.handle("GET /crm/v3/pipelines/{type}", counted, (*call).allPipelines)
	s.handle("GET /crm/v3/pipelines/{type}/{pipeline}", counted, (*call).onePipeline)
	s.handle("GET /crm/v3/pipelines/{type}/{pipeline}/stages", counted, (*call).stages)
	for _, path := range []string{"/crm/v3/owners", "/crm/v3/owners/{$}"} {
		s.handle("GET "+path, counted, (*call).ownersPage)
	}
	s.handle("GET /crm/v3/owners/{id}", counted, (*call).owner)
	for _, path := range []string{"/crm/v3/schemas", "/crm-object-schemas/v3/schemas"} {
		s.handle("GET "+path, counted, (*call).schemas)
		s.handle("GET "+path+"/{type}", counted, (*call).schemaOf)
	}
}

func (c *call) pipelinesOf() ([]map[string]any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	told := []map[string]any{}
	for _, p := range slices.SortedStableFunc(slices.Values(c.pipelines[k.name]), func(a, b Pipeline) int { return cmp.Compare(a.Order, b.Order) }) {
		stages := []map[string]any{}
		for _, stage := range slices.SortedStableFunc(slices.Values(p.Stages), func(a, b Stage) int { return cmp.Compare(a.Order, b.Order) }) {
			one := dated(stage.ID, stage.Archived, stage.Created, stage.Updated)
			one["label"], one["displayOrder"], one["metadata"], one["writePermissions"] = stage.Label, stage.Order, stage.Metadata, "CRM_PERMISSIONS_ENFORCEMENT"
			stages = append(stages, one)
		}
		one := dated(p.ID, p.Archived, p.Created, p.Updated)
		one["label"], one["displayOrder"], one["stages"] = p.Label, p.Order, stages
		told = append(told, one)
	}
	return told, nil
}

// dated is what definitions and owners have in common.
func dated(id string, archived bool, created, updated time.Time) map[string]any {
	return map[string]any{"id": id, "archived": archived, "createdAt": instant(created), "updatedAt": instant(updated)}
}

func (c *call) allPipelines() (any, error) {
	told, err := c.pipelinesOf()
	if err != nil {
		return nil, err
	}
	return paged(slices.DeleteFunc(told, func(p map[string]any) bool { return p["archived"] == true }), nil), nil
}

func (c *call) onePipeline() (any, error) {
	told, err := c.pipelinesOf()
	if err != nil {
		return nil, err
	}
	id := c.r.PathValue("pipeline")
	for _, p := range told {
		if p["id"] == id {
			return p, nil
		}
	}
	return nil, &failure{code: http.StatusNotFound, Message: "Pipeline " + id + " was not found", Category: "OBJECT_NOT_FOUND", Context: map[string][]string{"pipelineId": {id}}}
}

func (c *call) stages() (any, error) {
	p, err := c.onePipeline()
	if err != nil {
		return nil, err
	}
	return map[string]any{"results": p.(map[string]any)["stages"]}, nil //nolint:forcetypeassert // onePipeline's
}

// ownersPage answers GET /crm/v3/owners, live or archived.
func (c *call) ownersPage() (any, error) {
	if err := c.allowed(ownersScope); err != nil {
		return nil, err
	}
	limit, err := c.limit(100, 500)
	if err != nil {
		return nil, err
	}
	after, err := c.after()
	if err != nil {
		return nil, err
	}
	query := c.r.URL.Query()
	told, page := []map[string]any{}, (*paging)(nil)
	for i := min(int(after), len(c.owners)); i < len(c.owners); i++ {
		o := c.owners[i]
		if o.Archived != (query.Get("archived") == "true") || query.Get("email") != "" && !strings.EqualFold(query.Get("email"), o.Email) {
			continue
		}
		if len(told) == limit {
			page = c.next(strconv.Itoa(i))
			break
		}
		told = append(told, o.told())
	}
	return paged(told, page), nil
}

func (c *call) owner() (any, error) {
	if err := c.allowed(ownersScope); err != nil {
		return nil, err
	}
	id, query := c.r.PathValue("id"), c.r.URL.Query()
	for _, o := range c.owners {
		key := o.ID
		if query.Get("idProperty") == "userId" {
			key = strconv.FormatInt(o.UserID, 10)
		}
		if key == id && o.Archived == (query.Get("archived") == "true") {
			return o.told(), nil
		}
	}
	return nil, &failure{code: http.StatusNotFound, Message: "resource not found", Category: "OBJECT_NOT_FOUND"}
}

// told is an owner as the API tells it: who is archived has no user any more, but had one.
func (o Owner) told() map[string]any {
	told := dated(o.ID, o.Archived, o.Created, o.Updated)
	told["email"], told["firstName"], told["lastName"], told["type"], told["userIdIncludingInactive"] = o.Email, o.FirstName, o.LastName, "PERSON", o.UserID
	if !o.Archived {
		told["userId"] = o.UserID
	}
	if len(o.Teams) > 0 {
		told["teams"] = o.Teams
	}
	return told
}

// schemas answers GET /crm/v3/schemas: the custom types.
func (c *call) schemas() (any, error) {
	if err := c.allowed(schemasScope); err != nil {
		return nil, err
	}
	told := []map[string]any{}
	for _, k := range c.kinds {
		if k.schema != nil && c.r.URL.Query().Get("archived") != "true" {
			told = append(told, c.schema(k))
		}
	}
	return paged(told, nil), nil
}

func (c *call) schemaOf() (any, error) {
	if err := c.allowed(schemasScope); err != nil {
		return nil, err
	}
	name := c.r.PathValue("type")
	k := c.kind(name)
	if k == nil || k.schema == nil {
		return nil, &failure{code: http.StatusNotFound, Message: "Unable to infer object type from: " + name, Category: "OBJECT_NOT_FOUND"}
	}
	return c.schema(k), nil
}

func (c *call) schema(k *kind) map[string]any {
	properties := []map[string]any{}
	for _, p := range k.properties {
		if c.readable(k, p.Name) == p {
			properties = append(properties, c.definition(k, p))
		}
	}
	associations := []map[string]any{}
	for _, name := range k.schema.Associates {
		if to := c.kind(name); to != nil {
			associations = append(associations, map[string]any{
				"id": strconv.Itoa(c.typeID(k, to, "")), "fromObjectTypeId": k.id, "toObjectTypeId": to.id, "name": k.name + "_to_" + to.singular,
			})
		}
	}
	told := dated(strings.TrimPrefix(k.id, "2-"), false, k.schema.Created, k.schema.Created)
	for key, value := range map[string]any{
		"objectTypeId": k.id, "fullyQualifiedName": k.listed, "name": k.name, "labels": k.labels, "primaryDisplayProperty": k.schema.PrimaryDisplay,
		"requiredProperties": orEmpty(k.schema.Required), "searchableProperties": orEmpty(k.schema.Searchable), "secondaryDisplayProperties": []string{},
		"properties": properties, "associations": associations,
	} {
		told[key] = value
	}
	return told
}

// orEmpty is a list that JSON writes as [] instead of null.
func orEmpty(list []string) []string { return append([]string{}, list...) }
