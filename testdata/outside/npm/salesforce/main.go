// Command salesforce runs a program against a small Salesforce org: `go run ./salesforce node salesforce.mjs`. The program finds the address in
// SALESFORCE_URL, the private key of its JWTs in SALESFORCE_KEY (PKCS 8, PEM) and what a user's login left it in SALESFORCE_REFRESH_TOKEN; the org's
// names, words and clock are those below.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"time"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
	"github.com/tributary-data/tributary/testdata/outside/npm/serve"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "salesforce:", err)
		os.Exit(1)
	}
}

func run(program []string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	org, err := newOrg(&key.PublicKey)
	if err != nil {
		return err
	}
	org.Inject(standin.Fault{Kind: standin.Status, Code: 503, Path: "/sobjects/Event/describe", Times: 1})
	return serve.While(program, org, "SALESFORCE",
		"SALESFORCE_KEY="+string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})), "SALESFORCE_REFRESH_TOKEN="+org.GrantRefresh())
}

// newOrg has 4500 leads of one user, one lead in the recycle bin, and the history of the first.
func newOrg(key *rsa.PublicKey) (*standin.Server, error) {
	const owner, first = "005000000000009AAA", "00Q000000000001EAA"
	leads := []standin.Row{{"Id": first}}
	for range 4499 {
		leads = append(leads, standin.Row{})
	}
	for i, row := range leads {
		row["LastName"], row["OwnerId"] = fmt.Sprintf("Lead %04d\nsecond \"line\"", i), owner
	}
	clock := standin.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	org, err := standin.New(
		standin.Options{
			Now: clock.Now, Standard: true, Username: "user@vendor.test", Password: "password", ClientID: "client", ClientSecret: "secret", PublicKey: key,
		},
		standin.Data{Object: standin.Object{Name: "User"}, Rows: []standin.Row{{"Id": owner, "LastName": "Ek", "Email": "ek@vendor.test"}}},
		standin.Data{Object: standin.Object{Name: "Lead"}, Rows: leads},
		standin.Data{Object: standin.Object{Name: "LeadHistory"}, Rows: []standin.Row{{"LeadId": first, "Field": "Status", "OldValue": "Open", "NewValue": "Working"}}},
	)
	if err != nil {
		return nil, err
	}
	gone, err := org.Add("Lead", standin.Row{"LastName": "gone"})
	if err != nil {
		return nil, err
	}
	return org, org.Delete("Lead", gone)
}
