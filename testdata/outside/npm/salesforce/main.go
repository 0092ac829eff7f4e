// Command salesforce runs a program against a small Salesforce org: `go run ./salesforce node salesforce.mjs`. The program finds the address in
// SALESFORCE_URL; the org's names and words are those below.
package main

import (
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
	rows := make([]standin.Row, 4500)
	for i := range rows {
		rows[i] = standin.Row{"Name": fmt.Sprintf("Lead %04d\nsecond \"line\"", i)}
	}
	org, err := standin.New(standin.Options{Now: time.Now, Username: "user@vendor.test", Password: "password", ClientID: "client", ClientSecret: "secret"},
		standin.Data{Object: standin.Object{Name: "Lead", Fields: []standin.Field{{Name: "Name", Type: "string", Length: 255}}}, Rows: rows})
	if err != nil {
		return err
	}
	if _, err = org.Add("Lead", standin.Row{"Name": "gone", "IsDeleted": true}); err != nil {
		return err
	}
	return serve.While(program, org, "SALESFORCE")
}
