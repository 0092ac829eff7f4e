package staging_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/transforms/staging"
)

func TestProposeMap(t *testing.T) {
	text, err := staging.ProposeMap(staging.Sample{
		File:    "exports/Opportunities 2026.csv",
		Columns: []string{"Id", "Name", "Account", "Amount", "CreatedDate", "Close Date", "Stage Name", "Region", "IsDeleted", "SystemModstamp"},
		Rows: [][]string{
			{"006A", "Big one", "x", "1.234,50 €", "31.01.2026", "03/04/2026", "Closed Won", "", "false", "1767607200123"},
			{"006B", "Small", "x", "99,00 €", "01.02.2026", "05/04/2026", "Open", "", "true", "1767607200124"},
		},
	})
	require.NoError(t, err)
	require.Equal(t, `# Proposed from exports/Opportunities 2026.csv. Look at every line marked "guess", then run: tributary doctor
sources:
  files:
    type: file
    streams:
      opportunities_2026:
        files: [exports/Opportunities 2026.csv]
        key: [Id]  # guess: rows that share it are versions of one record
        version: SystemModstamp  # guess: the newest of them counts

maps:
  - entity: deal  # guess: by the file's name and columns
    from: files.opportunities_2026
    fields:
      deal_id: Id  # guess: same name, such as 006A
      name: Name  # guess: same name, such as Big one
      account_id: Account  # guess: a similar name, such as x
      amount: {column: Amount, decimal: {thousands: ".", decimal: ",", strip: ["€"]}}  # guess: same name, such as 1.234,50 €
      created_at: {column: CreatedDate, date: ["%d.%m.%Y"]}  # guess: another word for it, such as 31.01.2026
      close_date: {column: Close Date, date: ["%d/%m/%Y"]}  # guess: same name, DAY AND MONTH CANNOT BE TOLD APART in the values seen: check, such as 03/04/2026
      outcome: {column: Stage Name, values: {"Closed Won": won, "Open": open}}  # guess: another word for it, such as Closed Won
      region: Region  # guess: same name, no value seen
      deleted: IsDeleted  # guess: another word for it, such as false
      modified_at: {column: SystemModstamp, epoch: ms}  # guess: another word for it, such as 1767607200123
`, text)
}

// A proposal for a clean file of ours can be used as it is.
func TestAProposalIsAMap(t *testing.T) {
	text, err := staging.ProposeMap(staging.Sample{
		File: "partners.csv", Source: "crm", Stream: "partners", Columns: []string{"partner_id", "name", "tier", "signed_at", "is_test"},
		Rows: [][]string{{"p1", "Null", "gold", "2026-01-05 10:00:00", "no"}},
	})
	require.NoError(t, err)
	require.Contains(t, text, "entity: partner ")
	cfg, problems := readConfig(t, "streams: {crm.partners: {}}\n"+text[strings.Index(text, "maps:"):])
	require.NoError(t, problems.Err())
	list, err := staging.Check(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, list.Err())
}

func TestProposalSaysWhatIsMissing(t *testing.T) {
	text, err := staging.ProposeMap(staging.Sample{File: "x.csv", Entity: "activity", Columns: []string{"id", "who, what", "when"}, Rows: [][]string{{"a1", "", "3/31/2026 2:05 PM"}}})
	require.NoError(t, err)
	require.Contains(t, text, "      # occurred_at: …  # needed: When it happened, or began\n")
	require.Contains(t, text, "      # not used: who, what, when\n")
	_, err = staging.ProposeMap(staging.Sample{File: "x.csv", Entity: "activty"})
	require.EqualError(t, err, `there is no entity "activty" (did you mean activity?)`)
}

func TestShapesOfDatesAndNumbers(t *testing.T) {
	for _, c := range []struct{ field, value, want string }{
		{"created_at", "3/31/2026 2:05 PM", `{column: created_at, date: ["%m/%d/%Y %I:%M %p"]}`},
		{"created_at", "31-03-26", `{column: created_at, date: ["%d-%m-%y"]}`},
		{"created_at", "20260331", `{column: created_at, date: "%Y%m%d"}`},
		{"created_at", "1767607200", `{column: created_at, epoch: s}`},
		{"amount", "1,234.50", `{column: amount, decimal: {thousands: ","}}`},
		{"amount", "1,234", `{column: amount, decimal: {thousands: ","}}  # guess: same name, THOUSANDS OR DECIMALS cannot be told apart in the values seen: check`},
		{"amount", "1234,5", `{column: amount, decimal: {thousands: ".", decimal: ","}}`},
		{"is_competitive", "ja", "is_competitive"},
	} {
		text, err := staging.ProposeMap(staging.Sample{File: "d.csv", Entity: "deal", Columns: []string{"deal_id", c.field}, Rows: [][]string{{"d1", c.value}, {"d2", ""}}})
		require.NoError(t, err)
		require.Contains(t, text, c.want, c.value)
	}
}
