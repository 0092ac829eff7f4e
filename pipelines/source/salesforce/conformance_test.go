package salesforce_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/conformance"
	"github.com/tributary-data/tributary/pipelines/source/salesforce"
	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

const (
	clientID, clientSecret = "app", "a secret word"
	stamp                  = "2006-01-02T15:04:05.000-0700"
	landed                 = "2006-01-02T15:04:05.000Z"
)

// org is an org with an object that the conformance suite plays on. It keeps by itself what is true.
type org struct {
	t       testing.TB
	clock   *standin.Clock
	server  *standin.Server
	url     string
	api     string
	secret  string
	timeout time.Duration

	mu      sync.Mutex
	waited  time.Duration // the longest
	records map[string]map[string]string
	deleted map[string]bool
	extra   string // the field that is added
	dropped bool   // Old__c is gone
}

func newOrg(t testing.TB, api string) *org {
	t.Helper()
	o := &org{
		t: t, clock: standin.NewClock(time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)), api: api, secret: clientSecret, timeout: time.Minute,
		records: map[string]map[string]string{}, deleted: map[string]bool{},
	}
	var err error
	o.server, err = standin.New(standin.Options{Now: o.clock.Now, AnyID: true, ClientID: clientID, ClientSecret: clientSecret, DailyRequests: 1_000_000, DailyJobs: 1_000_000},
		standin.Data{Object: standin.Object{Name: "Deal__c", Fields: []standin.Field{
			{Name: "Name", Type: "string", Length: 80}, {Name: "Amount__c", Type: "currency", Precision: 18, Scale: 4}, {Name: "Old__c", Type: "string", Length: 80},
		}}})
	require.NoError(t, err)
	web := httptest.NewServer(o.server)
	t.Cleanup(web.Close)
	o.url = web.URL
	return o
}

func (o *org) page() int {
	if o.api == salesforce.Bulk {
		return 3
	}
	return 200
}

func (o *org) connect(t testing.TB) source.Connector {
	t.Helper()
	patience := &source.Patience{Timeout: o.timeout, Tools: source.Tools{Wait: o.wait, Random: func() float64 { return 0 }}}
	c, err := salesforce.New(salesforce.Options{
		Host: o.url, API: o.api, Page: o.page(), Patience: patience, Login: salesforce.Login{ClientID: clientID, ClientSecret: o.secret},
	})
	require.NoError(t, err)
	return c
}

func (o *org) wait(ctx context.Context, d time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.waited = max(o.waited, d)
	return ctx.Err()
}

// put stores a record with a cursor.
func (o *org) put(id, name string, at time.Time) {
	o.t.Helper()
	row := standin.Row{"Name": name, "Amount__c": json.Number("1234567890.1000"), "SystemModstamp": at.Format(stamp), "LastModifiedDate": at.Format(stamp)}
	record := map[string]string{
		"Id": id, "Name": name, "Amount__c": "1234567890.1000", "SystemModstamp": at.Format(landed), "LastModifiedDate": at.Format(landed), "IsDeleted": "false",
	}
	if before, there := o.records[id]; there {
		if o.deleted[id] {
			require.NoError(o.t, o.server.Undelete("Deal__c", id))
		}
		require.NoError(o.t, o.server.Overwrite("Deal__c", id, row))
		for _, name := range []string{o.extra, "Old__c"} {
			if value, has := before[name]; has {
				record[name] = value
			}
		}
	} else {
		row["Id"] = id
		if !o.dropped {
			row["Old__c"], record["Old__c"] = "x", "x"
		}
		if o.extra != "" {
			row[o.extra], record[o.extra] = "open", "open"
		}
		_, err := o.server.Add("Deal__c", row)
		require.NoError(o.t, err)
	}
	o.records[id] = record
	delete(o.deleted, id)
}

func start(api string) func(t testing.TB) conformance.Harness {
	return func(t testing.TB) conformance.Harness {
		o := newOrg(t, api)
		h := conformance.Harness{
			Connect: o.connect, Stream: source.Stream{Name: "deals", Object: "Deal__c"}, Overlap: 10 * time.Minute, Page: o.page(),
			Now: func(testing.TB) time.Time { return o.clock.Now().Truncate(time.Second) },
			Put: func(_ testing.TB, id, name string) {
				o.clock.Advance(time.Second)
				o.put(id, name, o.clock.Now())
				o.clock.Advance(time.Second)
			},
			PutLate: func(_ testing.TB, id, name string) { o.put(id, name, o.clock.Now().Add(-5*time.Minute)) },
			Delete: func(t testing.TB, id string) {
				o.clock.Advance(time.Second)
				require.NoError(t, o.server.Delete("Deal__c", id))
				o.deleted[id] = true
				o.clock.Advance(time.Second)
			},
			AddField: func(t testing.TB) {
				o.extra = "Stage__c"
				require.NoError(t, o.server.AddField("Deal__c", standin.Field{Name: "Stage__c", Type: "string", Length: 40}))
				for id, record := range o.records {
					record["Stage__c"] = "open"
					require.NoError(t, o.server.Overwrite("Deal__c", id, standin.Row{"Stage__c": "open"}))
				}
			},
			DropField: func(t testing.TB) string {
				require.NoError(t, o.server.RemoveField("Deal__c", "Old__c"))
				o.dropped = true
				for _, record := range o.records {
					delete(record, "Old__c")
				}
				return "Old__c"
			},
			Cursor: func(t testing.TB, id string) time.Time {
				at, err := time.Parse(landed, o.records[id]["SystemModstamp"])
				require.NoError(t, err)
				return at
			},
			Truth: func(testing.TB) conformance.Records {
				out := conformance.Records{}
				for id, record := range o.records {
					if !o.deleted[id] {
						out[id] = record
					}
				}
				return out
			},
		}
		h.Faults = o.faults()
		return h
	}
}

// later is the path of pages after the first.
func (o *org) later() standin.Fault {
	if o.api == salesforce.Bulk {
		return standin.Fault{Path: "/results", After: 1}
	}
	return standin.Fault{Path: "/query/"}
}

func (o *org) faults() map[conformance.Fault]conformance.Injection {
	inject := func(kind string, change func(*standin.Fault)) func(testing.TB) func() {
		return func(testing.TB) func() {
			f := o.later()
			f.Kind, f.Times = kind, 1
			if change != nil {
				change(&f)
			}
			o.server.Inject(f)
			return func() {}
		}
	}
	struck := func(kind string) func(testing.TB) {
		return func(t testing.TB) { require.Positive(t, o.server.Injected(kind), "it happened") }
	}
	always := func(f *standin.Fault) { f.Times = 0 }
	mending := func(kind string, change func(*standin.Fault)) func(testing.TB) func() {
		return func(t testing.TB) func() {
			inject(kind, change)(t)
			return o.server.Mend
		}
	}
	return map[conformance.Fault]conformance.Injection{
		conformance.TooManyRequests: {
			Inject: inject(standin.Status, func(f *standin.Fault) { f.Code, f.RetryAfter = 429, 7 }),
			Seen: func(t testing.TB) {
				struck(standin.Status)(t)
				require.GreaterOrEqual(t, o.waited, 7*time.Second, "it waited as long as it was told")
			},
		},
		conformance.ServerError: {Inject: inject(standin.Status, func(f *standin.Fault) { f.Code = 503 }), Seen: struck(standin.Status)},
		conformance.Timeout: {Inject: func(t testing.TB) func() {
			o.timeout = 300 * time.Millisecond
			return inject(standin.Hang, nil)(t)
		}, Seen: struck(standin.Hang)},
		conformance.Truncated:      {Inject: inject(standin.Truncate, nil), Seen: struck(standin.Truncate)},
		conformance.ExpiredToken:   {Inject: inject(standin.Expire, nil), Seen: struck(standin.Expire)},
		conformance.DuplicatePage:  {Inject: inject(standin.Duplicate, func(f *standin.Fault) { f.After = 0 }), Seen: struck(standin.Duplicate)},
		conformance.ReorderedPages: {Inject: inject(standin.Reorder, func(f *standin.Fault) { f.After = 0 }), Seen: struck(standin.Reorder)},
		conformance.WrongCredentials: {
			Inject: func(testing.TB) func() {
				o.secret = "another"
				return func() { o.secret = clientSecret }
			},
			Finds: func(t testing.TB, f []source.Finding) {
				require.Len(t, f, 1)
				require.False(t, f[0].OK)
				require.Contains(t, f[0].Detail, "invalid_client")
				require.NotContains(t, f[0].Detail, "another")
			},
		},
		conformance.MissingPermission: {
			Inject: func(t testing.TB) func() {
				require.NoError(t, o.server.DenyObject("Deal__c", true))
				return func() { require.NoError(t, o.server.DenyObject("Deal__c", false)) }
			},
			Finds: func(t testing.TB, f []source.Finding) {
				require.Len(t, f, 2)
				require.True(t, f[0].OK)
				require.False(t, f[1].OK)
				require.Contains(t, f[1].Detail, "Deal__c is not there, or the login may not read it")
				require.Contains(t, f[1].Mend, "permission set")
			},
		},
		conformance.SamePage:  {Inject: mending(standin.SamePage, func(f *standin.Fault) { f.Times, f.After = 0, 0 })},
		conformance.BreaksOff: {Inject: mending(standin.Status, func(f *standin.Fault) { f.Code = 500; always(f) })},
	}
}

func TestConformanceByREST(t *testing.T) {
	conformance.Run(t, start(salesforce.REST))
}

func TestConformanceByBulk(t *testing.T) {
	conformance.Run(t, start(salesforce.Bulk))
}

func TestKills(t *testing.T) {
	conformance.Kills(t, start(salesforce.REST)(t), 60, 3)
	conformance.Kills(t, start(salesforce.Bulk)(t), 60, 4)
}
