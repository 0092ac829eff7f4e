package staging_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fieldCase reads texts by one option of a field.
type fieldCase struct {
	name   string
	entity string // with the fields that it needs and one under test
	field  string
	option string // of the field under test, without its column
	in     []string
	want   []string // value, or rule: and the rule under which the row is quarantined
}

// fillers give an entity's required fields.
var fillers = map[string]string{
	"lead":         "lead_id: id",
	"deal":         "deal_id: id\n      outcome: {constant: open}\n      created_at: {constant: '2020-01-01'}",
	"fx_rate":      "rate_date: {constant: '2026-01-01'}\n      from_currency: id\n      to_currency: {constant: EUR}",
	"activity":     "activity_id: id\n      actor_type: {constant: human}\n      party: {constant: vendor}\n      type: {constant: call}\n      occurred_at: {constant: '2020-01-01'}",
	"deal_partner": "deal_partner_id: id\n      deal_id: id\n      role: {constant: sourced}",
	"deal_stage":   "deal_stage_id: id\n      deal_id: id\n      stage: {constant: x}\n      entered_at: {constant: '2020-01-01'}",
	"partner":      "partner_id: id",
}

func TestFields(t *testing.T) {
	const null = "∅"
	for _, c := range []fieldCase{
		{"ISO instants", "lead", "modified_at", "", []string{
			"2026-01-05", "2026-01-05T10:00:00Z", "2026-01-05 10:00", "2026-01-05T10:00:00.123456789+05:30", "2026-01-05 4:30:42", "2026-01-05 10:00:00 +02:00",
			"2026-01-05T10:00:00.000+0000", "2026-01-05T10:00Z", "2026-01-05T10:00:00z", "2026-01-05 10:00:00 UTC", " 2026-01-05 ", "", "   ",
		}, []string{
			"2026-01-04 23:00:00+00", "2026-01-05 10:00:00+00", "2026-01-05 09:00:00+00", "2026-01-05 04:30:00.123456+00", "2026-01-05 03:30:42+00", "2026-01-05 08:00:00+00",
			"2026-01-05 10:00:00+00", "2026-01-05 10:00:00+00", "2026-01-05 10:00:00+00", "2026-01-05 10:00:00+00", "2026-01-04 23:00:00+00", null, null,
		}},
		{"what is no instant", "lead", "modified_at", "", []string{
			"03-04-2026", "3/4/26", "03.04.2026 10:00", "2026-02-30", "infinity", "yesterday", "NULL", "N/A", "0001-01-01", "20260405", "2026-01-05 10:00:00 Europe/Berlin", "2026-13-01T00:00:00Z",
		}, []string{
			"rule:ambiguous_date", "rule:ambiguous_date", "rule:ambiguous_date", "rule:not_a_date", "rule:not_a_date", "rule:not_a_date", "rule:not_a_date", "rule:not_a_date",
			"rule:not_a_date", "rule:not_a_date", "rule:not_a_date", "rule:not_a_date",
		}},
		{"clock changes", "lead", "modified_at", "", []string{"2026-03-29 02:30:00", "2026-10-25 02:30:00", "2026-10-25 03:00:00", "2026-03-29 03:00:00"},
			[]string{"rule:nonexistent_local_time", "2026-10-25 00:30:00+00", "2026-10-25 02:00:00+00", "2026-03-29 01:00:00+00"}},
		{"a zone of its own", "lead", "modified_at", "zone: America/New_York", []string{"2026-01-05 10:00:00", "2026-01-05T10:00:00Z"}, []string{"2026-01-05 15:00:00+00", "2026-01-05 10:00:00+00"}},
		{"formats", "lead", "modified_at", `date: ["%d.%m.%Y", "%d.%m.%Y %H:%M", iso]`, []string{"3.4.2026", "03.04.2026 10:00", "2026-04-03", "31.02.2026", "03.04.26", "29.03.2026 02:30", " 03.04.2026 "},
			[]string{"2026-04-02 22:00:00+00", "2026-04-03 08:00:00+00", "2026-04-02 22:00:00+00", "rule:not_a_date", "rule:not_a_date", "rule:nonexistent_local_time", "2026-04-02 22:00:00+00"}},
		{"a format without separators", "deal", "close_date", `date: "%Y%m%d"`, []string{"20260403", "2026043"}, []string{"2026-04-03", "rule:not_a_date"}},
		{"a format with an offset", "lead", "modified_at", `date: "%Y/%m/%d %H:%M:%S %z"`, []string{"2026/04/03 10:00:00 +0200", "2026/04/03"}, []string{"2026-04-03 08:00:00+00", "rule:not_a_date"}},
		{"two-digit years", "deal", "close_date", `date: "%d-%b-%y"`, []string{"3-Apr-26"}, []string{"2026-04-03"}},
		{"calendar days", "deal", "close_date", "", []string{"2026-04-03", "2026-04-03T23:30:00Z", "2026-04-03 23:30:00", "04/03/2026"}, []string{"2026-04-03", "2026-04-04", "2026-04-03", "rule:ambiguous_date"}},
		{"inclusive ends", "lead", "modified_at", "inclusive_end: true", []string{"2026-03-31", "2026-03-31 23:59:59", "2026-03-31 00:00:00", "2026-03-31 12:00:00"},
			[]string{"2026-03-31 22:00:00+00", "2026-03-31 22:00:00+00", "2026-03-31 22:00:00+00", "2026-03-31 10:00:00+00"}},
		{"an inclusive last day", "deal", "close_date", "inclusive_end: true", []string{"2026-03-31"}, []string{"2026-04-01"}},
		{"epoch seconds", "lead", "modified_at", "epoch: s", []string{"1767607200", "1767607200.5", "1767607200000", "x"}, []string{"2026-01-05 10:00:00+00", "2026-01-05 10:00:00.5+00", "rule:not_a_date", "rule:not_a_date"}},
		{"epoch milliseconds", "lead", "modified_at", "epoch: ms", []string{"1767607200123", "-1"}, []string{"2026-01-05 10:00:00.123+00", "1969-12-31 23:59:59.999+00"}},
		{"epoch as a day", "deal", "close_date", "epoch: s", []string{"1767567600"}, []string{"2026-01-05"}},

		{"decimals", "deal", "amount", "", []string{"1234.5", "-0.0001", ".5", "5.", "+1", "1.50000", "99999999999999.9999", " 12.5 "},
			[]string{"1234.5000", "-0.0001", "0.5000", "5.0000", "1.0000", "1.5000", "99999999999999.9999", "12.5000"}},
		{"what is no decimal", "deal", "amount", "", []string{"2,024,994", "1.234,50", "€5", "1e3", "12abc", "NaN", "1_000", "0.00001", "100000000000000", "1 000"},
			[]string{"rule:not_a_decimal", "rule:not_a_decimal", "rule:not_a_decimal", "rule:not_a_decimal", "rule:not_a_decimal", "rule:not_a_decimal", "rule:not_a_decimal", "rule:too_precise", "rule:overflow", "rule:not_a_decimal"}},
		{"German numbers", "deal", "amount", `decimal: {thousands: ".", decimal: ","}`, []string{"2.024.994", "1.234,50", "1234,5", "2,024,994", "1.23", "1,234.50", "-1.000"},
			[]string{"2024994.0000", "1234.5000", "1234.5000", "rule:not_a_decimal", "rule:not_a_decimal", "rule:not_a_decimal", "-1000.0000"}},
		{"English numbers", "deal", "amount", `decimal: {thousands: ","}`, []string{"2,024,994", "2,024.994", "20,24", "1,234", "1234"}, []string{"2024994.0000", "2024.9940", "rule:not_a_decimal", "1234.0000", "1234.0000"}},
		{"spaces between thousands", "deal", "amount", `decimal: {thousands: " ", decimal: ","}`, []string{"1 234,50", "1\u00a0234,50", "1\u202f234,50"}, []string{"1234.5000", "1234.5000", "1234.5000"}},
		{"currency signs only if told", "deal", "amount", `decimal: {thousands: ",", strip: ["€", EUR]}`, []string{"€1,234.50", "-€5", "1,234.50 EUR", "$5", "€ 5 "}, []string{"1234.5000", "-5.0000", "1234.5000", "rule:not_a_decimal", "5.0000"}},
		{"parentheses", "deal", "amount", `decimal: {negative: parentheses}`, []string{"(12.50)", "12.50", "-12.50", "(12"}, []string{"-12.5000", "12.5000", "-12.5000", "rule:not_a_decimal"}},
		{"trailing minus", "deal", "amount", `decimal: {negative: trailing}`, []string{"12.50-", "12.50"}, []string{"-12.5000", "12.5000"}},
		{"exponents if told", "deal", "amount", `decimal: {exponent: true}`, []string{"1e3", "1.5E-2", "1e-9", "7", "1e-25", "0e-30", "1e40", "-2.5e1"}, []string{"1000.0000", "0.0150", "rule:too_precise", "7.0000", "rule:too_precise", "0.0000", "rule:overflow", "-25.0000"}},
		{"rounding if told", "deal", "amount", "round: true", []string{"1.00005", "-1.00005", "1.00004"}, []string{"1.0001", "-1.0001", "1.0000"}},
		{"minor units of one currency", "deal", "amount", "minor_units: USD", []string{"12345", "-5", "1.5", "12345.00"}, []string{"123.4500", "-0.0500", "rule:too_precise", "123.4500"}},
		{"minor units of dinars and yen", "deal", "amount", "minor_units: {expr: \"CASE WHEN v LIKE '%1' THEN 'KWD' WHEN v LIKE '%2' THEN 'JPY' WHEN v LIKE '%3' THEN 'CLF' ELSE 'XXX' END\"}",
			[]string{"12341", "12342", "12343", "12344"}, []string{"12.3410", "12342.0000", "1.2343", "rule:unknown_currency"}},
		{"percent as text", "deal_partner", "pct", "percent: text", []string{"25%", "33.333333 %", "25"}, []string{"25.000000", "33.333333", "25.000000"}},
		{"percent as a fraction", "deal_partner", "pct", "percent: fraction", []string{"0.25", "0.33333333", "0.333333333", "1"}, []string{"25.000000", "33.333333", "rule:too_precise", "100.000000"}},
		{"a percentage outside is kept", "deal_partner", "pct", "", []string{"120", "-5"}, []string{"120.000000", "-5.000000"}},
		{"rates above zero", "fx_rate", "rate", "", []string{"1.1", "0", "-1", ""}, []string{"1.100000000", "rule:out_of_range", "rule:out_of_range", "rule:required"}},

		{"integers", "deal_stage", "sequence", "", []string{"12", "-3", "3.0", "3.5", "x", "99999999999999999999"}, []string{"12", "-3", "3", "rule:not_an_integer", "rule:not_an_integer", "rule:overflow"}},
		{"booleans", "lead", "registered", "", []string{"true", "F", "Yes", "n", "1", "0", "", "ja", " true "}, []string{"true", "false", "true", "false", "true", "false", null, "rule:not_a_boolean", "true"}},
		{"booleans of one's own", "lead", "registered", "boolean: {true: [Ja, X], false: [Nein, '-']}", []string{"ja", "x", "NEIN", "-", "true"}, []string{"true", "true", "false", "false", "rule:not_a_boolean"}},
		{"booleans by a value map", "lead", "registered", "values: {Active: true}\n        else: false", []string{"Active", "Gone", ""}, []string{"true", "false", null}},

		{"text as it is", "lead", "source", "", []string{"NULL", "N/A", " x ", ""}, []string{"NULL", "N/A", " x ", null}},
		{"text trimmed", "lead", "source", "trim: true", []string{" x ", "  "}, []string{"x", null}},
		{"nulls that the map names", "lead", "source", "null: [N/A, 'NULL']", []string{"N/A", "NULL", "null", ""}, []string{null, null, "null", null}},
		{"the word NULL without quotes", "lead", "source", "null: [NULL, ~]", []string{"NULL", "~", "null"}, []string{null, null, "null"}},
		{"the word NULL alone", "lead", "source", "null: NULL", []string{"NULL", "null", ""}, []string{null, "null", null}},
		{"nothing is null", "lead", "source", "null: []\n        default: none", []string{"x"}, []string{"x"}},
		{"nulls before dates", "lead", "modified_at", "null: [n/a]", []string{"n/a", "2026-01-05T10:00:00Z"}, []string{null, "2026-01-05 10:00:00+00"}},
		{"a default", "lead", "source", "default: web", []string{"", "x"}, []string{"web", "x"}},
		{"a default of a type", "deal", "amount", "default: 0", []string{"", "1"}, []string{"0.0000", "1.0000"}},
		{"padded ids", "lead", "source", "pad: 5", []string{"12", "123456", ""}, []string{"00012", "123456", null}},
		{"padded with something else", "lead", "source", "pad: {width: 4, with: x}", []string{"12"}, []string{"xx12"}},
		{"stripped zeros", "lead", "source", "strip_zeros: true", []string{"00012", "0", "000", "A01"}, []string{"12", "0", "0", "A01"}},
		{"JSON inside a column", "deal", "amount", "json: $.net", []string{`{"net": 99999999999999.99, "x": "a 1, b"}`, `{"net": "1.10"}`, `{"gross": 1}`, `{"net": 1.10}`}, []string{"99999999999999.9900", "1.1000", null, "1.1000"}},

		{"values, quarantined", "lead", "direction", "values: {v: vendor_to_partner, '': affiliate}", []string{"v", "", "x"}, []string{"vendor_to_partner", "affiliate", "rule:unmapped_value"}},
		{"values, null", "lead", "direction", "values: {v: vendor_to_partner}\n        else: null", []string{"v", "x"}, []string{"vendor_to_partner", null}},
		{"values, one for the rest", "lead", "source", "values: {v: web, w: null}\n        else: other", []string{"v", "w", "x", ""}, []string{"web", null, "other", null}},
		{"values, kept", "lead", "source", "values: {v: web}\n        else: keep", []string{"v", "x"}, []string{"web", "x"}},
		{"values, dropped", "lead", "source", "values: {v: web}\n        else: drop", []string{"v", "x", ""}, []string{"web", "gone", null}},
		{"values, a keyword as a value", "lead", "source", "values: {v: web}\n        else: {value: drop}", []string{"x"}, []string{"drop"}},
		{"values, whatever the case", "lead", "source", "values: {Web: web}\n        ignore_case: true", []string{"WEB", "web"}, []string{"web", "web"}},
		{"accepted values", "lead", "direction", "", []string{"affiliate", "Affiliate", ""}, []string{"affiliate", "rule:not_accepted", null}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLake(t)
			values := make([]string, len(c.in))
			for i, v := range c.in {
				values[i] = fmt.Sprintf("('k%02d', '%s')", i, strings.ReplaceAll(v, "'", "''"))
			}
			l.query("crm.rows", "SELECT id, nullif(v, '') AS v FROM (VALUES "+strings.Join(values, ", ")+") AS t(id, v)")
			option := ""
			if c.option != "" {
				option = "\n        " + c.option
			}
			l.run(fmt.Sprintf("zone: Europe/Berlin\nstreams: {crm.rows: {}}\nmaps:\n  - entity: %s\n    from: crm.rows\n    fields:\n      %s\n      %s:\n        column: v%s\n", c.entity, fillers[c.entity], c.field, option))
			key := strings.SplitN(fillers[c.entity], ":", 2)[0]
			if c.entity == "fx_rate" {
				key = "from_currency"
			}
			got := map[string]string{}
			for _, row := range l.rows(fmt.Sprintf("SELECT %s, %s FROM staging.%s", key, c.field, c.entity)) {
				k, v, _ := strings.Cut(row, "|")
				got[k] = v
			}
			for _, row := range l.rows("SELECT source_line - 2, rule, field, value FROM staging.quarantine") {
				parts := strings.Split(row, "|")
				var i int
				_, err := fmt.Sscan(parts[0], &i)
				require.NoError(t, err)
				got[fmt.Sprintf("k%02d", i)] = "rule:" + parts[1]
				require.Equal(t, c.field, parts[2])
			}
			for i, in := range c.in {
				have, ok := got[fmt.Sprintf("k%02d", i)]
				if !ok {
					have = "gone"
				}
				require.Equal(t, c.want[i], have, "%q", in)
			}
		})
	}
}
