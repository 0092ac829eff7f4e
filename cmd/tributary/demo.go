package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/testdata/demo"
	"github.com/tributary-data/tributary/testdata/demo/vendors"
)

func (a *app) demoCommand() *cobra.Command {
	var sources bool
	var port int
	cmd := &cobra.Command{
		Use: "demo DIR [-- COMMAND…]", Short: "Write the demo vendor's project into a folder, and serve its sources", Args: folderAndCommand,
		Long: `Writes the demo vendor's project into a folder: its data are files there.

With --sources its CRM is a Salesforce and its marketing a HubSpot: servers on this machine that answer as the vendors' APIs do, out of memory, and
to which the project's tributary.yaml leads. They run until Ctrl-C, or as long as the COMMAND after --, whose exit code is then the one of this
command. With the same folder and --port the same project is served again.`,
		Example: "  tributary demo /tmp/demo && tributary run -p /tmp/demo --as-of " + demo.AsOf + `
  tributary demo /tmp/live --sources -- tributary run -p /tmp/live --as-of ` + demo.AsOf + `
  tributary demo /tmp/live --sources --port 8765    # then, elsewhere: tributary source check crm -p /tmp/live`,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case sources:
				return a.serveDemo(cmd.Context(), args[0], port, args[1:])
			case port != 0 || len(args) > 1:
				return usagef("--port and a command after -- go with --sources")
			}
			if err := demo.Write(args[0]); err != nil {
				return err
			}
			return a.show(map[string]string{"project": args[0], "as_of": demo.AsOf}, tableOf{text: "wrote " + args[0] + ": tributary run -p " + args[0] + " --as-of " + demo.AsOf})
		},
	}
	cmd.Flags().BoolVar(&sources, "sources", false, "serve the CRM as a Salesforce and marketing as a HubSpot")
	cmd.Flags().IntVar(&port, "port", 0, "port of the first server, others have those after it (default any free ones)")
	return cmd
}

// folderAndCommand is an argument check: one folder, and whatever is after --.
func folderAndCommand(cmd *cobra.Command, args []string) error {
	n := len(args)
	if dash := cmd.ArgsLenAtDash(); dash >= 0 {
		n = dash
	}
	if n != 1 {
		return usagef("expected the folder to write, got %d arguments", n)
	}
	return nil
}

// serveDemo serves until it is interrupted, or until the command has ended.
func (a *app) serveDemo(ctx context.Context, dir string, port int, command []string) (err error) {
	serving, err := vendors.Write(dir, port)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, serving.Close()) }()
	t := tableOf{head: []string{"source", "as", "address"}}
	for _, s := range serving.Addresses {
		t.rows = append(t.rows, []string{s.Source, s.Name, s.URL})
	}
	if len(command) > 0 {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // it is the user's
		cmd.Stdout, cmd.Stderr = a.out, a.err
		var exit *exec.ExitError
		if err := cmd.Run(); errors.As(err, &exit) {
			return codedError{shownError{err}, exit.ExitCode()}
		} else if err != nil {
			return usagef("%s: %w", strings.Join(command, " "), err)
		}
		return nil
	}
	t.text = fmt.Sprintf("wrote %s, and serves until Ctrl-C. Elsewhere: tributary source check %s -p %s, tributary run -p %s --as-of %s", dir, serving.Addresses[0].Source, dir, dir, demo.AsOf)
	if err := a.show(serving.Addresses, t); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
