package standin

import (
	"cmp"
	"slices"
	"strings"
)

// Object is one sObject type: what describe tells and queries may name. The system fields (Id, IsDeleted, CreatedDate, LastModifiedDate,
// SystemModstamp) are added to every object.
type Object struct {
	Name, Label string
	// KeyPrefix is the first three characters of its records' ids: 001 for Account.
	KeyPrefix string
	Fields    []Field
}

// Field is one field of an object. Type is Salesforce's word: string, double, currency, date, datetime, boolean, picklist, reference, textarea.
type Field struct {
	Name, Label, Type        string
	Length, Precision, Scale int
	Required, Calculated     bool
	Picklist                 []string
	// ReferenceTo is the object that a reference points to; RelationshipName is how queries name its row (Account for AccountId).
	ReferenceTo, RelationshipName string
	hidden                        bool
}

// prefixes of the standard objects, where Object.KeyPrefix is empty.
var prefixes = map[string]string{
	"account": "001", "contact": "003", "opportunity": "006", "user": "005", "lead": "00Q", "leadhistory": "017",
	"opportunityhistory": "008", "opportunityfieldhistory": "017", "campaign": "701", "task": "00T",
}

func systemFields() []Field {
	return []Field{
		{Name: "Id", Type: "id", Length: 18, Required: true},
		{Name: "IsDeleted", Type: "boolean", Required: true},
		{Name: "CreatedDate", Type: "datetime", Required: true},
		{Name: "LastModifiedDate", Type: "datetime", Required: true},
		{Name: "SystemModstamp", Type: "datetime", Required: true},
	}
}

func isCustom(name string) bool { return strings.HasSuffix(strings.ToLower(name), "__c") }

func (t *table) field(name string) *Field {
	i := slices.IndexFunc(t.fields, func(f Field) bool { return strings.EqualFold(f.Name, name) && !f.hidden })
	if i < 0 {
		return nil
	}
	return &t.fields[i]
}

func (t *table) relationship(name string) *Field {
	i := slices.IndexFunc(t.fields, func(f Field) bool {
		return f.RelationshipName != "" && strings.EqualFold(f.RelationshipName, name) && !f.hidden
	})
	if i < 0 {
		return nil
	}
	return &t.fields[i]
}

func (t *table) summary(version string) map[string]any {
	path := "/services/data/" + version + "/sobjects/" + t.name
	return map[string]any{
		"name": t.name, "label": cmp.Or(t.label, t.name), "keyPrefix": t.prefix, "custom": isCustom(t.name),
		"queryable": true, "replicateable": true, "retrieveable": true, "createable": false, "updateable": false, "deletable": false,
		"urls": map[string]string{"sobject": path, "describe": path + "/describe", "rowTemplate": path + "/{ID}"},
	}
}

func (t *table) describe(version string) map[string]any {
	answer := t.summary(version)
	fields := []map[string]any{}
	for _, f := range t.fields {
		if !f.hidden {
			fields = append(fields, f.describe())
		}
	}
	answer["fields"] = fields
	return answer
}

func (f *Field) describe() map[string]any {
	values := []map[string]any{}
	for _, v := range f.Picklist {
		values = append(values, map[string]any{"value": v, "label": v, "active": true, "defaultValue": false})
	}
	references := []string{}
	if f.ReferenceTo != "" {
		references = append(references, f.ReferenceTo)
	}
	var relationship any
	if f.RelationshipName != "" {
		relationship = f.RelationshipName
	}
	return map[string]any{
		"name": f.Name, "label": cmp.Or(f.Label, f.Name), "type": f.Type, "length": f.Length, "precision": f.Precision, "scale": f.Scale,
		"nillable": !f.Required, "custom": isCustom(f.Name), "calculated": f.Calculated, "picklistValues": values,
		"referenceTo": references, "relationshipName": relationship, "filterable": f.Type != "textarea", "sortable": f.Type != "textarea",
	}
}
