// Command cmd writes the demo vendor's data set, or clean data for benchmarks.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/tributary-data/tributary/testdata/generator"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	opts := generator.DemoOptions()
	dir := flag.String("dir", "", "folder to write to")
	shape := flag.String("shape", "demo", "demo: as the vendor's systems export it; clean: in the shape of the contracts; bench: clean, with many stage rows; odd: clean, with the rare made common")
	flag.Uint64Var(&opts.Seed, "seed", opts.Seed, "the same seed gives the same bytes")
	flag.IntVar(&opts.Leads, "leads", opts.Leads, "number of leads; everything else follows")
	flag.Parse()
	if *dir == "" {
		return fmt.Errorf("where to? say -dir FOLDER")
	}
	switch *shape {
	case "demo":
		return generator.Generate(*dir, opts)
	case "clean":
		return generator.WriteClean(*dir, opts.Seed, opts.Leads)
	case "odd":
		return generator.WriteOdd(*dir, opts.Seed, opts.Leads)
	case "bench":
		return generator.WriteBench(*dir, opts.Seed, opts.Leads)
	}
	return fmt.Errorf("unknown shape %q: want demo, clean, bench or odd", *shape)
}
