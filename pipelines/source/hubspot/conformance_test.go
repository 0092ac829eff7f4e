package hubspot_test

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/conformance"
	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

const (
	page  = 3
	deals = "/crm/v3/objects/deals"
)

// play is a stage on which the suite changes deals whose key is a property of the account's own: what is archived and made anew has
// another number.
type play struct {
	*stage
	numbers map[string]string // of live deals, by key
	truth   conformance.Records
	fields  map[string]string // that every deal has, with their values
}

func begin(t testing.TB) conformance.Harness {
	s := newStage(t, standin.Data{Properties: map[string][]standin.Property{"deals": {{Name: "code", Unique: true}, {Name: "extra"}}}})
	p := &play{stage: s, numbers: map[string]string{}, truth: conformance.Records{}, fields: map[string]string{"extra": "x"}}
	return conformance.Harness{
		Connect: func(testing.TB) source.Connector { return p.connector(page) },
		Stream:  source.Stream{Name: "deals", Key: []string{"code"}}, Overlap: 10 * time.Minute, Page: page,
		Now: func(testing.TB) time.Time { return p.clock().Truncate(time.Second) },
		Put: func(_ testing.TB, id, name string) {
			p.put(id, name, p.clock())
			p.pass(time.Second) // the clock of an answer's header has seconds
		},
		PutLate: func(_ testing.TB, id, name string) { p.put(id, name, p.clock().Add(-5*time.Minute)) },
		Delete: func(t testing.TB, id string) {
			require.NoError(t, p.server.Archive("deals", p.numbers[id]))
			p.pass(time.Second)
			delete(p.numbers, id)
			delete(p.truth, id)
		},
		AddField: func(t testing.TB) {
			require.NoError(t, p.server.AddProperty("deals", standin.Property{Name: "source"}))
			p.fields["source"] = "fair"
			for id := range p.truth {
				p.put(id, p.truth[id]["dealname"], p.cursor(id))
			}
		},
		DropField: func(t testing.TB) string {
			require.NoError(t, p.server.RemoveProperty("deals", "extra"))
			delete(p.fields, "extra")
			for id := range p.truth {
				delete(p.truth[id], "extra")
			}
			return "extra"
		},
		Cursor: func(_ testing.TB, id string) time.Time { return p.cursor(id) },
		Truth: func(testing.TB) conformance.Records {
			out := conformance.Records{}
			for id, record := range p.truth {
				out[id] = maps.Clone(record)
			}
			return out
		},
		Faults: p.faults(),
	}
}

func (p *play) put(id, name string, at time.Time) {
	record := map[string]string{"code": id, "dealname": name, "amount": "12000.50"}
	maps.Copy(record, p.fields)
	values := map[string]any{}
	for field, value := range record {
		values[field] = value
	}
	p.numbers[id] = p.write("deals", standin.Record{ID: p.numbers[id], At: at, Values: values})
	record["hs_object_id"], record["hs_lastmodifieddate"] = p.numbers[id], at.Format("2006-01-02T15:04:05.000Z")
	p.truth[id] = record
}

func (p *play) cursor(id string) time.Time {
	at, err := time.Parse(time.RFC3339, p.truth[id]["hs_lastmodifieddate"])
	require.NoError(p.t, err)
	return at
}

// inject puts faults in place; at least one of them must hit.
func (p *play) inject(faults ...standin.Fault) conformance.Injection {
	var in []*standin.Injection
	return conformance.Injection{
		Inject: func(testing.TB) func() {
			in = nil
			for _, f := range faults {
				in = append(in, p.server.Inject(f))
			}
			return func() {
				for _, i := range in {
					i.Remove()
				}
			}
		},
		Seen: func(t testing.TB) {
			hits := 0
			for _, i := range in {
				hits += i.Hits()
			}
			require.Positive(t, hits)
		},
	}
}

func (p *play) faults() map[conformance.Fault]conformance.Injection {
	busy := p.inject(standin.Fault{Harm: standin.Refuse, Path: deals, Skip: 1, Times: 1, Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second})
	hit := busy.Seen
	busy.Seen = func(t testing.TB) {
		hit(t)
		require.GreaterOrEqual(t, p.longest, 7*time.Second, "it waited as long as it was told")
		p.longest = 0
	}
	hang := p.inject(standin.Fault{Harm: standin.Hang, Path: deals, Skip: 1, Times: 1})
	hangs := hang.Inject
	hang.Inject = func(t testing.TB) func() {
		p.timeout = 500 * time.Millisecond
		return hangs(t)
	}
	return map[conformance.Fault]conformance.Injection{
		conformance.TooManyRequests: busy,
		conformance.ServerError: p.inject(standin.Fault{Harm: standin.Refuse, Path: deals, Skip: 1, Times: 2, Status: http.StatusServiceUnavailable},
			standin.Fault{Harm: standin.ProxyPage, Path: deals, Skip: 2, Times: 1}),
		conformance.Timeout:       hang,
		conformance.Truncated:     p.inject(standin.Fault{Harm: standin.Cut, Path: deals, Skip: 1, Times: 1}),
		conformance.ExpiredToken:  p.inject(standin.Fault{Harm: standin.ExpireToken, Path: deals, Skip: 1, Times: 1}),
		conformance.DuplicatePage: p.inject(standin.Fault{Harm: standin.SamePage, Path: deals, Skip: 1, Times: 1}),
		conformance.ReorderedPages: p.inject(standin.Fault{Harm: standin.NextFirst, Path: deals, Method: http.MethodGet, Times: 2},
			standin.Fault{Harm: standin.Backwards, Path: deals, Method: http.MethodPost}),
		conformance.WrongCredentials: {
			Inject: func(testing.TB) func() {
				p.server.Revoke(key)
				return func() { p.grant() }
			},
			Finds: func(t testing.TB, f []source.Finding) {
				require.Len(t, f, 1)
				require.False(t, f[0].OK)
				require.Contains(t, f[0].Detail, "correlationId 0")
				require.NotContains(t, f[0].Detail, key)
			},
		},
		conformance.MissingPermission: {
			Inject: func(testing.TB) func() {
				p.grant("crm.objects.deals.read")
				return func() { p.grant() }
			},
			Finds: func(t testing.TB, f []source.Finding) {
				require.False(t, f[1].OK)
				require.Contains(t, f[1].Mend, "give the private app the scope crm.objects.deals.read (")
			},
		},
		conformance.SamePage:  p.inject(standin.Fault{Harm: standin.SamePage, Path: deals}),
		conformance.BreaksOff: p.inject(standin.Fault{Harm: standin.Cut, Path: deals, Skip: 1}),
	}
}

func TestConformance(t *testing.T) {
	conformance.Run(t, begin)
}

func TestKills(t *testing.T) {
	conformance.Kills(t, begin(t), 100, 7)
}
