// Package pgtest gives tests a real PostgreSQL. A test binary that uses it calls localpg.Main first in its TestMain, as Main does.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

// Start starts a server in a folder of its own; stop ends it and removes the folder.
func Start(ctx context.Context) (server *localpg.Server, stop func() error, err error) {
	dir, err := os.MkdirTemp("", "tributary-pg-") // only root may look into a test's own
	if err != nil {
		return nil, nil, err
	}
	remove := func() error { return os.RemoveAll(dir) }
	if err = os.Chmod(dir, 0o755); err == nil { //nolint:gosec // below root the server is another user's
		server, err = localpg.Start(ctx, localpg.Options{Dir: dir})
	}
	if err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return server, func() error { return errors.Join(server.Stop(), remove()) }, nil
}

// Main runs the tests of a package with one server for all of them, which use is given before they begin.
func Main(m *testing.M, use func(*localpg.Server)) {
	localpg.Main()
	server, stop, err := Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	use(server)
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}
