package push

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/dashboards/grafana"
)

// What a push does with a dashboard.
const (
	Create = "create"
	Update = "update"
	Same   = "same"
	Refuse = "refuse"
)

// Step is a dashboard and what a push does with it.
type Step struct {
	UID     string   `json:"uid"`
	Title   string   `json:"title"`
	Action  string   `json:"action"`
	Reason  string   `json:"reason,omitempty"`  // of a refusal
	Changes []string `json:"changes,omitempty"` // panel by panel, from what Grafana has to what is ours

	content map[string]any
	folder  string
	message string
}

// Plan is what a push does.
type Plan struct {
	Folder     string   `json:"folder"`
	MakeFolder bool     `json:"make_folder"`
	Steps      []Step   `json:"dashboards"`
	Left       []string `json:"left,omitempty"` // ours by uid and tag, in Grafana, and no longer made: nobody deletes them
}

// Options of a plan.
type Options struct {
	Folder string // uid; empty is our own folder, which is made when it is missing
	Force  bool   // also save over dashboards of ours that were edited by hand
}

// Plan compares dashboards with those that Grafana has. It changes nothing.
func (g *Grafana) Plan(ctx context.Context, files []grafana.File, opts Options) (Plan, error) {
	plan := Plan{Folder: opts.Folder}
	if plan.Folder == "" {
		plan.Folder = grafana.FolderUID
	}
	there, err := g.hasFolder(ctx, plan.Folder)
	switch {
	case err != nil:
		return plan, err
	case !there && plan.Folder != grafana.FolderUID:
		return plan, fmt.Errorf("%s has no folder with the uid %s, which grafana.folder in tributary.yaml names: make it, or leave that out", g.address, plan.Folder)
	}
	plan.MakeFolder = !there
	for _, f := range files {
		step, err := g.step(ctx, f, plan.Folder, opts.Force)
		if err != nil {
			return plan, err
		}
		plan.Steps = append(plan.Steps, step)
	}
	tagged, err := g.tagged(ctx, grafana.Tag)
	if err != nil {
		return plan, err
	}
	for _, uid := range slices.Sorted(maps.Keys(tagged)) {
		made := slices.ContainsFunc(files, func(f grafana.File) bool { return f.UID == uid })
		if !made && strings.HasPrefix(uid, grafana.Tag+"-") {
			plan.Left = append(plan.Left, fmt.Sprintf("%s (%s)", uid, tagged[uid]))
		}
	}
	return plan, nil
}

func (g *Grafana) step(ctx context.Context, f grafana.File, folder string, force bool) (Step, error) {
	step := Step{UID: f.UID, Title: f.Title, Action: Create, folder: folder, message: message(f.JSON)}
	if err := json.Unmarshal(f.JSON, &step.content); err != nil {
		return step, fmt.Errorf("dashboard %s: %w", f.UID, err)
	}
	theirs, err := g.dashboard(ctx, f.UID)
	if err != nil || theirs == nil {
		return step, err
	}
	if reflect.DeepEqual(own(theirs.content), own(step.content)) || theirs.last != nil && theirs.last.Message == step.message {
		step.Action = Same
		return step, nil
	}
	step.Action, step.Changes = Update, changes(theirs.content, step.content)
	step.Reason = theirs.objection(force)
	if step.Reason != "" {
		step.Action = Refuse
	}
	step.content["version"] = theirs.content["version"]
	if theirs.meta.FolderUID != "" {
		step.folder = theirs.meta.FolderUID // where people have put it
	}
	return step, nil
}

// objection is why a dashboard must not be saved over; empty = it may.
func (r *remote) objection(force bool) string {
	tags, _ := r.content["tags"].([]any)
	switch {
	case !slices.Contains(tags, any(grafana.Tag)):
		return fmt.Sprintf("a dashboard with this uid is there and is not ours: it lacks the tag %s. Give it another uid", grafana.Tag)
	case r.meta.Provisioned:
		return "Grafana has it from a provisioning file and takes no other: renew that with tributary dashboards generate, or take the file away"
	case r.last != nil && strings.HasPrefix(r.last.Message, signature), force:
		return ""
	case r.last == nil:
		return "Grafana does not say who saved it last; push --force saves over it"
	}
	return fmt.Sprintf("version %d was saved by %s on %s, by hand: copy what is worth keeping under another name, then push --force (Grafana keeps its versions)",
		r.last.Version, r.last.CreatedBy, time.Time(r.last.Created).UTC().Format(time.DateOnly))
}

// signature begins the message of each version that we save, by which we know it again. The rest is a hash of what we sent: Grafana may give
// a dashboard back in other words (it migrates old ones), so that comparing contents alone would save it again and again.
const signature = "tributary dashboards push "

func message(text []byte) string {
	sum := sha256.Sum256(text)
	return signature + hex.EncodeToString(sum[:16])
}

// own is a dashboard without what Grafana adds.
func own(content map[string]any) map[string]any {
	out := maps.Clone(content)
	delete(out, "id")
	delete(out, "version")
	return out
}

// Refused are the refusals of a plan as an error, or nil.
func (p Plan) Refused() error {
	var out []error
	for _, s := range p.Steps {
		if s.Action == Refuse {
			out = append(out, fmt.Errorf("dashboard %s (%s): %s", s.UID, s.Title, s.Reason))
		}
	}
	return errors.Join(out...)
}

// Differs tells whether a push would change something, or refuse to.
func (p Plan) Differs() bool {
	return p.MakeFolder || slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Action != Same })
}

// Apply does what a plan says; with a refusal in it, nothing.
func (g *Grafana) Apply(ctx context.Context, p Plan) error {
	if err := p.Refused(); err != nil {
		return err
	}
	if p.MakeFolder {
		if err := g.makeFolder(ctx, p.Folder, grafana.FolderTitle); err != nil {
			return err
		}
	}
	for _, s := range p.Steps {
		if s.Action == Same {
			continue
		}
		if err := g.save(ctx, s.content, s.folder, s.message); err != nil {
			return err
		}
	}
	return nil
}
