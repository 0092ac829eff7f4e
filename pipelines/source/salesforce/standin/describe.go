package standin

import (
	"cmp"
	"strings"
)

func (t *table) summary(version string) map[string]any {
	path := "/services/data/" + version + "/sobjects/" + t.Name
	label := cmp.Or(t.Label, t.Name)
	return map[string]any{
		"name": t.Name, "label": label, "labelPlural": label + "s", "keyPrefix": t.KeyPrefix, "custom": isCustom(t.Name), "customSetting": false,
		"queryable": true, "replicateable": !t.Unreplicated, "retrieveable": true, "searchable": false, "layoutable": false, "triggerable": false,
		"createable": false, "updateable": false, "deletable": false, "undeletable": false, "mergeable": false, "activateable": false, "deprecatedAndHidden": false,
		"urls": map[string]string{"sobject": path, "describe": path + "/describe", "rowTemplate": path + "/{ID}"},
	}
}

func (t *table) describe(version string) map[string]any {
	answer := t.summary(version)
	fields := []map[string]any{}
	for _, f := range t.fields {
		if !f.denied {
			fields = append(fields, t.describeField(f))
		}
	}
	answer["fields"], answer["childRelationships"], answer["recordTypeInfos"] = fields, []any{}, []any{}
	return answer
}

// soapTypes of the types of fields that are not xsd:string.
var soapTypes = map[string]string{
	"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "currency": "xsd:double", "percent": "xsd:double",
	"date": "xsd:date", "datetime": "xsd:dateTime", "address": "urn:address", "anyType": "xsd:anyType",
}

func (t *table) describeField(f *Field) map[string]any {
	values := []map[string]any{}
	for _, v := range f.Picklist {
		values = append(values, map[string]any{"value": v, "label": v, "active": true, "defaultValue": false})
	}
	soap, digits, length := cmp.Or(soapTypes[f.Type], "xsd:string"), 0, f.Length
	if f.Type == "int" {
		digits, length = cmp.Or(f.Length, 9), 0
	}
	extra := ""
	if f.Type == "textarea" {
		extra = "plaintextarea"
	}
	return map[string]any{
		"name": f.Name, "label": cmp.Or(f.Label, f.Name), "type": f.Type, "soapType": soap, "length": length, "byteLength": 3 * length, "digits": digits,
		"precision": f.Precision, "scale": f.Scale, "nillable": !f.Required, "custom": isCustom(f.Name), "calculated": f.Calculated, "picklistValues": values,
		"referenceTo": append([]string{}, f.ReferenceTo...), "relationshipName": orNull(f.RelationshipName), "polymorphicForeignKey": len(f.ReferenceTo) > 1,
		"filterable": f.filterable(), "sortable": f.sortable(), "groupable": f.sortable() && f.Type != "datetime" && f.Type != "double" && f.Type != "currency",
		"aggregatable": f.sortable() && f.Type != "boolean", "nameField": f.Name == "Name", "idLookup": f.Type == "id", "unique": false, "externalId": false,
		"autoNumber": false, "encrypted": false, "caseSensitive": f.Type == "id", "restrictedPicklist": false, "htmlFormatted": false, "deprecatedAndHidden": false,
		"createable": false, "updateable": false, "permissionable": !f.Required, "defaultValue": nil, "calculatedFormula": nil, "inlineHelpText": nil,
		"controllerName": nil, "dependentPicklist": false, "extraTypeInfo": orNull(extra), "compoundFieldName": orNull(t.compoundOf(f)),
	}
}

// addressParts are the fields that an address is put together from, by what they are called in its value.
var addressParts = map[string]string{
	"street": "Street", "city": "City", "state": "State", "postalCode": "PostalCode", "country": "Country", "latitude": "Latitude", "longitude": "Longitude",
	"geocodeAccuracy": "GeocodeAccuracy",
}

// compoundOf names the compound field that a field is part of.
func (t *table) compoundOf(f *Field) string {
	for _, part := range addressParts {
		if prefix, ok := strings.CutSuffix(f.Name, part); ok && t.field(prefix+"Address") != nil && t.field(prefix+"Address").Type == "address" {
			return prefix + "Address"
		}
	}
	if (f.Name == "FirstName" || f.Name == "LastName" || f.Name == "Salutation") && t.field("Name") != nil {
		return "Name"
	}
	return ""
}

// address is the value of a compound field; nil: all its parts are null.
func address(f *Field, row Row) any {
	parts, known := map[string]any{}, false
	for name, part := range addressParts {
		value := row[strings.TrimSuffix(f.Name, "Address")+part]
		parts[name], known = value, known || value != nil
	}
	if !known {
		return nil
	}
	return parts
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}
