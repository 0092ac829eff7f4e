package standin

import (
	"slices"
	"strings"
)

// Object is one sObject type: what describe tells and queries may name. The system fields (Id, IsDeleted, CreatedDate, CreatedById, LastModifiedDate,
// LastModifiedById, SystemModstamp) are added to it.
type Object struct {
	Name, Label string
	// KeyPrefix is the first three characters of its records' ids: 001 for Account. Empty: Salesforce's own of that name, or the next free one.
	KeyPrefix string
	Fields    []Field
	// Without names the system fields that it does not have: history has no SystemModstamp, users no IsDeleted.
	Without []string
	// Unreplicated objects have no lists of updated and deleted records.
	Unreplicated bool
	// NoBulk objects are refused by bulk jobs: REST alone reads them.
	NoBulk bool
}

// Field is one field of an object. Type is Salesforce's word: string, textarea, double, currency, percent, int, boolean, date, datetime, picklist,
// multipicklist, reference, phone, email, url, address, anyType. An address is put together from its parts: BillingAddress from BillingStreet and so on.
type Field struct {
	Name, Label, Type        string
	Length, Precision, Scale int
	Required, Calculated     bool
	Picklist                 []string
	// ReferenceTo are the objects that a reference points to; RelationshipName is how queries name its row (Account for AccountId).
	ReferenceTo      []string
	RelationshipName string
	denied           bool
}

func systemFields(o Object) []Field {
	user := []string{"User"}
	fields := []Field{
		{Name: "Id", Type: "id", Length: 18, Required: true},
		{Name: "IsDeleted", Type: "boolean", Required: true},
		{Name: "CreatedDate", Type: "datetime", Required: true},
		{Name: "CreatedById", Type: "reference", Length: 18, Required: true, ReferenceTo: user, RelationshipName: "CreatedBy"},
		{Name: "LastModifiedDate", Type: "datetime", Required: true},
		{Name: "LastModifiedById", Type: "reference", Length: 18, Required: true, ReferenceTo: user, RelationshipName: "LastModifiedBy"},
		{Name: "SystemModstamp", Type: "datetime", Required: true},
	}
	return slices.DeleteFunc(fields, func(f Field) bool { return slices.Contains(o.Without, f.Name) })
}

func isCustom(name string) bool { return strings.HasSuffix(strings.ToLower(name), "__c") }

// find gives a field by its name, denied ones too; nil: there is none.
func (t *table) find(name string) *Field {
	if i := t.index(name); i >= 0 {
		return t.fields[i]
	}
	return nil
}

func (t *table) index(name string) int {
	return slices.IndexFunc(t.fields, func(f *Field) bool { return strings.EqualFold(f.Name, name) })
}

// field is find as the user of the API sees it.
func (t *table) field(name string) *Field {
	if f := t.find(name); f != nil && !f.denied {
		return f
	}
	return nil
}

func (t *table) relationship(name string) *Field {
	i := slices.IndexFunc(t.fields, func(f *Field) bool {
		return f.RelationshipName != "" && strings.EqualFold(f.RelationshipName, name) && !f.denied
	})
	if i < 0 {
		return nil
	}
	return t.fields[i]
}

// filterable says whether WHERE may name a field: long text, compound and untyped values it may not.
func (f *Field) filterable() bool {
	return f.Type != "anyType" && f.Type != "address" && (f.Type != "textarea" || f.Length <= 255)
}

func (f *Field) sortable() bool { return f.filterable() && f.Type != "multipicklist" }

// nameTable is what a query sees of a parent that may be one of several objects.
func nameTable() *table {
	t := &table{Object: Object{Name: "Name"}, fields: []*Field{{Name: "Id", Type: "id"}, {Name: "IsActive", Type: "boolean"}}}
	for _, name := range []string{"Name", "FirstName", "LastName", "Alias", "Email", "Phone", "Title", "Username", "Type"} {
		t.fields = append(t.fields, &Field{Name: name, Type: "string", Length: 255})
	}
	for _, name := range []string{"ProfileId", "UserRoleId"} {
		t.fields = append(t.fields, &Field{Name: name, Type: "reference"})
	}
	return t
}
