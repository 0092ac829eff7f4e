package panel

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// Types of a field, as Grafana's front end calls them.
const (
	Number  = "number"
	Time    = "time"
	Text    = "string"
	Boolean = "boolean"
	Other   = "other"
)

// Frame is a query's result as panels get it.
type Frame struct {
	RefID  string  `json:"refId"`
	Fields []Field `json:"fields"`
}

// Field is a column. Its values are float64, bool, string, json.RawMessage, time as milliseconds since 1970 (int64), or nil.
type Field struct {
	Name   string            `json:"name"`
	Type   string            `json:"type"`
	Labels map[string]string `json:"labels,omitempty"`
	Values []any             `json:"values"`
}

// Rows is how many rows a frame has.
func (f Frame) Rows() int {
	if len(f.Fields) == 0 {
		return 0
	}
	return len(f.Fields[0].Values)
}

// timeColumn is the name by which the data source knows the column of time.
const timeColumn = "time"

// frameOf makes the frame of the statements' results, as of Grafana 12.4 and later.
func frameOf(refID string, results []*pgconn.Result) (Frame, error) {
	out := Frame{RefID: refID}
	types := pgtype.NewMap()
	for _, r := range results {
		if len(r.FieldDescriptions) == 0 { // a statement without rows
			continue
		}
		if out.Fields == nil {
			for _, column := range r.FieldDescriptions {
				out.Fields = append(out.Fields, Field{Name: column.Name, Type: kind(column.DataTypeOID)})
			}
		}
		if len(r.FieldDescriptions) != len(out.Fields) {
			return out, errors.New("two statements return different columns")
		}
		for _, row := range r.Rows {
			for i, raw := range row {
				value, err := convert(types, r.FieldDescriptions[i].DataTypeOID, raw)
				if err != nil {
					return out, fmt.Errorf("column %s: %w", out.Fields[i].Name, err)
				}
				out.Fields[i].Values = append(out.Fields[i].Values, value)
			}
		}
	}
	if out.Rows() == 0 { // panels see no fields at all then
		return Frame{RefID: refID, Fields: []Field{}}, nil
	}
	return out, epochs(out)
}

func kind(oid uint32) string {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID:
		return Number
	case pgtype.BoolOID:
		return Boolean
	case pgtype.TimestampOID, pgtype.TimestamptzOID, pgtype.DateOID:
		return Time
	case pgtype.JSONOID, pgtype.JSONBOID:
		return Other
	}
	return Text
}

func convert(types *pgtype.Map, oid uint32, raw []byte) (any, error) {
	if raw == nil {
		return nil, nil
	}
	switch kind(oid) {
	case Number:
		n, err := strconv.ParseFloat(string(raw), 64)
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, fmt.Errorf("%s is no number to show", raw)
		}
		return n, err
	case Boolean:
		return string(raw) == "t", nil
	case Time:
		var t time.Time
		err := types.Scan(oid, pgtype.TextFormatCode, raw, &t)
		return t.UnixMilli(), err
	case Other:
		return json.RawMessage(raw), nil
	}
	return string(raw), nil
}

// epochs turns numbers in the column of time into instants: seconds and nanoseconds are told apart by their size.
func epochs(f Frame) error {
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Name != timeColumn || field.Type == Time {
			continue
		}
		if field.Type != Number {
			return fmt.Errorf("column %s is neither a time nor a number", timeColumn)
		}
		field.Type = Time
		for j, value := range field.Values {
			n, ok := value.(float64)
			switch {
			case !ok:
			case n >= 1e9 && n < 1e10:
				field.Values[j] = int64(n * 1e3)
			case n >= 1e18 && n < 1e19:
				field.Values[j] = int64(n / 1e6)
			default:
				field.Values[j] = int64(n)
			}
		}
	}
	return nil
}
