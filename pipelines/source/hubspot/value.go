package hubspot

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// instantLayout has milliseconds, as HubSpot keeps them; HubSpot itself leaves zeros off.
const instantLayout = "2006-01-02T15:04:05.000Z07:00"

// tidy writes values of one kind alike. What is not of its kind stays as it came: HubSpot keeps the values of a property whose type is
// changed.
func tidy(r web.Record, fields []source.Field) {
	for _, f := range fields {
		raw := r[f.Name]
		if f.Kind != source.Instant && f.Kind != source.Date {
			continue
		}
		var text string
		if json.Unmarshal(raw, &text) != nil {
			continue
		}
		at, ok := instant(text)
		switch {
		case !ok:
		case f.Kind == source.Date:
			r[f.Name] = quote(at.UTC().Format(time.DateOnly))
		default:
			r[f.Name] = quote(at.Format(instantLayout))
		}
	}
}

// instant reads the ways in which HubSpot writes one: ISO 8601, a day, or milliseconds since 1970.
func instant(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	ms, err := strconv.ParseInt(text, 10, 64)
	return time.UnixMilli(ms).UTC(), err == nil
}

func quote(text string) json.RawMessage {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return out
}

func quoteAll(values map[string]string) web.Record {
	out := make(web.Record, len(values))
	for name, value := range values {
		out[name] = quote(value)
	}
	return out
}

// milliseconds is an instant as filters take it, rounded up: what is before it is before the instant.
func milliseconds(t time.Time) int64 { return t.Add(time.Millisecond - time.Nanosecond).UnixMilli() }
