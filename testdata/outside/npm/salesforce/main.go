// Command salesforce serves a small Salesforce org for clients that others wrote: it writes its URL on a line, and serves until its input ends.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func main() {
	rows := make([]standin.Row, 4500)
	for i := range rows {
		rows[i] = standin.Row{"Name": fmt.Sprintf("Lead %04d\nsecond \"line\"", i)}
	}
	org, err := standin.New(standin.Options{Now: time.Now, Username: "user@vendor.test", Password: "password", ClientID: "client", ClientSecret: "secret"},
		standin.Data{Object: standin.Object{Name: "Lead", Fields: []standin.Field{{Name: "Name", Type: "string", Length: 255}}}, Rows: rows})
	if err != nil {
		log.Fatal(err)
	}
	if _, err = org.Add("Lead", standin.Row{"Name": "gone", "IsDeleted": true}); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: org, ReadHeaderTimeout: time.Minute}
	go func() { log.Print(server.Serve(listener)) }()
	_, _ = fmt.Fprintln(os.Stdout, "http://"+listener.Addr().String())
	_, _ = io.Copy(io.Discard, os.Stdin)
}
