package hubspot

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/tributary-data/tributary/pipelines/source"
)

const recordID = "hs_object_id"

// property is HubSpot's definition of one.
type property struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Unique   bool   `json:"hasUniqueValue"`
	Archived bool   `json:"archived"`
}

func (p property) field() source.Field {
	return source.Field{Name: p.Name, Type: p.Type, Kind: kind(p.Type)}
}

func kind(typ string) source.Kind {
	switch typ {
	case "number":
		return source.Number
	case "bool":
		return source.Boolean
	case "datetime":
		return source.Instant
	case "date":
		return source.Date
	case "json":
		return source.JSON
	case "string", "enumeration", "phone_number":
		return source.Text
	}
	return source.Other
}

// Describe says what HubSpot says of an object's properties; the columns of what has none are ours.
func (c *connector) Describe(ctx context.Context, s source.Stream) (source.Description, error) {
	o, err := parse(s)
	if err != nil {
		return source.Description{}, fmt.Errorf("%w: %w", source.ErrConfig, err)
	}
	d := source.Description{Origin: "hubspot:" + s.ObjectName()}
	if o.kind != records {
		d.Fields, d.Key = o.columns()
		d.ByInterval = o.kind == history
		return d, c.exists(ctx, o)
	}
	properties, err := c.properties(ctx, o)
	if err != nil {
		return d, fmt.Errorf("describing %s: %w", s.ObjectName(), err)
	}
	for _, p := range properties {
		d.Fields = append(d.Fields, p.field())
	}
	d.Key, d.Deletes, d.Cursor = []string{recordID}, source.DeletesListed, o.modified()
	return d, checkStream(s, o, properties)
}

// exists asks for what belongs to an object whose columns are ours, so that a missing object or scope is found before it is read.
func (c *connector) exists(ctx context.Context, o object) error {
	switch o.kind {
	case owners:
		_, err := c.api.get(ctx, "/crm/v3/owners", url.Values{"limit": {"1"}}, nil)
		return err
	case pipelines:
		_, err := c.api.get(ctx, o.path("pipelines"), nil, nil)
		return err
	case associations:
		_, err := c.api.get(ctx, "/crm/v4/associations/"+url.PathEscape(o.name)+"/"+url.PathEscape(o.to)+"/labels", nil, nil)
		return err
	}
	properties, err := c.properties(ctx, o)
	if err != nil {
		return err
	}
	for _, name := range o.properties {
		if _, found := named(properties, name); !found {
			return fmt.Errorf("%w: %s have no property %s", source.ErrConfig, o.name, name)
		}
	}
	return nil
}

// properties are an object's, with the sensitive ones that the token may read.
func (c *connector) properties(ctx context.Context, o object) ([]property, error) {
	var out []property
	for _, sensitivity := range []string{"non_sensitive", "sensitive", "highly_sensitive"} {
		var told struct {
			Results []property `json:"results"`
		}
		_, err := c.api.get(ctx, o.path("properties"), url.Values{"dataSensitivity": {sensitivity}}, &told)
		if sensitivity != "non_sensitive" && refused(err) {
			continue // the token may not read them, or the account has none
		}
		if err != nil {
			return nil, err
		}
		for _, p := range told.Results {
			if _, twice := named(out, p.Name); !p.Archived && !twice {
				out = append(out, p)
			}
		}
	}
	return out, nil
}

// refused tells whether HubSpot answered, and will not answer otherwise.
func refused(err error) bool {
	var r *refusal
	return errors.As(err, &r) && !errors.Is(err, source.ErrTransient) && !errors.Is(err, source.ErrCredentials)
}

func named(properties []property, name string) (property, bool) {
	i := slices.IndexFunc(properties, func(p property) bool { return p.Name == name })
	if i < 0 {
		return property{}, false
	}
	return properties[i], true
}

// checkStream says whether the configured key and cursor are of a kind that can be asked by. Those that are not there are reported where
// they are chosen.
func checkStream(s source.Stream, o object, properties []property) error {
	if p, found := named(properties, s.Cursor); found && p.Type != "datetime" {
		return fmt.Errorf("%w: %s of %s is of type %s: a cursor is a datetime", source.ErrConfig, s.Cursor, o.name, p.Type)
	}
	if len(s.Key) == 0 || slices.Contains(s.Key, recordID) {
		return nil
	}
	for _, name := range s.Key {
		p, found := named(properties, name)
		if found && (len(s.Key) > 1 || !p.Unique && (name != "email" || o.modified() != "lastmodifieddate")) {
			return fmt.Errorf("%w: key %v of %s: HubSpot finds records by %s or by one property with unique values, and so can we", source.ErrConfig, s.Key, o.name, recordID)
		}
	}
	return nil
}

// columns are those of what has no properties, and its key.
func (o object) columns() (fields []source.Field, key []string) {
	add := func(kind source.Kind, names ...string) {
		for _, name := range names {
			fields = append(fields, source.Field{Name: name, Type: string(kind), Kind: kind})
		}
	}
	switch o.kind {
	case owners:
		add(source.Text, "id", "email", "firstName", "lastName", "type")
		add(source.Number, "userId", "userIdIncludingInactive")
		add(source.Boolean, "archived")
		add(source.Instant, "createdAt", "updatedAt")
		add(source.JSON, "teams")
		return fields, []string{"id"}
	case pipelines:
		add(source.Text, "pipeline_id", "pipeline_label")
		add(source.Number, "pipeline_order")
		add(source.Text, "stage_id", "stage_label")
		add(source.Number, "stage_order", "probability")
		add(source.Boolean, "is_closed")
		add(source.JSON, "metadata")
		add(source.Instant, "created_at", "updated_at")
		return fields, []string{"pipeline_id", "stage_id"}
	case associations:
		add(source.Text, "from_id", "to_id", "category")
		add(source.Number, "type_id")
		add(source.Text, "label")
		return fields, []string{"from_id", "to_id", "category", "type_id"}
	}
	add(source.Text, "object_id", "property", "value")
	add(source.Instant, "timestamp")
	add(source.Text, "source_type", "source_id", "source_label")
	add(source.Number, "updated_by_user_id")
	return fields, []string{"object_id", "property", "timestamp", "value"}
}
