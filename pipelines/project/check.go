package project

import (
	"io/fs"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/tributary-data/tributary/pipelines/extract"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/bucket"
	"github.com/tributary-data/tributary/pipelines/source/kinds"
	"github.com/tributary-data/tributary/schemas/diag"
	"github.com/tributary-data/tributary/transforms/program"
)

// check reports what is wrong beyond the shape of the file.
func (p *Project) check(problems *diag.List) {
	c := &p.Config
	if c.Version != 1 && c.Version != 0 {
		problems.Add(c.At, "this version of Tributary reads version: 1", "version %d of tributary.yaml is not known", c.Version)
	}
	for _, dir := range []struct {
		key string
		at  diag.Text
	}{{"program", c.Program}, {"sql", c.SQL}} {
		if !fs.ValidPath(dir.at.Value) || dir.at.Value == "." {
			problems.Add(dir.at.Pos, "runs keep a copy of it, so it lies below the project folder", "%s: %q is no folder of the project", dir.key, dir.at)
		}
	}
	if bucket.Named(c.Warehouse.Value) {
		problems.Add(c.Warehouse.Pos, "readers open its files: publish into PostgreSQL or Parquet for those elsewhere", "warehouse: it lies in a folder of this machine")
	}
	if bucket.Named(c.Lake.Value) {
		if _, err := bucket.Parse(c.Lake.Value); err != nil {
			problems.Add(c.Lake.Pos, "for example s3://acme-lake/tributary?region=eu-central-1", "lake: %s", err)
		}
	}
	p.checkReporting(problems)
	p.checkLimits(problems)
	p.checkSources(problems)
	p.checkPublish(problems)
	c.Notify.check(problems)
	c.Expect.check(problems)
}

// checkPublish holds names to what needs no quotes in SQL, so that people can type them.
func (p *Project) checkPublish(problems *diag.List) {
	pg := p.Config.Publish.Postgres
	if pg == nil {
		return
	}
	for _, name := range []struct {
		key string
		at  diag.Text
	}{{"schema", pg.Schema}, {"reader", pg.Reader}, {"partner", pg.Partner}} {
		if !plainName.MatchString(name.at.Value) {
			problems.Add(name.at.Pos, "small letters, digits and underscores, at most 40", "publish.postgres.%s: %q is no name", name.key, name.at)
		}
	}
	if pg.Reader.Value == pg.Partner.Value {
		problems.Add(pg.Partner.Pos, "who reads everything and who reads a partner's rows are two roles", "publish.postgres: reader and partner are the same role")
	}
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (p *Project) checkReporting(problems *diag.List) {
	r := p.Config.Reporting
	if r.TimeZone.Value != "" {
		zone, err := program.Zone(r.TimeZone.Value)
		if err != nil {
			problems.Add(r.TimeZone.Pos, "an IANA name such as Europe/Berlin or UTC", "unknown time zone %q", r.TimeZone)
		}
		p.Zone = zone
	}
	if r.Currency.Value != "" && !currency.MatchString(r.Currency.Value) {
		problems.Add(r.Currency.Pos, "three capital letters, such as EUR", "%q is no currency", r.Currency)
	}
	if *r.MinN < 1 {
		problems.Add(r.At, "a number from 1", "min_n cannot be %d", *r.MinN)
	}
}

func (p *Project) checkLimits(problems *diag.List) {
	l := p.Config.Limits
	for _, share := range []struct {
		key string
		of  program.Decimal
	}{{"quarantine_share", l.QuarantineShare}, {"quarantine_entity_share", l.EntityShare}} {
		if share.of.Sign() < 0 || share.of.Rat().Cmp(big.NewRat(1, 1)) > 0 {
			problems.Add(share.of.Pos, "for example 0.01 or 1%", "%s lies between 0 and 1", share.key)
		}
	}
	for _, limit := range []struct {
		key         string
		value, from int64
	}{
		{"quarantine_count", *l.QuarantineCount, 0}, {"quarantine_free", *l.QuarantineFree, 0},
		{"keep_warehouses", int64(*l.KeepWarehouses), 1}, {"threads", int64(l.Threads), 0},
	} {
		if limit.value < limit.from {
			problems.Add(l.At, "", "%s cannot be %d", limit.key, limit.value)
		}
	}
}

func (p *Project) checkSources(problems *diag.List) {
	names := []string{}
	for _, s := range p.Config.Sources {
		names = append(names, s.Name)
		checkName(problems, "source", s.At, s.Name)
		oneOf(problems, "type", s.Type, append([]string{"file"}, kinds.Names()...)...)
		oneOf(problems, "expect.days", s.Expect.Days, daysAll, daysBusiness)
		for _, t := range s.Streams {
			checkName(problems, "stream", t.At, t.Name)
			t.check(problems)
		}
		checkRoot(problems, s.Root)
		if s.Asked != nil {
			checkAsked(problems, s.Asked)
		}
	}
	for name, url := range p.Config.RecordURL {
		if !contains(names, name) {
			problems.Add(url.Pos, diag.DidYouMean(name, names), "record_url: unknown source %q", name)
		}
		if !strings.Contains(url.Value, "{key}") {
			problems.Add(url.Pos, "for example https://crm.example.com/{key}", "record_url of %s has no {key} in it", name)
		}
	}
}

func checkRoot(problems *diag.List, root diag.Text) {
	if !bucket.Named(root.Value) || strings.Contains(root.Value, "${") { // a variable that is not set is reported as such
		return
	}
	if _, err := bucket.Parse(root.Value); err != nil {
		problems.Add(root.Pos, "docs/source-files.md", "root: %s", err)
	}
}

func checkAsked(problems *diag.List, s source.Settings) {
	s.Common().CheckShared(problems)
	s.Check(problems)
	for _, t := range s.Listed() {
		checkName(problems, "stream", t.At, t.Name)
		oneOf(problems, "mode", t.Mode, extract.ModeAppend, extract.ModeUpsert, extract.ModeSnapshot)
	}
}

func (s Stream) check(problems *diag.List) {
	for _, issue := range s.spec("").Issues() {
		if len(s.Files) == 0 && issue.Setting == "files" && s.lines["files"] == 0 {
			continue // reported as missing
		}
		at := s.At
		if line := s.lines[issue.Setting]; line > 0 {
			at.Line = line
		}
		problems.Add(at, issue.Hint, "%s: %s", issue.Setting, issue.Msg)
	}
	oneOf(problems, "snapshot", s.Snapshot, extract.SnapshotPerFile, extract.SnapshotNewestFile)
	if s.Snapshot.Value != "" && s.Mode.Value != extract.ModeSnapshot {
		problems.Add(s.Snapshot.Pos, "set mode: snapshot", "snapshot goes with mode snapshot only")
	}
}

func checkName(problems *diag.List, what string, at diag.Pos, name string) {
	if !nameText.MatchString(name) {
		problems.Add(at, "small letters, digits and underscores, a letter first: it becomes a table's name", "%q cannot be the name of a %s", name, what)
	}
}

func oneOf(problems *diag.List, setting string, word diag.Text, words ...string) {
	if word.Value != "" && !contains(words, word.Value) {
		problems.Add(word.Pos, diag.DidYouMean(word.Value, words), "%s cannot be %q", setting, word.Value)
	}
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }
