package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/cli.md, and what scripts compare with") //nolint:gochecknoglobals // go test's way to take a flag

const (
	cliPage = "../../docs/cli.md"
	written = "<!-- From here on written from the commands by \"go test ./cmd/tributary -run Docs -update\"; change those. -->\n"
)

// TestDocs keeps the reference of commands in docs/cli.md what the program says of itself.
func TestDocs(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(cliPage)
	require.NoError(t, err)
	intro, reference, found := strings.Cut(string(page), written)
	require.True(t, found, "docs/cli.md has lost the line %s", written)
	want := cliReference((&app{}).root())
	if *update {
		require.NoError(t, os.WriteFile(cliPage, []byte(intro+written+want), 0o600))
		return
	}
	require.Equal(t, want, reference, "run: go test ./cmd/tributary -run Docs -update")
}

func cliReference(root *cobra.Command) string {
	var out strings.Builder
	for _, c := range root.Commands() {
		describe(&out, c)
	}
	return out.String()
}

// TestEveryCommandHasAnExample that begins with its own name.
func TestEveryCommandHasAnExample(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		if c.Runnable() {
			require.Contains(t, c.Example, "  "+c.CommandPath(), c.CommandPath())
		}
	}
	walk((&app{}).root())
}

func describe(out *strings.Builder, c *cobra.Command) {
	if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
		return
	}
	defer func() {
		for _, sub := range c.Commands() {
			describe(out, sub)
		}
	}()
	if !c.Runnable() {
		return
	}
	fmt.Fprintf(out, "\n## %s\n\n", c.CommandPath())
	if c.Long != "" {
		fmt.Fprintf(out, "%s\n", c.Long)
	} else {
		fmt.Fprintf(out, "%s.\n", c.Short)
	}
	fmt.Fprintf(out, "\n    %s\n", c.UseLine())
	fmt.Fprintf(out, "\n```sh\n%s\n```\n", outdented(c.Example))
	describeFlags(out, c.LocalNonPersistentFlags())
}

func describeFlags(out *strings.Builder, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	out.WriteString("\n| flag | what it says |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name = "`-" + f.Shorthand + "`, " + name
		}
		fmt.Fprintf(out, "| %s | %s |\n", name, strings.ReplaceAll(f.Usage, "|", "\\|"))
	})
}

func outdented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return strings.Join(lines, "\n")
}
