package vendors

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

const hubspotToken = "pat-eu1-demo" //nolint:gosec // of a server with invented data that listens on this machine alone

// hubspot is the demo vendor's marketing: activities, nurture programs and their touches as custom objects.
func hubspot(now func() time.Time) (http.Handler, error) {
	marketing, err := tables("marketing")
	if err != nil {
		return nil, err
	}
	data := standin.Data{Records: map[string][]standin.Record{}}
	for i, t := range marketing {
		name := "p20000001_" + t.stream
		schema := standin.Schema{
			ID: "2-" + strconv.Itoa(1000001+i), Name: name, Labels: standin.Labels{Singular: label(t.stream), Plural: label(t.stream)}, PrimaryDisplay: "id",
			Created: now().AddDate(-3, 0, 0),
		}
		for _, column := range t.columns {
			schema.Properties = append(schema.Properties, standin.Property{Name: column, Unique: column == "id"})
		}
		data.Schemas = append(data.Schemas, schema)
		seen := slices.Index(t.columns, "seen_ts")
		for _, r := range t.records {
			one := standin.Record{At: now().AddDate(0, -1, 0), Values: map[string]any{}, Source: "AUTOMATION_PLATFORM"}
			if seen >= 0 {
				if ms, err := strconv.ParseInt(r.values[seen], 10, 64); err == nil {
					one.At = time.UnixMilli(ms)
				}
			}
			for column, text := range r.values {
				if text != "" {
					one.Values[t.columns[column]] = text
				}
			}
			data.Records[name] = append(data.Records[name], one)
		}
	}
	return standin.New(data, standin.Options{Clock: now, Limits: standin.Limits{TenSeconds: 10_000, SearchesPerSecond: 1000}, Tokens: []standin.Token{{Key: hubspotToken, Scopes: standin.AllScopes()}}})
}

// hubspotSource is the source marketing of the demo's configuration, asked at an address instead of read from files.
func hubspotSource(address string) (string, error) {
	marketing, err := tables("marketing")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	fmt.Fprintf(&out, `  # Marketing automation, asked over HubSpot's API: instants as milliseconds since 1970.
  marketing:
    type: hubspot
    url: %s
    token: {file: secrets/hubspot}
    streams:
`, address)
	for _, t := range marketing {
		fmt.Fprintf(&out, "      %s: {object: p20000001_%s, key: [%s]}\n", t.stream, t.stream, strings.Join(t.key, ", "))
	}
	return out.String(), nil
}
