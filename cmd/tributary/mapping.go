package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tributary-data/tributary/pipelines/nightly"
	"github.com/tributary-data/tributary/pipelines/source/file"
)

func (a *app) mapCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "map", Short: "Help with maps from source fields to entities"}
	var p nightly.Proposal
	var format string
	propose := &cobra.Command{
		Use: "propose FILE", Short: "Write a first stream and map for a file, guesses marked", Args: exactly(1, "one file"),
		Long: "Reads the first rows of a file and prints a source and a map to put into tributary.yaml. Every line that rests on a guess says so.",
		Example: `  tributary map propose exports/opportunities.csv --entity deal
  tributary map propose belege.csv --delimiter ';' --encoding windows-1252`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p.Dir, p.Path, p.File.Format = a.dir, args[0], file.Format(format)
			text, err := nightly.Propose(cmd.Context(), p)
			if err != nil {
				return err
			}
			fmt.Fprint(a.out, text)
			return nil
		},
	}
	f := propose.Flags()
	f.StringVar(&p.Entity, "entity", "", "entity that the file is about (default a guess)")
	f.StringVar(&format, "format", "", "csv, tsv, json, jsonl or parquet (default by extension)")
	f.StringVar(&p.File.Delimiter, "delimiter", "", "of CSV (default a comma)")
	f.StringVar(&p.File.Encoding, "encoding", "", "utf-8, utf-16, windows-1252 (default utf-8)")
	f.StringVar(&p.File.Records, "records", "", "path of the records in JSON, such as data.items")
	cmd.AddCommand(propose)
	return cmd
}
