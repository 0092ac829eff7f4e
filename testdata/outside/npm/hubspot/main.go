// Command hubspot runs a program against a HubSpot account that holds the sample vendor: `go run ./hubspot node hubspot.mjs`. The program finds the address
// in HUBSPOT_URL, a token that may read everything in HUBSPOT_TOKEN and one that may read contacts in HUBSPOT_NARROW_TOKEN.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
	"github.com/tributary-data/tributary/testdata/outside/npm/serve"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hubspot:", err)
		os.Exit(1)
	}
}

func run(program []string) error {
	const all, narrow = "pat-na1-all", "pat-na1-narrow"
	server, err := standin.New(standin.Sample(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)), standin.Options{
		Tokens: []standin.Token{{Key: all, Scopes: standin.AllScopes()}, {Key: narrow, Scopes: []string{"crm.objects.contacts.read"}}},
		Limits: standin.Limits{TenSeconds: 100},
	})
	if err != nil {
		return err
	}
	server.Inject(standin.Fault{Harm: standin.Refuse, Path: "/crm/v3/objects/products", Status: http.StatusServiceUnavailable, Times: 1})
	return serve.While(program, server, "HUBSPOT", "HUBSPOT_TOKEN="+all, "HUBSPOT_NARROW_TOKEN="+narrow)
}
