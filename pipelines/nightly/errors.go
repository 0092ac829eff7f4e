package nightly

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/lake"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/engine"
	"github.com/tributary-data/tributary/transforms/staging"
)

// Exit codes, for schedulers.
const (
	ExitOK         = 0
	ExitUnexpected = 1 // a fault of the program or the machine
	ExitConfig     = 2 // the configuration, the rules, the models or the command line
	ExitData       = 3 // bad data or failed checks: what was published before stays
	ExitNoAccruals = 4 // published, but without accruals: an exchange rate is missing
	ExitRetryable  = 5 // the same run may go well a little later
	ExitLocked     = 6 // another writer has the lake, or took over
)

// ErrNoAccruals says that the night is published without accruals.
var ErrNoAccruals = errors.New("accruals failed: an exchange rate is missing for an event that a program pays on; everything else is published")

type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

// dataError is a night that must not be published.
type dataError struct{ error }

func (e dataError) Unwrap() error { return e.error }

// ExitCode is the exit code that an error of a run stands for.
func ExitCode(err error) int {
	var (
		database  databaseError
		problems  diag.List
		config    configError
		data      dataError
		undecided *staging.DataError
		broken    *engine.DataError
	)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, lake.ErrLocked), errors.Is(err, lake.ErrLostTurn):
		return ExitLocked
	case errors.Is(err, ErrNoAccruals):
		return ExitNoAccruals
	case errors.As(err, &config), errors.As(err, &problems), errors.Is(err, source.ErrConfig), errors.Is(err, source.ErrCredentials), errors.Is(err, source.ErrPermission):
		return ExitConfig
	case extract.Retryable(err), errors.As(err, &database), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ExitRetryable
	case errors.As(err, &data), errors.As(err, &undecided), errors.As(err, &broken):
		return ExitData
	case lake.DiskFull(err): // in words, which data may hold as well
		return ExitRetryable
	}
	return ExitUnexpected
}

// withAdvice says of a full disk that it is one, and what next.
func withAdvice(err error) error {
	if ExitCode(err) != ExitRetryable || !lake.DiskFull(err) || errors.Is(err, lake.ErrDiskFull) {
		return err
	}
	return fmt.Errorf("%w: make room and run again; what was published before stays: %w", lake.ErrDiskFull, err)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// BadData marks an error as one of the data, for its exit code.
func BadData(err error) error { return dataError{err} }
