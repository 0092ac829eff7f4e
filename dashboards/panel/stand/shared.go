package stand

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/tributary-data/tributary/pipelines/publish/localpg"
)

// Databases are addresses for Grafana's login: of the demo vendor's nights, and of an empty warehouse.
type Databases struct{ Demo, Empty string }

// Owner is the address of a database for the server's administrator.
func Owner(grafana string) string {
	return strings.Replace(grafana, login+":"+password+"@", "tributary:tributary@", 1)
}

// Both fills the two databases.
func (s *Stand) Both(ctx context.Context) (out Databases, err error) {
	if out.Demo, err = s.Demo(ctx, Nights()...); err != nil {
		return out, err
	}
	out.Empty, err = s.Empty(ctx, LastNight)
	return out, err
}

// Shared is the stand of a package's tests. Databases starts it when a test first asks.
type Shared struct {
	Databases func() (Databases, error)
	stand     *Stand
}

// Share is a stand that is filled so.
func Share(fill func(context.Context, *Stand) (Databases, error)) *Shared {
	s := &Shared{}
	s.Databases = sync.OnceValues(func() (Databases, error) {
		ctx := context.Background()
		started, err := Start(ctx)
		if err != nil {
			return Databases{}, err
		}
		s.stand = started
		return fill(ctx, started)
	})
	return s
}

// Main is what the package's TestMain has to exit with: it runs the tests and stops the stand that they have started.
func (s *Shared) Main(tests func() int) int {
	localpg.Main()
	code := tests()
	if s.stand == nil {
		return code
	}
	if err := s.stand.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
