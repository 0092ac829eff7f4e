// Command hubspot runs a program against a HubSpot account that holds the sample vendor: `go run ./hubspot node hubspot.mjs`. The program finds the address
// in HUBSPOT_URL, a token that may read everything in HUBSPOT_TOKEN and one that may read contacts in HUBSPOT_NARROW_TOKEN.
package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/tributary-data/tributary/pipelines/source/hubspot/standin"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hubspot:", err)
		os.Exit(1)
	}
}

func run(program []string) error {
	if len(program) == 0 {
		return errors.New("name the program to run")
	}
	const all, narrow = "pat-na1-all", "pat-na1-narrow"
	server, err := standin.New(standin.Sample(time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)), standin.Options{
		Tokens: []standin.Token{{Key: all, Scopes: standin.AllScopes()}, {Key: narrow, Scopes: []string{"crm.objects.contacts.read"}}},
		Limits: standin.Limits{TenSeconds: 100},
	})
	if err != nil {
		return err
	}
	server.Inject(standin.Fault{Harm: standin.Refuse, Path: "/crm/v3/objects/products", Status: http.StatusServiceUnavailable, Times: 1})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(listener, server) // until the program is done

	client := exec.Command(program[0], program[1:]...)
	client.Env = append(os.Environ(), "HUBSPOT_URL=http://"+listener.Addr().String(), "HUBSPOT_TOKEN="+all, "HUBSPOT_NARROW_TOKEN="+narrow)
	client.Stdout, client.Stderr = os.Stdout, os.Stderr
	return client.Run()
}
