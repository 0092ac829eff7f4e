package panel_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/tributary-data/tributary/dashboards/panel/stand"
	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

// served are the databases that the tests of this package share.
var served struct{ demo, empty string }

func TestMain(m *testing.M) {
	localpg.Main()
	flag.Parse()
	os.Exit(withStand(m))
}

func withStand(m *testing.M) int {
	ctx := context.Background()
	s, err := stand.Start(ctx)
	if err == nil {
		served.demo, err = s.Demo(ctx, stand.Nights()...)
	}
	if err == nil {
		served.empty, err = s.Empty(ctx, stand.LastNight)
	}
	code := 1
	if err == nil {
		code = m.Run()
	}
	if s != nil {
		if stopped := s.Stop(); err == nil {
			err = stopped
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
