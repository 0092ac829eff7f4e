// Package demo carries the rules of the demo vendor's channel program, which generated test data use as well.
// It holds files only; tributary.yaml and data/ beside them are read from disk.
package demo

import "embed"

// Program is the folder program.
//
//go:embed program/*.yaml
var Program embed.FS
