package nightly_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/schemas/diag"
)

// TestExitCodes is what schedulers rely on.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"nothing":                       {nil, nightly.ExitOK},
		"a fault":                       {errors.New("boom"), nightly.ExitUnexpected},
		"configuration":                 {diag.List{{File: "tributary.yaml", Line: 3, Msg: "unknown key"}}, nightly.ExitConfig},
		"data":                          {nightly.BadData(errors.New("checks failed")), nightly.ExitData},
		"a missing rate":                {nightly.ErrNoAccruals, nightly.ExitNoAccruals},
		"stopped":                       {fmt.Errorf("build: %w", context.Canceled), nightly.ExitRetryable},
		"a full disk":                   {fmt.Errorf("write: %w", syscall.ENOSPC), nightly.ExitRetryable},
		"a full disk in DuckDB's words": {errors.New(`IO Error: Could not write file "x.duckdb": No space left on device`), nightly.ExitRetryable},
		"a full quota":                  {errors.New(`IO Error: Could not write file "x.duckdb": Disk quota exceeded`), nightly.ExitRetryable},
		"no room to set aside":          {errors.New("Out of Memory Error: failed to offload data block. This limit was set by the 'max_temp_directory_size' setting."), nightly.ExitRetryable},
		"data that speaks of it":        {nightly.BadData(errors.New("checks failed: name=No space left on device")), nightly.ExitData},
		"a full disk of the lake":       {fmt.Errorf("commit: %w", lake.ErrDiskFull), nightly.ExitRetryable},
		"locked":                        {&lake.LockedError{}, nightly.ExitLocked},
		"taken over":                    {fmt.Errorf("commit 7 is taken: %w", lake.ErrLostTurn), nightly.ExitLocked},
	} {
		require.Equal(t, c.code, nightly.ExitCode(c.err), name)
	}
}
