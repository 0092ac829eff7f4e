// Package vendors serves the demo vendor's data as the services would in which companies have it: the CRM as Salesforce, marketing as
// HubSpot. The servers answer on this machine alone, keep everything in memory, and forget it when they end.
package vendors

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tributary-data/tributary/testdata/demo"
)

// Serving are the servers.
type Serving struct {
	Addresses []Address
	servers   []*http.Server
}

// Address is where a server answers.
type Address struct {
	Name   string `json:"name"`   // of the vendor whose API it has
	Source string `json:"source"` // of the demo's configuration
	URL    string `json:"url"`
}

type vendor struct {
	name, source string
	secret       string // and the file it is in
	file         string
	handler      func(now func() time.Time) (http.Handler, error)
	config       func(address string) (string, error)
}

func all() []vendor {
	return []vendor{
		{"Salesforce", "crm", clientSecret, "salesforce", salesforce, salesforceSource},
		{"HubSpot", "marketing", hubspotToken, "hubspot", hubspot, hubspotSource},
	}
}

// Write puts the demo project into a folder, which must not hold one yet, with the sources that are served asked instead of read from files, and
// serves them until Close. The first server has the port, or any free one when it is 0, the others those after it. Where the project is there already,
// from an earlier Write with the same port, it is served again as it is.
func Write(dir string, port int) (*Serving, error) {
	begun := time.Now()
	asOf, err := time.Parse(time.DateOnly, demo.AsOf)
	if err != nil {
		return nil, err
	}
	// the night after the last day of the data; from then on time passes
	now := func() time.Time { return asOf.AddDate(0, 0, 1).Add(time.Hour + time.Since(begun)) }
	s := &Serving{}
	config, err := demo.ReadConfig()
	if err == nil {
		config, err = s.listen(config, port, now)
	}
	if err == nil {
		err = s.write(dir, config)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// listen starts the servers and puts their sources into the configuration.
func (s *Serving) listen(config string, port int, now func() time.Time) (string, error) {
	for i, v := range all() {
		handler, err := v.handler(now)
		if err != nil {
			return "", fmt.Errorf("%s: %w", v.name, err)
		}
		at := port
		if port > 0 {
			at += i
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", at))
		if err != nil {
			return "", fmt.Errorf("%s: %w (--port takes another)", v.name, err)
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }() // ends when it is closed
		s.servers = append(s.servers, server)
		address := "http://" + listener.Addr().String()
		s.Addresses = append(s.Addresses, Address{v.name, v.source, address})
		source, err := v.config(address)
		if err != nil {
			return "", err
		}
		if config, err = replaceSource(config, v.source, source); err != nil {
			return "", err
		}
	}
	return config, nil
}

// replaceSource puts another text in the place of a source of the demo's configuration, where each is a paragraph.
func replaceSource(config, name, source string) (string, error) {
	paragraphs := strings.Split(config, "\n\n")
	for i, p := range paragraphs {
		if strings.Contains("\n"+p, "\n  "+name+":\n    type: file") {
			head := ""
			if strings.HasPrefix(p, "sources:\n") {
				head = "sources:\n"
			}
			paragraphs[i] = head + strings.TrimRight(source, "\n")
			return strings.Join(paragraphs, "\n\n"), nil
		}
	}
	return "", fmt.Errorf("the demo's configuration has no source %s", name)
}

func (s *Serving) write(dir, config string) error {
	path := filepath.Join(dir, "tributary.yaml")
	if have, err := os.ReadFile(path); err == nil && string(have) == config {
		return nil
	}
	if err := demo.Write(dir); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil { //nolint:gosec // no secret is in it
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o700); err != nil {
		return err
	}
	for _, v := range all() {
		if err := os.WriteFile(filepath.Join(dir, "secrets", v.file), []byte(v.secret+"\n"), 0o600); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(dir, "data", v.source)); err != nil { // it is asked for now
			return err
		}
	}
	return nil
}

// Close ends the servers.
func (s *Serving) Close() error {
	var problem error
	for _, server := range s.servers {
		problem = errors.Join(problem, server.Shutdown(context.Background()))
	}
	return problem
}
