package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Property is the definition of a property.
type Property struct {
	Name        string
	Label       string // empty: made of the name
	Type        string // string (when empty), number, bool, date, datetime, enumeration
	FieldType   string // empty: what HubSpot offers first for the type
	Description string
	Group       string
	// Options are an enumeration's values; none: any value is taken.
	Options []Option
	// Calculated is filled by HubSpot, Unique identifies records, Hidden is not shown on forms.
	Calculated, Unique, Hidden bool
	// Sensitive properties are told only to tokens with the type's sensitive scope.
	Sensitive bool
	// Archived is a property that was removed.
	Archived bool

	hubspot, readOnly, externalOptions bool
	changed                            time.Time
}

// Option is a value of an enumeration.
type Option struct{ Value, Label string }

// AddProperty defines a property, or brings an archived one back with its values.
func (s *Server) AddProperty(typ string, p Property) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.mustKind(typ)
	if err != nil {
		return err
	}
	if k.property(p.Name) != nil {
		return fmt.Errorf("%s have a property %q already", k.name, p.Name)
	}
	k.properties = slices.DeleteFunc(k.properties, func(old *Property) bool { return old.Name == p.Name })
	p.changed = s.clock()
	k.properties = append(k.properties, &p)
	return nil
}

// RemoveProperty archives a property: its values are no longer told. HubSpot's own cannot be removed.
func (s *Server) RemoveProperty(typ, name string) error {
	return s.changeProperty(typ, name, func(p *Property) error {
		if p.hubspot {
			return fmt.Errorf("%s of %s is HubSpot's own and cannot be removed", name, typ)
		}
		p.Archived = true
		return nil
	})
}

// RetypeProperty changes a property's type. The values stay as they were written, as they do in HubSpot.
func (s *Server) RetypeProperty(typ, name, to string) error {
	return s.changeProperty(typ, name, func(p *Property) error {
		p.Type, p.FieldType, p.Options = to, "", nil
		return nil
	})
}

func (s *Server) changeProperty(typ, name string, change func(*Property) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, err := s.mustKind(typ)
	if err != nil {
		return err
	}
	p := k.property(name)
	if p == nil {
		return fmt.Errorf("%s have no property %q", k.name, name)
	}
	p.changed = s.clock()
	return change(p)
}

// text is a value as HubSpot keeps it.
func (k *kind) text(property string, value any) (string, error) {
	p := k.property(property)
	if p == nil {
		return "", fmt.Errorf("Property %q does not exist: add it with AddProperty", property) //nolint:revive,staticcheck // HubSpot's words
	}
	var text string
	switch v := value.(type) {
	case nil:
	case string:
		text = v
	case bool, int, int64:
		text = fmt.Sprint(v)
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		text = instant(v)
		if p.Type == "date" {
			text = v.Format(time.DateOnly)
		}
	default:
		return "", fmt.Errorf("%s: a %T is no value of a property", property, value)
	}
	if text != "" && !p.takes(text) {
		return "", fmt.Errorf("%s: %q is no %s", property, text, p.kind())
	}
	return text, nil
}

func (p *Property) takes(text string) bool {
	switch p.kind() {
	case "number":
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	case "date", "datetime":
		_, ok := parseInstant(text)
		return ok
	case "bool":
		return text == "true" || text == "false"
	case "enumeration":
		return len(p.Options) == 0 || !slices.ContainsFunc(strings.Split(text, ";"), func(one string) bool {
			return !slices.ContainsFunc(p.Options, func(o Option) bool { return o.Value == one })
		})
	default:
		return true
	}
}

func (p *Property) kind() string {
	if p.Type == "" {
		return "string"
	}
	return p.Type
}

// parseInstant reads a date, an instant or the milliseconds that filters use, as milliseconds since 1970.
func parseInstant(text string) (int64, bool) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
		return ms, true
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UnixMilli(), true
		}
	}
	return 0, false
}

// definition is a property as the API tells it.
func (c *call) definition(k *kind, p *Property) map[string]any {
	label, field, group := p.Label, p.FieldType, p.Group
	if label == "" {
		label = title(p.Name)
	}
	if field == "" {
		field = map[string]string{"string": "text", "number": "number", "bool": "booleancheckbox", "date": "date", "datetime": "date", "enumeration": "select"}[p.kind()]
	}
	if group == "" {
		group = k.singular + "information"
	}
	told := map[string]any{
		"name": p.Name, "label": label, "type": p.kind(), "fieldType": field, "description": p.Description, "groupName": group,
		"options": c.options(k, p), "displayOrder": -1, "calculated": p.Calculated, "externalOptions": p.externalOptions, "hasUniqueValue": p.Unique || p.Name == "hs_object_id",
		"hidden": p.Hidden, "hubspotDefined": p.hubspot, "formField": !p.readOnly && !p.Calculated, "archived": p.Archived, "dataSensitivity": sensitivity(p),
		"modificationMetadata": map[string]bool{"archivable": !p.hubspot, "readOnlyDefinition": p.hubspot, "readOnlyValue": p.readOnly || p.Calculated},
	}
	if p.externalOptions {
		told["referencedObjectType"] = "OWNER"
	}
	if !p.changed.IsZero() {
		told["createdAt"], told["updatedAt"] = instant(p.changed), instant(p.changed)
	}
	if p.Archived {
		told["archivedAt"] = instant(p.changed)
	}
	return told
}

func sensitivity(p *Property) string {
	if p.Sensitive {
		return "sensitive"
	}
	return "non_sensitive"
}

// options are an enumeration's values; those of pipelines and stages follow the pipelines.
func (c *call) options(k *kind, p *Property) []map[string]any {
	options := p.Options
	for _, pipeline := range c.pipelines[k.name] {
		switch p.Name {
		case "pipeline", "hs_pipeline":
			options = append(options, Option{pipeline.ID, pipeline.Label})
		case "dealstage", "hs_pipeline_stage":
			for _, stage := range pipeline.Stages {
				options = append(options, Option{stage.ID, stage.Label})
			}
		}
	}
	told := make([]map[string]any, len(options))
	for i, o := range options {
		told[i] = map[string]any{"value": o.Value, "label": o.Label, "displayOrder": i, "hidden": false}
	}
	return told
}

// definitions answers GET /crm/v3/properties/{type}: live or archived, plain or sensitive.
func (c *call) definitions() (any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	query := c.r.URL.Query()
	told := []map[string]any{}
	for _, p := range k.properties {
		if p.Archived == (query.Get("archived") == "true") && p.Sensitive == (query.Get("dataSensitivity") == "sensitive") && (!p.Sensitive || c.has(k.sensitive)) {
			told = append(told, c.definition(k, p))
		}
	}
	return map[string]any{"results": told}, nil
}

// definedAs answers GET /crm/v3/properties/{type}/{name}.
func (c *call) definedAs() (any, error) {
	k, err := c.asked("type")
	if err != nil {
		return nil, err
	}
	name := c.r.PathValue("name")
	p := c.readable(k, name)
	if p == nil {
		return nil, &failure{
			code: http.StatusNotFound, Message: fmt.Sprintf("Property %q does not exist", name), Category: "OBJECT_NOT_FOUND",
			SubCategory: "PROPERTY_DOESNT_EXIST", Context: map[string][]string{"propertyName": {name}},
		}
	}
	return c.definition(k, p), nil
}
