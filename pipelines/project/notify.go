package project

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Notify is who is told when a night needs somebody.
type Notify struct {
	At      diag.Pos
	Webhook *secret.Secret `yaml:"webhook"`
	Command []diag.Text    `yaml:"command"`
	On      []diag.Text    `yaml:"on"`
}

// Reasons for a notice.
const (
	OnFailed     = "failed"      // the night is not published: every failure but a lock
	OnNoAccruals = "no_accruals" // it is, without accruals
	OnLocked     = "locked"      // another run had the lake, or took over
)

func (n *Notify) setDefaults() {
	if len(n.On) == 0 {
		n.On = []diag.Text{{Value: OnFailed}, {Value: OnNoAccruals}}
	}
}

func (n *Notify) check(problems *diag.List) {
	for _, reason := range n.On {
		oneOf(problems, "notify.on", reason, OnFailed, OnNoAccruals, OnLocked)
		if reason.Value == "" {
			problems.Add(reason.Pos, "failed, no_accruals or locked", "notify.on: an empty reason")
		}
	}
	if len(n.Command) > 0 && n.Command[0].Value == "" {
		problems.Add(n.Command[0].Pos, "for example [mail, finance@example.com]", "notify.command has no program")
	}
}

// Wants tells whether somebody is to be told for this reason.
func (n *Notify) Wants(reason string) bool {
	return (n.Webhook != nil || len(n.Command) > 0) &&
		slices.ContainsFunc(n.On, func(t diag.Text) bool { return t.Value == reason })
}

// ReadNotify reads who is to be told, and the project's name, out of a folder that may be wrong in every other way: that is when it is
// needed. What cannot be read is empty.
func ReadNotify(dir string) (n Notify, project string) {
	text, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return Notify{}, ""
	}
	var c Config
	var ignored diag.List // Load reports them
	diag.NewDecoder(File, &ignored).Read(text, &c)
	c.Notify.setDefaults()
	return c.Notify, c.Project.Value
}
