// Package notify tells people that a night needs them: a webhook, a command. It decides nothing, and what it cannot deliver is an error
// for the caller to show: a notice never changes how a run ends.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"
)

// Variable of the environment that has the notice as JSON for a command.
const Variable = "TRIBUTARY_NOTICE"

// Notice is what people are told. Text is all of it as one paragraph: chat services show the field of that name.
type Notice struct {
	Text     string `json:"text"`
	Project  string `json:"project"`
	Status   string `json:"status"`
	ExitCode int    `json:"exit_code"`
	AsOf     string `json:"as_of"`
	Error    string `json:"error"` // one line
	RunID    string `json:"run_id"`
	ToDo     string `json:"what_to_do"`
	Host     string `json:"host"`
}

// Target is where notices go.
type Target struct {
	Webhook string   // address that takes a POST of JSON, a secret; "" = none
	Command []string // program and arguments, run without a shell; none = none
	Dir     string   // that the command runs in
	Timeout time.Duration
	Pause   time.Duration // before the second try of a webhook
}

const (
	timeout = 10 * time.Second
	pause   = time.Second
	longest = 2000 // bytes of an error: an environment and a chat have limits
)

// Send tells everybody, one after the other; an error names each that could not be told, and no secret.
func (t Target) Send(ctx context.Context, n Notice) error {
	if t.Timeout == 0 {
		t.Timeout = timeout
	}
	if t.Pause == 0 {
		t.Pause = pause
	}
	n.Error = clip(n.Error)
	plain := n.words()
	n.Text = escape.Replace(plain)
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write the notice: %w", err)
	}
	var failed []error
	if t.Webhook != "" {
		if err := t.post(ctx, body); err != nil {
			failed = append(failed, fmt.Errorf("notify.webhook: %w", err))
		}
	}
	if len(t.Command) > 0 {
		if err := t.run(ctx, plain, body); err != nil {
			failed = append(failed, fmt.Errorf("notify.command %s: %w", t.Command[0], err))
		}
	}
	return errors.Join(failed...)
}

// escape keeps chat services from reading a link or a call to everybody out of an error.
//
//nolint:gochecknoglobals // a table
var escape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func (n Notice) words() string {
	var out strings.Builder
	fmt.Fprintf(&out, "Tributary: %s %s (exit code %d)", n.Project, strings.ReplaceAll(n.Status, "_", " "), n.ExitCode)
	if n.AsOf != "" {
		fmt.Fprintf(&out, ", as of %s", n.AsOf)
	}
	fmt.Fprintf(&out, ": %s\nWhat to do: %s\nRun %s on %s", n.Error, n.ToDo, n.RunID, n.Host)
	return out.String()
}

func clip(text string) string {
	if len(text) <= longest {
		return text
	}
	cut := longest
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// refusedError is an answer that a second try does not change.
type refusedError struct{ error }

// post tries twice.
func (t Target) post(ctx context.Context, body []byte) error {
	err := t.try(ctx, body)
	var refused refusedError
	if err == nil || errors.As(err, &refused) {
		return err
	}
	select {
	case <-ctx.Done():
		return err
	case <-time.After(t.Pause):
	}
	return t.try(ctx, body)
}

func (t Target) try(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	address, err := url.Parse(t.Webhook)
	if err != nil || address.Host == "" || address.Scheme != "https" && address.Scheme != "http" {
		return refusedError{errors.New("the secret is no address (https://…)")} // the parser's words would show it
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.Webhook, bytes.NewReader(body))
	if err != nil {
		return refusedError{errors.New("the secret is no address (https://…)")}
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req) //nolint:gosec // the address is the user's own
	if err != nil {
		return withoutAddress(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // what it says is not for us
	switch code := res.StatusCode; {
	case code < http.StatusMultipleChoices:
		return nil
	case code < http.StatusInternalServerError && code != http.StatusTooManyRequests:
		return refusedError{fmt.Errorf("%s answered %s", address.Hostname(), res.Status)}
	default:
		return fmt.Errorf("%s answered %s", address.Hostname(), res.Status)
	}
}

// withoutAddress takes the address, which may hold a token, out of an error.
func withoutAddress(err error) error {
	var of *url.Error
	for errors.As(err, &of) {
		err = of.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return err
}

// Program is the file that the command starts; an error when there is none.
func (t Target) Program() (string, error) {
	name := t.Command[0]
	if strings.ContainsRune(name, filepath.Separator) && !filepath.IsAbs(name) {
		dir, err := filepath.Abs(t.Dir)
		if err != nil {
			return "", fmt.Errorf("notify.command: %w", err)
		}
		name = filepath.Join(dir, name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("notify.command: %w", err)
	}
	return path, nil
}

// run gives the command the text to read, and the JSON in its environment.
func (t Target) run(ctx context.Context, text string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, t.Command[0], t.Command[1:]...) //nolint:gosec // the command is the user's own
	cmd.Dir = t.Dir
	cmd.Env = append(os.Environ(), Variable+"="+string(body))
	cmd.Stdin = strings.NewReader(text + "\n")
	said := &head{}
	cmd.Stderr = said
	cmd.WaitDelay = time.Second // children that hold its output open
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return errors.New("it did not end in time")
	case said.line() != "":
		return fmt.Errorf("%w: %s", err, said.line())
	}
	return err
}

// head keeps the beginning of what a command says.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	const most = 200
	if room := most - len(h.text); room > 0 {
		h.text = append(h.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (h *head) line() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(h.text)), "\n")
	return strings.ToValidUTF8(line, "")
}
