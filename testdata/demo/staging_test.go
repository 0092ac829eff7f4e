package demo_test

import (
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/project"
	"github.com/tributary-data/tributary/testdata/generator"
	"github.com/tributary-data/tributary/transforms/staging"
)

const lastDay = "2026-09-30"

// stage extracts a project into a lake and fills the staging tables of a fresh database.
func stage(t *testing.T, dir string) (*sql.Conn, staging.Result) {
	t.Helper()
	ctx := context.Background()
	p, err := project.Load(dir)
	require.NoError(t, err)
	l, err := lake.Open(t.TempDir(), lake.Options{})
	require.NoError(t, err)
	w, err := l.Writer(ctx, lake.WriterOptions{})
	require.NoError(t, err)
	_, err = extract.Run(ctx, w, p.Streams(), extract.Options{ProjectDir: dir})
	require.NoError(t, err)
	require.NoError(t, w.Close())

	db, err := sql.Open("duckdb", "")
	require.NoError(t, err)
	conn, err := db.Conn(ctx)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()); require.NoError(t, db.Close()) })
	_, err = conn.ExecContext(ctx, "SET memory_limit = '2GB'; SET threads = 2")
	require.NoError(t, err)
	day, err := time.ParseInLocation(time.DateOnly, lastDay, p.Zone)
	require.NoError(t, err)
	plan, err := staging.Compile(ctx, conn, staging.Options{
		Config: p.Staging(), Data: delivered(t, l), AsOf: lastDay, AsOfAt: day.AddDate(0, 0, 1), Accepted: p.Program.Accepted(),
	})
	require.NoError(t, err)
	result, err := plan.Run(ctx)
	require.NoError(t, err)
	return conn, result
}

// delivered is all that the lake has, as staging wants it.
func delivered(t *testing.T, l *lake.Lake) []staging.StreamData {
	t.Helper()
	ctx := context.Background()
	streams, err := l.Streams(ctx, time.Time{})
	require.NoError(t, err)
	var out []staging.StreamData
	for _, s := range streams {
		parts, err := l.Parts(ctx, s.Source, s.Stream, time.Time{})
		require.NoError(t, err)
		data := staging.StreamData{Name: s.Source + "." + s.Stream}
		for _, part := range parts.Current {
			data.Parts = append(data.Parts, staging.Part{Path: l.Abs(part.Path), Commit: part.Commit})
		}
		for _, part := range parts.Quarantine {
			data.Quarantine = append(data.Quarantine, staging.Part{Path: l.Abs(part.Path), Commit: part.Commit})
		}
		out = append(out, data)
	}
	return out
}

func texts(t *testing.T, conn *sql.Conn, query string) []string {
	t.Helper()
	rows, err := conn.QueryContext(context.Background(), query)
	require.NoError(t, err, query)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s sql.NullString
		require.NoError(t, rows.Scan(&s))
		out = append(out, s.String)
	}
	require.NoError(t, rows.Err())
	return out
}

// Exactly the rows that are broken on purpose are quarantined, each with its file and line.
func TestBrokenRowsAndNoOthersAreQuarantined(t *testing.T) {
	conn, result := stage(t, ".")
	f, err := os.Open("quarantine.csv")
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var want []string
	for _, row := range rows[1:] {
		want = append(want, "data/"+row[0]+":"+row[1])
	}
	got := texts(t, conn, "SELECT DISTINCT source_file || ':' || source_line FROM staging.quarantine")
	require.ElementsMatch(t, want, got, strings.Join(texts(t, conn, "SELECT concat_ws(' ', source_file, source_line, rule, field, value, detail) FROM staging.quarantine"), "\n"))
	require.EqualValues(t, len(want), result.Quarantined())
}

// The maps find in the exports what the generator put into them: staging from the demo's files equals staging from the same world
// written in contract shape, but for what an export does not tell.
func TestMapsFindWhatTheGeneratorMade(t *testing.T) {
	conn, _ := stage(t, ".")
	dir, opts := t.TempDir(), generator.DemoOptions()
	require.NoError(t, generator.WriteClean(dir, opts.Seed, opts.Leads))
	clean, result := stage(t, dir)
	require.Zero(t, result.Quarantined())
	for entity, fields := range told() {
		var exprs []string
		for _, f := range fields {
			exprs = append(exprs, "coalesce(CAST("+f+" AS VARCHAR), '∅')")
		}
		query := fmt.Sprintf("SELECT concat_ws(' | ', %s) FROM staging.%s ORDER BY 1", strings.Join(exprs, ", "), entity)
		want, got := texts(t, clean, query), texts(t, conn, query)
		require.NotEmpty(t, want, entity)
		require.Empty(t, without(got, want), "%s: only in the demo", entity)
		require.Empty(t, without(want, got), "%s: only in the contract shape", entity)
		require.Len(t, got, len(want), entity)
	}
}

// without gives the first rows of a list that another one lacks: the whole difference would bury the reader.
func without(list, other []string) []string {
	have := map[string]bool{}
	for _, s := range other {
		have[s] = true
	}
	var out []string
	for _, s := range list {
		if !have[s] && len(out) < 5 {
			out = append(out, s)
		}
	}
	return out
}

// told is, per entity, what its export tells. Where it gives only days or wall times, days and wall times are compared.
func told() map[string][]string {
	fields := func(list string) []string { return strings.Fields(list) }
	berlin := func(as string, names ...string) []string {
		var out []string
		for _, n := range names {
			out = append(out, fmt.Sprintf("CAST(timezone('Europe/Berlin', %s) AS %s)", n, as))
		}
		return out
	}
	const removed = " coalesce(deleted,false) modified_at"
	return map[string][]string{
		"partner":              fields("partner_id name partner_type program_tier parent_distributor_id country region cam_id business_calendar currency engagement_model signed_at enrolled_at onboarded_at terminated_at merged_into test" + removed),
		"partner_type":         fields("partner_id partner_type valid_from valid_to" + removed),
		"partner_tier":         fields("partner_id program_tier valid_from valid_to" + removed),
		"partner_status":       fields("partner_id status valid_from valid_to" + removed),
		"partner_contact":      fields("contact_id partner_id name email role created_at active" + removed),
		"certification":        append(fields("certification_id partner_id contact_id course"), berlin("DATE", "issued_at", "expires_at")...),
		"training":             append(fields("training_id partner_id contact_id course category"), berlin("DATE", "assigned_at", "completed_at", "due_at")...),
		"content_event":        fields("event_id partner_id contact_id channel asset type occurred_at"),
		"survey":               fields("survey_id partner_id contact_id kind score answered_at comment"),
		"lead":                 fields("lead_id direction partner_id source region solution_area received_at submitted_at assigned_at auto_ack_at acknowledged_at accepted_at rejected_at reject_reason first_contact_at qualified_at closed_at closed_reason converted_at converted_deal_id score mrr_potential registered budget_confirmed decision_maker_identified technical_fit project_scope recurring_need contract_vehicle interest_signal merged_into test" + removed),
		"lead_assignment":      append(fields("assignment_id lead_id partner_id assignee reject_reason unassign_reason coalesce(deleted,false)"), berlin("TIMESTAMP", "assigned_at", "acknowledged_at", "accepted_at", "rejected_at", "unassigned_at", "expired_at", "modified_at")...),
		"nurture_enrollment":   fields("enrollment_id lead_id partner_id enrolled_at ended_at"),
		"nurture_touch":        fields("touch_id lead_id enrollment_id occurred_at channel type engaged"),
		"activity":             fields("activity_id lead_id deal_id partner_id actor_type party type reason occurred_at ended_at next_step_at" + removed),
		"escalation":           append(fields("escalation_id lead_id assignment_id level reason"), berlin("TIMESTAMP", "occurred_at")...),
		"deal_registration":    fields("registration_id partner_id deal_id account submitted_at decided_at decision decision_reason expires_at price_protection_until duplicate_of amount currency test" + removed),
		"deal":                 append(fields("deal_id name account_id account_name partner_id lead_id route_to_market motion engagement_mode is_competitive amount arr acv currency created_at close_date closed_at loss_reason order_type product_line region owner_id marketplace_name merged_into test"+removed), "CASE outcome WHEN 'void' THEN 'lost' ELSE outcome END"),
		"deal_partner":         fields("deal_partner_id deal_id partner_id role pct current_pct contribution_type created_at locked_at" + removed),
		"deal_stage":           fields("deal_stage_id deal_id motion stage entered_at exited_at sequence" + removed),
		"stage_note":           fields("note_id deal_id stage occurred_at author" + removed),
		"deal_contact":         fields("deal_contact_id deal_id partner_id contact_id role created_at" + removed),
		"deal_line":            fields("deal_line_id deal_id product_line product line_type quantity amount currency" + removed),
		"quote":                fields("quote_id deal_id partner_id requested_at sent_at accepted_at has_error amount currency" + removed),
		"subscription":         fields("subscription_id account_id partner_id deal_id arr currency started_at ends_at renewed_at cancelled_at previous_subscription_id modified_at"),
		"invoice":              append(fields("invoice_id number partner_id deal_id kind corrects_invoice_id abs(amount) currency product_line region quantity test coalesce(deleted,false)"), berlin("DATE", "issued_at")...),
		"incentive_payment":    fields("payment_id program_id partner_id period_start paid_at amount currency"),
		"incentive_adjustment": fields("adjustment_id program_id partner_id adjusted_on amount currency reason approved"),
		"mdf_request":          fields("request_id partner_id requested_at decided_at decision amount approved_amount currency activity"),
		"mdf_claim":            fields("claim_id request_id partner_id submitted_at amount currency proof_verified_at paid_at paid_amount"),
		"program_cost":         fields("cost_id category period_start period_end amount currency"),
		"target":               fields("target_id period_start period_end region measure amount currency"),
		"conflict":             fields("conflict_id deal_id registration_id type partner_id other_partner_id raised_at resolved_at resolution resolution_reason" + removed),
	}
}
