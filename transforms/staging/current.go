package staging

import (
	"context"
	"database/sql"

	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/syntax"
)

// Current makes the current rows of a stream a relation of a connection: what maps would read, deletions and older versions left out.
// It is empty for a stream without parts. The connection should be used for nothing else.
func Current(ctx context.Context, conn *sql.Conn, spec Stream, data StreamData) (relation string, err error) {
	parser, err := syntax.NewParser()
	if err != nil {
		return "", err
	}
	defer parser.Close()
	p := &Plan{conn: conn, parser: parser, cfg: Config{Zone: "UTC", Streams: map[string]Stream{data.Name: spec}}, zones: map[string]bool{}, streams: map[string]*stream{}}
	if err := p.prepare(ctx); err != nil {
		return "", err
	}
	s, err := p.openStream(ctx, data)
	if err == nil {
		err = p.problems.Err()
	}
	if err != nil || s == nil {
		return "", err
	}
	return s.live(), nil
}

// prepare makes a connection ready for raw tables.
func (p *Plan) prepare(ctx context.Context) error {
	// Text of instants, and instants of text without an offset, must not depend on where the program runs.
	for _, statement := range []string{"SET TimeZone = 'UTC'", "CREATE SCHEMA IF NOT EXISTS staging", readers(), "ATTACH IF NOT EXISTS ':memory:' AS raw"} {
		if err := p.exec(ctx, "%s", statement); err != nil {
			return err
		}
	}
	return p.useZone(ctx, diag.Text{Value: p.cfg.Zone})
}
