package demo_test

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/transforms/program"
)

// The demo vendor's rules are right.
func TestProgramIsRight(t *testing.T) {
	rules, err := fs.Sub(demo.Program, "program")
	require.NoError(t, err)
	_, err = program.Load(rules, "program")
	require.NoError(t, err)
}
