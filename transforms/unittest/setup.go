package unittest

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tributary-data/tributary/transforms/catalogue"
	"github.com/tributary-data/tributary/transforms/prelude"
	"github.com/tributary-data/tributary/transforms/program"
	"github.com/tributary-data/tributary/transforms/staging"
)

// Setup makes a warehouse without data: the prelude, the tables of a program, empty staging tables and an empty catalogue.
func Setup(p *program.Program, params program.Params) func(ctx context.Context, db *sql.DB) error {
	return func(ctx context.Context, db *sql.DB) error {
		if err := prelude.Create(ctx, db, params.Zone); err != nil {
			return err
		}
		conn, err := db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("open a connection: %w", err)
		}
		defer conn.Close()
		if err := p.CreateTables(ctx, conn, params); err != nil {
			return err
		}
		if err := staging.CreateEmpty(ctx, conn); err != nil {
			return err
		}
		return (&catalogue.Catalogue{}).Store(ctx, conn)
	}
}
