package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
)

// described is what Salesforce says of an object.
type described struct {
	Name      string     `json:"name"`
	Queryable bool       `json:"queryable"`
	Fields    []sfObject `json:"fields"`
}

// sfObject is one field of the description.
type sfObject struct {
	Name         string   `json:"name"`
	Type         string   `json:"type"`
	Length       int      `json:"length"`
	Precision    int      `json:"precision"`
	Scale        int      `json:"scale"`
	Nillable     bool     `json:"nillable"`
	ReferenceTo  []string `json:"referenceTo"`
	Relationship string   `json:"relationshipName"`
}

// Objects are those that may be queried.
func (c *connector) Objects(ctx context.Context) ([]source.Object, error) {
	var says struct {
		Objects []struct {
			Name      string `json:"name"`
			Queryable bool   `json:"queryable"`
			Custom    bool   `json:"custom"`
		} `json:"sobjects"`
	}
	if _, err := c.get(ctx, "sobjects", nil, &says); err != nil {
		return nil, err
	}
	var out []source.Object
	for _, o := range says.Objects {
		if !o.Queryable {
			continue
		}
		kind := "object"
		if o.Custom {
			kind = "custom object"
		}
		out = append(out, source.Object{Name: o.Name, Kind: kind, Rows: -1})
	}
	return out, nil
}

// find asks for an object's description, once a run.
func (c *connector) find(ctx context.Context, name string) (described, error) {
	key := strings.ToLower(name)
	c.mu.Lock()
	d, known := c.objects[key]
	c.mu.Unlock()
	if known {
		return d, nil
	}
	if _, err := c.get(ctx, "sobjects/"+url.PathEscape(name)+"/describe", nil, &d); err != nil {
		if errors.Is(err, source.ErrConfig) {
			return d, fmt.Errorf("object %s is not there, or the login may not read it (Salesforce does not tell them apart): %w", name, err)
		}
		return d, err
	}
	c.mu.Lock()
	c.objects[key] = d
	c.mu.Unlock()
	return d, nil
}

func (d described) field(name string) (sfObject, bool) {
	i := slices.IndexFunc(d.Fields, func(f sfObject) bool { return strings.EqualFold(f.Name, name) })
	if i < 0 {
		return sfObject{}, false
	}
	return d.Fields[i], true
}

func (d described) has(name string) bool {
	_, found := d.field(name)
	return found
}

// Describe has the fields whose values are single: an address comes in its parts, a file not at all. Fields of related records, such as
// Owner.Name, are described when the stream names them.
func (c *connector) Describe(ctx context.Context, s source.Stream) (source.Description, error) {
	d, err := c.find(ctx, s.ObjectName())
	if err != nil {
		return source.Description{}, err
	}
	out := source.Description{Origin: "salesforce:" + d.Name, Deletes: source.DeletesUnknown}
	for _, f := range d.Fields {
		if kind, single := kindOf(f.Type); single {
			out.Fields = append(out.Fields, source.Field{Name: f.Name, Type: f.text(), Kind: kind})
		}
	}
	for _, name := range append(append([]string{s.Cursor}, s.Fields...), s.Key...) {
		if !strings.Contains(name, ".") || slices.ContainsFunc(out.Fields, func(f source.Field) bool { return f.Name == name }) {
			continue
		}
		f, err := c.related(ctx, d, name)
		if err != nil {
			return out, err
		}
		out.Fields = append(out.Fields, f)
	}
	if d.has("Id") {
		out.Key, out.Deletes = []string{"Id"}, source.DeletesByKeys
	}
	for _, name := range []string{"SystemModstamp", "LastModifiedDate", "CreatedDate"} {
		if d.has(name) && out.Cursor == "" {
			out.Cursor = name
		}
	}
	return out, nil
}

// related describes a field of a related record, through the first object that a reference may point to.
func (c *connector) related(ctx context.Context, d described, path string) (source.Field, error) {
	first, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		f, found := d.field(first)
		if !found {
			return source.Field{}, fmt.Errorf("%w: %s has no field %s, or the login may not see it", source.ErrConfig, d.Name, first)
		}
		kind, single := kindOf(f.Type)
		if !single {
			return source.Field{}, fmt.Errorf("%w: %s.%s is of type %s, which has no single value", source.ErrConfig, d.Name, first, f.Type)
		}
		return source.Field{Name: first, Type: f.text(), Kind: kind}, nil
	}
	i := slices.IndexFunc(d.Fields, func(f sfObject) bool { return strings.EqualFold(f.Relationship, first) && len(f.ReferenceTo) > 0 })
	if i < 0 {
		return source.Field{}, fmt.Errorf("%w: %s leads to no %s", source.ErrConfig, d.Name, first)
	}
	to, err := c.find(ctx, d.Fields[i].ReferenceTo[0])
	if err != nil {
		return source.Field{}, err
	}
	f, err := c.related(ctx, to, rest)
	f.Name = path
	return f, err
}

// text is the type in Salesforce's words.
func (f sfObject) text() string {
	switch f.Type {
	case "double", "currency", "percent":
		return fmt.Sprintf("%s(%d,%d)", f.Type, f.Precision, f.Scale)
	case "reference":
		return "reference(" + strings.Join(f.ReferenceTo, ", ") + ")"
	case "string", "textarea", "url", "email", "phone", "picklist", "multipicklist", "encryptedstring":
		if f.Length > 0 {
			return fmt.Sprintf("%s(%d)", f.Type, f.Length)
		}
	}
	return f.Type
}

// kindOf is the kind of a type; false for what has no single value.
func kindOf(typ string) (source.Kind, bool) {
	switch typ {
	case "address", "location", "complexvalue", "base64", "json":
		return "", false
	case "double", "currency", "percent", "int", "long":
		return source.Number, true
	case "boolean":
		return source.Boolean, true
	case "datetime":
		return source.Instant, true
	case "date":
		return source.Date, true
	case "time", "anyType":
		return source.Other, true
	}
	return source.Text, true
}

// Check logs in and looks at the objects.
func (c *connector) Check(ctx context.Context, streams []source.Stream) ([]source.Finding, error) {
	if _, err := c.Begin(ctx); err != nil {
		if errors.Is(err, source.ErrCredentials) || errors.Is(err, source.ErrPermission) || errors.Is(err, source.ErrConfig) {
			return []source.Finding{{Subject: "login", Detail: err.Error(), Mend: "docs/source-salesforce.md: the connected app, its user, and the permission API Enabled"}}, nil
		}
		return nil, err
	}
	c.mu.Lock()
	out := []source.Finding{{Subject: "login", OK: true, Detail: fmt.Sprintf("%s, %d of the org's %d calls of the day are used", c.instance, c.used, c.limit)}}
	c.mu.Unlock()
	for _, s := range streams {
		f, err := c.checkStream(ctx, s)
		if err != nil {
			return out, err
		}
		out = append(out, f)
	}
	return out, nil
}

func (c *connector) checkStream(ctx context.Context, s source.Stream) (source.Finding, error) {
	f := source.Finding{Subject: s.Name, Mend: "a permission set for the user who asks: Read and View All on the object, Read on its fields; or mend the name"}
	d, err := c.Describe(ctx, s)
	if errors.Is(err, source.ErrConfig) || errors.Is(err, source.ErrPermission) {
		f.Detail = err.Error()
		return f, nil
	}
	if err != nil {
		return f, err
	}
	var missing []string
	for _, name := range append(append([]string{s.Cursor}, s.Fields...), s.Key...) {
		if _, found := source.FieldNamed(d.Fields, name); name != "" && !found && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		f.Detail = fmt.Sprintf("%s has no field %s, or field-level security hides it from the login (Salesforce does not tell them apart)", d.Origin, strings.Join(missing, ", "))
		return f, nil
	}
	var says struct {
		Total int64 `json:"totalSize"`
	}
	if _, err := c.get(ctx, "query", url.Values{"q": {"SELECT COUNT() FROM " + s.ObjectName()}}, &says); err != nil {
		if errors.Is(err, source.ErrTransient) {
			return f, err
		}
		f.Detail = err.Error()
		return f, nil
	}
	f.OK, f.Mend = true, ""
	f.Detail = fmt.Sprintf("%s: %d records are shared with the login, %d fields, key %s, what has changed by %s", d.Origin, says.Total, len(d.Fields), first(s.Key, d.Key), first([]string{s.Cursor}, []string{d.Cursor}))
	return f, nil
}

// first is the first of two lists that says anything.
func first(a, b []string) string {
	for _, list := range [][]string{a, b} {
		if text := strings.Join(list, ", "); text != "" {
			return text
		}
	}
	return "none"
}
