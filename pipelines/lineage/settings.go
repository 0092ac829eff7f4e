package lineage

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"
)

// Settings are where events go, as the standard variables say.
type Settings struct {
	Namespace string // of jobs
	Parent    *Of    // what started this run; nil = nothing that says so
	Root      *Of    // what everything began with

	File   string // path; "" = none
	Append bool   // to one file; else a file per event

	URL    string // whole address, which may hold a secret; "" = none
	APIKey string
	// Timeout is how long an endpoint may take for an event, Flush how long the end of the night waits for what is still to be sent.
	Timeout, Flush time.Duration

	// Notes say which settings are wrong or not understood. They hold no values, which may be secrets.
	Notes []string
}

// On says whether events are to be sent at all.
func (s Settings) On() bool { return s.File != "" || s.URL != "" }

// Where says in words where events go, without secrets.
func (s Settings) Where() string {
	switch {
	case s.File != "" && s.Append:
		return "file " + s.File
	case s.File != "":
		return "files " + s.File + "-*.json, one per event"
	case s.URL != "":
		address, err := url.Parse(s.URL)
		if err != nil {
			return "an endpoint"
		}
		return address.Scheme + "://" + address.Host
	}
	return "nowhere"
}

const (
	patience        = 5 * time.Second // for an event, and at the end for all
	defaultEndpoint = "api/v1/lineage"
	prefix          = "OPENLINEAGE__"
)

// FromEnvironment reads the standard variables, as os.Environ gives them, the way OpenLineage's Python client does. Whatever is wrong is a
// note: no setting fails a run.
func FromEnvironment(environ []string) Settings {
	r := &reader{env: map[string]string{}}
	for _, entry := range environ {
		if name, text, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "OPENLINEAGE") && strings.TrimSpace(text) != "" {
			r.env[name] = text
		}
	}
	r.out = Settings{Namespace: "default", Timeout: patience, Flush: patience}
	if strings.EqualFold(strings.TrimSpace(r.env["OPENLINEAGE_DISABLED"]), "true") {
		return r.out
	}
	r.transport(r.config())
	if !r.out.On() {
		return r.out
	}
	if namespace := r.env["OPENLINEAGE_NAMESPACE"]; namespace != "" {
		r.out.Namespace = namespace
	}
	r.parents()
	return r.out
}

// reader collects what it finds and what is wrong with it.
type reader struct {
	env map[string]string
	out Settings
}

func (r *reader) note(format string, args ...any) {
	r.out.Notes = append(r.out.Notes, fmt.Sprintf(format, args...))
}

// config is the transport as the file of OPENLINEAGE_CONFIG and the variables OPENLINEAGE__TRANSPORT__… describe it: the file wins.
func (r *reader) config() map[string]any {
	config := map[string]any{}
	names := []string{}
	for name := range r.env {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	slices.Reverse(names) // a variable that holds a whole object comes after those that hold parts of it, and counts
	for _, name := range names {
		var parsed any
		if err := json.Unmarshal([]byte(r.env[name]), &parsed); err != nil {
			parsed = r.env[name]
		}
		insert(config, strings.Split(strings.ToLower(strings.TrimPrefix(name, prefix)), "__"), parsed)
	}
	if path := r.env["OPENLINEAGE_CONFIG"]; path != "" {
		text, err := os.ReadFile(path)
		file := map[string]any{}
		if err == nil {
			err = yaml.Unmarshal(text, &file)
		}
		if err != nil {
			r.note("the file of OPENLINEAGE_CONFIG cannot be read: %s", withoutValues(err))
		}
		merge(config, file)
	}
	transport, _ := config["transport"].(map[string]any)
	return transport
}

// withoutValues says what is wrong with a file and not what stands in it.
func withoutValues(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return "it is no YAML"
}

func insert(config map[string]any, keys []string, v any) {
	for _, key := range keys[:len(keys)-1] {
		next, ok := config[key].(map[string]any)
		if !ok {
			next = map[string]any{}
			config[key] = next
		}
		config = next
	}
	config[keys[len(keys)-1]] = v
}

func merge(into, from map[string]any) {
	for key, v := range from {
		below, isMap := v.(map[string]any)
		if have, ok := into[key].(map[string]any); ok && isMap {
			merge(have, below)
			continue
		}
		into[key] = v
	}
}

// transport settles where events go.
func (r *reader) transport(t map[string]any) {
	switch kind := text(t["type"]); kind {
	case "":
		if address := r.env["OPENLINEAGE_URL"]; address != "" {
			r.http("OPENLINEAGE_URL", address, r.env["OPENLINEAGE_ENDPOINT"])
			r.out.APIKey = r.env["OPENLINEAGE_API_KEY"]
		}
	case "file":
		r.unknown(t, "type", "log_file_path", "append")
		r.file(text(t["log_file_path"]), text(t["append"]))
	case "http", "async_http":
		r.unknown(t, "type", "url", "endpoint", "timeout", "auth", "verify")
		r.http("the url of OpenLineage's transport", text(t["url"]), text(t["endpoint"]))
		r.timeout(text(t["timeout"]))
		r.auth(t["auth"])
		if strings.EqualFold(text(t["verify"]), "false") {
			r.note("verify: false is not followed: the endpoint's certificate must be valid")
		}
	case "noop":
	default:
		r.note("OpenLineage's transport type must be http or file, and is another: no events are sent")
	}
}

// text is a setting as it would be written.
func text(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// unknown notes settings that nothing here follows.
func (r *reader) unknown(t map[string]any, known ...string) {
	var others []string
	for key := range t {
		if !slices.Contains(known, key) {
			others = append(others, key)
		}
	}
	if slices.Sort(others); len(others) > 0 {
		r.note("not followed, of OpenLineage's transport: %s", strings.Join(others, ", "))
	}
}

func (r *reader) file(path, appended string) {
	if local, ok := strings.CutPrefix(path, "file://"); ok {
		path = local
	}
	if path == "" || strings.Contains(path, "://") {
		r.note("OpenLineage's log_file_path must be a path on this machine: no events are written")
		return
	}
	r.out.File, r.out.Append = path, appended != "" && !strings.EqualFold(appended, "false")
}

func (r *reader) http(what, address, endpoint string) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		r.note("%s is no address (https://…): no events are sent", what)
		return
	}
	if endpoint == "" {
		endpoint = defaultEndpoint
	}
	whole, err := parsed.Parse(endpoint) // as a link on that page: the Python client does so
	if err != nil {
		r.note("OpenLineage's endpoint is no path: no events are sent")
		return
	}
	r.out.URL = whole.String()
}

func (r *reader) timeout(seconds string) {
	if seconds == "" {
		return
	}
	n, err := strconv.ParseFloat(seconds, 64)
	if err != nil || n <= 0 {
		r.note("the timeout of OpenLineage's transport is no number of seconds: %s is taken", patience)
		return
	}
	r.out.Timeout = min(time.Duration(n*float64(time.Second)), patience) // a night waits no longer
}

func (r *reader) auth(v any) {
	auth, _ := v.(map[string]any)
	switch text(auth["type"]) {
	case "":
	case "api_key":
		for _, key := range []string{"apiKey", "apikey", "api_key"} {
			if r.out.APIKey == "" {
				r.out.APIKey = text(auth[key])
			}
		}
		if r.out.APIKey == "" {
			r.note("OpenLineage's auth of type api_key has no apiKey")
		}
	default:
		r.note("OpenLineage's auth must be of type api_key, and is another: events are sent without")
	}
}

// parents reads what started this run: OPENLINEAGE_CONTEXT, else OPENLINEAGE_PARENT_ID and OPENLINEAGE_ROOT_PARENT_ID.
func (r *reader) parents() {
	var given struct {
		Parent *struct {
			Of

			Root *Of `json:"root"`
		} `json:"parent"`
	}
	if context := r.env["OPENLINEAGE_CONTEXT"]; context != "" {
		err := json.Unmarshal([]byte(context), &given)
		if err == nil && given.Parent != nil && given.Parent.valid() && (given.Parent.Root == nil || given.Parent.Root.valid()) {
			r.out.Parent, r.out.Root = &given.Parent.Of, given.Parent.Root
		} else {
			r.note("OPENLINEAGE_CONTEXT names no parent: {\"parent\": {\"run\": {\"runId\": UUID}, \"job\": {\"namespace\": …, \"name\": …}}}")
		}
	}
	if r.out.Parent == nil {
		r.out.Parent, r.out.Root = r.parent("OPENLINEAGE_PARENT_ID"), r.parent("OPENLINEAGE_ROOT_PARENT_ID")
	}
	if r.out.Root == nil {
		r.out.Root = r.out.Parent
	}
}

// parent reads namespace/job/runId. A namespace may hold slashes of its own.
func (r *reader) parent(name string) *Of {
	value := strings.TrimSpace(r.env[name])
	if value == "" {
		return nil
	}
	if parts := strings.Split(value, "/"); len(parts) > 2 {
		n := len(parts)
		id, err := uuid.Parse(parts[n-1])
		of := Of{Run: OfRun{id}, Job: OfJob{Namespace: strings.Join(parts[:n-2], "/"), Name: parts[n-2]}}
		if err == nil && of.valid() {
			return &of
		}
	}
	r.note("%s is not namespace/job/runId with a UUID: the run has no such parent", name)
	return nil
}

func (o Of) valid() bool {
	return o.Run.ID != uuid.Nil && o.Job.Namespace != "" && o.Job.Name != ""
}
