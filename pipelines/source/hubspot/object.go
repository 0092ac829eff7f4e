package hubspot

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/tributary-data/tributary/pipelines/source"
)

// object is what a stream reads.
type object struct {
	kind       string // records, owners, pipelines, associations or history
	name       string // of the type of object; empty of owners
	to         string // of associations
	properties []string
}

// The kinds of what can be read.
const (
	records      = "records"
	owners       = "owners"
	pipelines    = "pipelines"
	associations = "associations"
	history      = "history"
)

// typeName is a type of object as HubSpot's paths name it: deals, 0-3, 2-123, p123_name.
var typeName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// parse reads what a stream is of.
func parse(s source.Stream) (object, error) {
	text := s.ObjectName()
	parts := strings.Split(text, "/")
	o := object{kind: records, name: parts[0]}
	want := 1
	switch parts[0] {
	case pipelines, history:
		o, want = object{kind: parts[0], name: parts[len(parts)-1]}, 2
	case associations:
		o, want = object{kind: associations, name: parts[min(1, len(parts)-1)], to: parts[len(parts)-1]}, 3
	case owners:
		o = object{kind: owners}
	}
	if len(parts) != want {
		return o, fmt.Errorf("object %q: %d parts between slashes are needed", text, want)
	}
	for _, name := range parts {
		if !typeName.MatchString(name) {
			return o, fmt.Errorf("object %q: %q is no type of object", text, name)
		}
	}
	if s.Filter != "" && o.kind != history {
		return o, fmt.Errorf("object %q: HubSpot's lists take no filter; only history takes one, the properties whose history is read", text)
	}
	if o.kind == history {
		return o, o.chooseHistory(s.Filter)
	}
	return o, nil
}

// stages are the properties that say how far a record is.
func stages() map[string]string {
	return map[string]string{
		"deals": "dealstage", "deal": "dealstage", "0-3": "dealstage", "leads": "hs_pipeline_stage", "lead": "hs_pipeline_stage", "0-136": "hs_pipeline_stage",
		"tickets": "hs_pipeline_stage", "contacts": "lifecyclestage", "contact": "lifecyclestage", "0-1": "lifecyclestage",
		"companies": "lifecyclestage", "company": "lifecyclestage", "0-2": "lifecyclestage",
	}
}

// chooseHistory takes the properties that are asked for, else the stage.
func (o *object) chooseHistory(filter string) error {
	for name := range strings.SplitSeq(filter, ",") {
		if name = strings.TrimSpace(name); name != "" {
			o.properties = append(o.properties, name)
		}
	}
	if len(o.properties) == 0 && stages()[o.name] != "" {
		o.properties = []string{stages()[o.name]}
	}
	if len(o.properties) == 0 {
		return fmt.Errorf("history/%s: say which properties, with commas, as its filter: %s have no stage", o.name, o.name)
	}
	return nil
}

// path is where the type's endpoints of a family are.
func (o object) path(family string) string {
	return "/crm/v3/" + family + "/" + url.PathEscape(o.name)
}

// modified is the property that says when a record was changed last.
func (o object) modified() string {
	switch o.name {
	case "contacts", "contact", "0-1":
		return "lastmodifieddate"
	}
	return "hs_lastmodifieddate"
}
