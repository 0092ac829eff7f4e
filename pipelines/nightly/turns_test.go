package nightly_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
)

// TestBuildOfAnotherTurn takes a lake over from a run that stands between its checks and its publication, builds there, and lets it go on:
// it must not touch what the other one has built.
func TestBuildOfAnotherTurn(t *testing.T) {
	dir := small(t)
	later := func() time.Time { return time.Now().Add(time.Hour) } // when the lease of the paused run has lapsed
	var other nightly.Summary
	paused := nightly.Options{Dir: dir, AsOf: "2026-03-30", Version: "test"}
	paused.Report = func(e nightly.Event) {
		if e.Step != nightly.StepPublish || e.Done || other.RunID != "" {
			return
		}
		var err error
		other, err = nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test", Steps: []string{nightly.StepBuild, nightly.StepCheck}, Clock: later})
		require.NoError(t, err)
	}
	_, err := nightly.Run(t.Context(), paused)
	require.ErrorIs(t, err, lake.ErrLostTurn)
	require.Equal(t, nightly.ExitLocked, nightly.ExitCode(err))

	done, err := nightly.Run(t.Context(), nightly.Options{Dir: dir, Version: "test", Steps: []string{nightly.StepPublish}, Clock: later})
	require.NoError(t, err)
	require.Equal(t, "2026-03-31", done.AsOf, "what the other run has built is published")
}

// TestStepsUseTheProgramOfTheirBuild changes the rules between the steps of one night.
func TestStepsUseTheProgramOfTheirBuild(t *testing.T) {
	dir := small(t)
	run := func(steps ...string) (nightly.Summary, error) {
		return nightly.Run(t.Context(), nightly.Options{Dir: dir, AsOf: "2026-03-31", Version: "test", Steps: steps})
	}
	_, err := run(nightly.StepExtract, nightly.StepBuild)
	require.NoError(t, err)
	put(t, dir, "sql/board/new.sql", "/* tributary\ngrain: [deal_id]\n*/\nSELECT deal_id FROM staging.deal\n")
	_, err = run(nightly.StepCheck)
	require.NoError(t, err, "a model that was written since belongs to the next build")
	_, err = run(nightly.StepPublish)
	require.NoError(t, err)
	whole, err := run()
	require.NoError(t, err)
	require.Equal(t, nightly.StatusPublished, whole.Status, "and the next run builds it")
}
