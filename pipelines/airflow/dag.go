package airflow

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dagFile is the DAG of the project acme: it runs as it is, and Settings replace what is between its two lines of settings.
//
//go:embed tributary_dag.py
var dagFile string

const settingsBegin, settingsEnd = "# settings: begin\n", "# settings: end\n"

// Settings are what the DAG of a project has of its own.
type Settings struct {
	DAG           string            // its id
	Project       string            // the project folder, as the worker or the pod sees it
	Command       string            // tributary, as the worker finds it
	Schedule      string            // cron, of five fields
	Zone          string            // of the schedule
	Start         string            // first day, YYYY-MM-DD; earlier days are only made by a backfill
	Pool          string            // has one slot
	Retries       int               // after the first try
	RetryDelay    time.Duration     // before the second try, doubled for each one after it
	RetryDelayMax time.Duration     // and never longer than this
	Timeout       time.Duration     // of one step
	Asset         string            // URI of what a publication updates
	Connections   map[string]string // variable of the environment to the id of a connection that fills it
	Kubernetes    *Kubernetes       // nil: steps run on the worker itself
}

// Kubernetes is where steps run in pods of their own.
type Kubernetes struct {
	Image     string // with a tag or a digest
	Namespace string
	Claim     string // persistent volume claim that holds the project folder
	Secret    string // its keys become the environment; empty: none
}

// DAGID is the id that a project's DAG has unless it is told another.
func DAGID(project string) string {
	return "tributary_" + strings.Trim(unfit.ReplaceAllString(strings.ToLower(project), "_"), "_")
}

var (
	unfit      = regexp.MustCompile(`[^a-z0-9]+`)
	dagID      = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,250}$`)
	variable   = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
	cronFields = 5
)

// check names every setting that Airflow or Kubernetes would refuse, or worse, take for something else.
func (s Settings) check() []string {
	var problems []string
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if !dagID.MatchString(s.DAG) {
		say("%q is no id of a DAG: letters, digits, _, - and .", s.DAG)
	}
	if !strings.HasPrefix(s.Project, "/") {
		say("the project folder %q is not absolute: name it as the worker or the pod sees it", s.Project)
	}
	if len(strings.Fields(s.Schedule)) != cronFields {
		say("%q is no schedule: five fields of cron, such as 15 2 * * *", s.Schedule)
	}
	if _, err := time.LoadLocation(s.Zone); err != nil {
		say("%q is no time zone", s.Zone)
	}
	if _, err := time.Parse(time.DateOnly, s.Start); err != nil {
		say("%q is no first day: write 2026-01-01", s.Start)
	}
	if s.Retries < 0 || s.RetryDelay < time.Second || s.RetryDelayMax < s.RetryDelay || s.Timeout < time.Second {
		say("retries cannot be negative, delays and the time-out are a second at least, and the longest delay is not shorter than the first")
	}
	for _, name := range slices.Sorted(maps.Keys(s.Connections)) {
		if !variable.MatchString(name) {
			say("%q is no variable of the environment: capitals, digits and _", name)
		}
	}
	if k := s.Kubernetes; k != nil {
		if !pinned(k.Image) {
			say("the image %q is not pinned: give it a tag other than latest, or a digest", k.Image)
		}
		if k.Claim == "" {
			say("pods need a persistent volume claim that holds the project folder")
		}
		if len(s.Connections) > 0 {
			say("pods take secrets from a secret of Kubernetes, not from Airflow's connections")
		}
	}
	return problems
}

// pinned tells whether an image is the same one tomorrow.
func pinned(image string) bool {
	if strings.Contains(image, "@sha256:") {
		return true
	}
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, ok := strings.Cut(name, ":")
	return ok && tag != "" && tag != "latest"
}

// DAG is the file of a project's DAG.
func DAG(s Settings) (string, error) {
	if problems := s.check(); len(problems) > 0 {
		return "", fmt.Errorf("%w:\n  %s", ErrSettings, strings.Join(problems, "\n  "))
	}
	head, rest, begins := strings.Cut(dagFile, settingsBegin)
	own, tail, ends := strings.Cut(rest, settingsEnd)
	if !begins || !ends {
		return "", fmt.Errorf("%w: the DAG has lost its lines of settings", ErrSettings)
	}
	values := s.values()
	lines := strings.SplitAfter(own, "\n")
	for i, line := range lines {
		name, old, ok := strings.Cut(line, " = ")
		if !ok {
			continue
		}
		plain, _, _ := strings.Cut(name, ":")
		comment := ""
		if at := strings.Index(old, "  # "); at >= 0 {
			comment = strings.TrimSuffix(old[at:], "\n")
		}
		lines[i] = name + " = " + values[plain] + comment + "\n"
	}
	return head + settingsBegin + strings.Join(lines, "") + settingsEnd + tail, nil
}

func (s Settings) values() map[string]string {
	kubernetes := map[string]string{}
	if k := s.Kubernetes; k != nil {
		kubernetes = map[string]string{"image": k.Image, "namespace": k.Namespace, "claim": k.Claim, "secret": k.Secret}
	}
	return map[string]string{
		"DAG_ID": text(s.DAG), "PROJECT": text(s.Project), "COMMAND": text(s.Command), "SCHEDULE": text(s.Schedule), "TIME_ZONE": text(s.Zone),
		"START": text(s.Start), "POOL": text(s.Pool), "ASSET": text(s.Asset), "RETRIES": strconv.Itoa(s.Retries),
		"RETRY_DELAY": seconds(s.RetryDelay), "RETRY_DELAY_MAX": seconds(s.RetryDelayMax), "TIMEOUT": seconds(s.Timeout),
		"CONNECTIONS": dict(s.Connections), "KUBERNETES": dict(kubernetes),
	}
}

// text is a value as Python reads it: every escape of Go's that an ASCII text needs means the same there.
func text(s string) string { return strconv.QuoteToASCII(s) }

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

func dict(values map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] != "" {
			pairs = append(pairs, text(name)+": "+text(values[name]))
		}
	}
	return "{" + strings.Join(pairs, ", ") + "}"
}
