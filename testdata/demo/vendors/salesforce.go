package vendors

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

const (
	clientID     = "auenfels-tributary"
	clientSecret = "demo-client-secret" //nolint:gosec // of a server with invented data that listens on this machine alone
)

// objectOf is what a stream of the demo's CRM is called in Salesforce.
func objectOf(stream string) string {
	return map[string]string{
		"account": "Account", "account_type": "Account_Type__c", "account_level": "Account_Level__c", "account_status": "Account_Status__c", "contact": "Contact",
		"lead": "Lead", "opportunity": "Opportunity", "opportunity_partner": "OpportunityPartner", "opportunity_history": "Opportunity_Stage__c",
		"opportunity_line_item": "OpportunityLineItem", "opportunity_contact_role": "OpportunityContactRole", "stage_note": "Stage_Note__c", "quote": "Quote",
		"conflict": "Conflict__c",
	}[stream]
}

// salesforce is the demo vendor's CRM: each record as it was last.
func salesforce(now func() time.Time) (http.Handler, error) {
	crm, err := tables("crm")
	if err != nil {
		return nil, err
	}
	var data []standin.Data
	for _, t := range crm {
		data = append(data, objectData(t))
	}
	return standin.New(standin.Options{Now: now, AnyID: true, ClientID: clientID, ClientSecret: clientSecret, DailyRequests: 100_000}, data...)
}

func objectData(t table) standin.Data {
	name := objectOf(t.stream)
	out := standin.Data{Object: standin.Object{Name: name, Label: label(name)}, Rows: make([]standin.Row, len(t.records))}
	for i := range out.Rows {
		out.Rows[i] = standin.Row{}
	}
	for column, name := range t.columns {
		values := t.values(column)
		typ := typeOf(values)
		if !slices.Contains([]string{"Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp"}, name) { // every object has those
			out.Fields = append(out.Fields, standin.Field{Name: name, Label: label(name), Type: typ, Length: 255, Precision: 18, Scale: 4})
		}
		for i, text := range values {
			if v := value(typ, text); v != nil {
				out.Rows[i][name] = v
			}
		}
	}
	for _, row := range out.Rows { // what the files do not say is not to differ from one start of the server to the next
		for _, name := range []string{"CreatedDate", "LastModifiedDate"} {
			if row[name] == nil {
				row[name] = row["SystemModstamp"]
			}
		}
	}
	return out
}

func label(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name, "__c"), "_", " ")
}

var (
	numberText  = regexp.MustCompile(`^(-?(0|[1-9]\d*)(\.\d+)?)?$`)
	dateText    = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2})?$`)
	instantText = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)?$`)
)

// typeOf is the narrowest of Salesforce's types that holds all values. A checkbox is never empty there.
func typeOf(values []string) string {
	for _, t := range []struct {
		name string
		fits func(string) bool
	}{
		{"boolean", func(v string) bool { return v == "true" || v == "false" }},
		{"date", dateText.MatchString}, {"datetime", instantText.MatchString}, {"double", numberText.MatchString},
	} {
		if !slices.ContainsFunc(values, func(v string) bool { return !t.fits(v) }) {
			return t.name
		}
	}
	return "string"
}

func value(typ, text string) any {
	switch {
	case text == "":
		return nil
	case typ == "boolean":
		return text == "true"
	case typ == "double":
		return json.Number(text)
	case typ == "datetime":
		return strings.TrimSuffix(text, "Z") + "+0000"
	}
	return text
}

// salesforceSource is the source crm of the demo's configuration, asked at an address instead of read from files.
func salesforceSource(address string) (string, error) {
	crm, err := tables("crm")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, `  # The CRM, asked over Salesforce's API.
  crm:
    type: salesforce
    host: %s
    auth: {client_credentials: {client_id: %s, client_secret: {file: secrets/salesforce}}}
    expect: {by: "04:00", days: all}
    streams:
`, address, clientID)
	for _, t := range crm {
		fmt.Fprintf(&out, "      %s: {object: %s%s}\n", t.stream, objectOf(t.stream), keyUnless(t, "Id"))
	}
	return out.String(), nil
}

// keyUnless is the setting of a stream's key, unless the source knows it.
func keyUnless(t table, known string) string {
	if slices.Equal(t.key, []string{known}) {
		return ""
	}
	return ", key: [" + strings.Join(t.key, ", ") + "]"
}
