package standin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

const deals = "/crm/v3/objects/deals"

func TestFaultsAreForSomeRequests(t *testing.T) {
	a := open(t)
	f := a.Inject(standin.Fault{Harm: standin.Refuse, Method: http.MethodGet, Path: deals, Skip: 1, Times: 2})
	var told []int
	for range 5 {
		told = append(told, a.get(deals).status, a.get("/crm/v3/owners").status)
	}
	require.Equal(t, []int{200, 200, 500, 200, 500, 200, 200, 200, 200, 200}, told)
	require.Equal(t, 2, f.Hits())

	forever := a.Inject(standin.Fault{Harm: standin.Refuse, Status: http.StatusServiceUnavailable})
	require.Equal(t, http.StatusServiceUnavailable, a.get(deals).status)
	forever.Remove()
	require.Equal(t, http.StatusOK, a.get(deals).status)
	require.Equal(t, 1, forever.Hits())
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		fault standin.Fault
		want  int
		field string
		value string
	}{
		"429 of the limit per ten seconds": {standin.Fault{Harm: standin.Refuse, Status: 429, RetryAfter: 7 * time.Second}, 429, "policyName", "TEN_SECONDLY_ROLLING"},
		"429 of the day":                   {standin.Fault{Harm: standin.Refuse, Status: 429, Policy: "DAILY"}, 429, "policyName", "DAILY"},
		"500":                              {standin.Fault{Harm: standin.Refuse}, 500, "message", "internal server error"},
		"503":                              {standin.Fault{Harm: standin.Refuse, Status: 503, RetryAfter: 7 * time.Second}, 503, "status", "error"},
		"a token whose time is over":       {standin.Fault{Harm: standin.ExpireToken}, 401, "category", "EXPIRED_AUTHENTICATION"},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t)
			a.Inject(c.fault)
			r := a.get(deals)
			require.Equal(t, c.want, r.status)
			require.Equal(t, c.value, r.at(c.field))
			require.Equal(t, c.fault.RetryAfter > 0, r.header.Get("Retry-After") == "7")
		})
	}
	t.Run("502 of a proxy", func(t *testing.T) {
		a := open(t)
		a.Inject(standin.Fault{Harm: standin.ProxyPage})
		r := a.get(deals)
		require.Equal(t, http.StatusBadGateway, r.status)
		require.Equal(t, "text/html", r.header.Get("Content-Type"))
		require.Contains(t, r.text, "<h1>502 Bad Gateway</h1>")
	})
}

func TestBrokenConnections(t *testing.T) {
	a := open(t)
	a.Inject(standin.Fault{Harm: standin.Cut, Times: 1})
	r := a.get(deals)
	require.ErrorContains(t, r.err, "unexpected EOF")
	require.NotEmpty(t, r.text, "some of it came")

	f := a.Inject(standin.Fault{Harm: standin.Hang, Times: 1})
	ctx, giveUp := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+deals, nil)
	require.NoError(t, err)
	done := make(chan error)
	go func() {
		response, err := a.http.Do(request)
		if err == nil {
			response.Body.Close()
		}
		done <- err
	}()
	require.Eventually(t, func() bool { return f.Hits() == 1 }, 10*time.Second, time.Millisecond)
	select {
	case err := <-done:
		t.Fatalf("it answered: %v", err)
	default:
	}
	giveUp()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Equal(t, http.StatusOK, a.get(deals).status)
}

func TestPagesThatAreWrong(t *testing.T) {
	t.Run("told twice", func(t *testing.T) {
		a := open(t)
		a.Inject(standin.Fault{Harm: standin.SamePage, Path: deals, Skip: 1, Times: 1})
		var seen []string
		for after := ""; after != "-"; {
			r := a.get(deals + "?limit=1&after=" + after)
			seen = append(seen, r.list("id")...)
			after = r.at("paging.next.after")
		}
		require.Equal(t, []string{"301", "302", "302", "303"}, seen)
	})
	t.Run("told for ever, by search as well", func(t *testing.T) {
		a := open(t)
		f := a.Inject(standin.Fault{Harm: standin.SamePage, Path: deals})
		after := ""
		for range 4 {
			r := a.post(deals+"/search", `{"limit": 2, "after": "`+after+`"}`)
			require.Equal(t, "301 302", r.all("id"))
			after = r.at("paging.next.after")
		}
		require.Equal(t, 4, f.Hits())
	})
	t.Run("backwards", func(t *testing.T) {
		a := open(t)
		a.Inject(standin.Fault{Harm: standin.Backwards, Path: deals, Times: 1})
		require.Equal(t, "303 302 301", a.get(deals).all("id"))
		require.Equal(t, "301 302 303", a.get(deals).all("id"))
	})
	t.Run("in another order, each record once", func(t *testing.T) {
		a := open(t)
		a.SetLimits(standin.Limits{SearchesPerSecond: 3})
		f := a.Inject(standin.Fault{Harm: standin.NextFirst, Path: deals})
		order := func(ask func(after string) reply) (seen []string) {
			for after := ""; after != "-"; {
				r := ask(after)
				seen = append(seen, r.list("id")...)
				after = r.at("paging.next.after")
			}
			return seen
		}
		require.Equal(t, []string{"302", "301", "303"}, order(func(after string) reply { return a.get(deals + "?limit=1&after=" + after) }))
		require.Equal(t, []string{"302", "301", "303"}, order(func(after string) reply {
			return a.post(deals+"/search", `{"limit": 1, "after": "`+after+`"}`)
		}), "the three searches that the client made are all that count")
		require.Equal(t, 6, f.Hits())
	})
	t.Run("errors stay what they are", func(t *testing.T) {
		a := open(t)
		a.Inject(standin.Fault{Harm: standin.SamePage})
		require.Equal(t, http.StatusNotFound, a.get(deals+"/999").status)
	})
}
