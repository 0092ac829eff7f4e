// Package sql carries Tributary's SQL models, their unit tests and the metric catalogue inside the binary.
// It holds files only: what reads and runs them lives under transforms.
package sql

import "embed"

// FS holds <schema>/<model>.sql, metrics/<group>.yaml and tests/<topic>.yaml.
//
//go:embed */*
var FS embed.FS
