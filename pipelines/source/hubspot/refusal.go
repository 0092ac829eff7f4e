package hubspot

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// refusal is HubSpot's body of an error.
type refusal struct {
	Message       string `json:"message"`
	CorrelationID string `json:"correlationId"`
	Category      string `json:"category"`
	PolicyName    string `json:"policyName"`
	Errors        []struct {
		Message string              `json:"message"`
		Context map[string][]string `json:"context"`
	} `json:"errors"`
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s [%s, correlationId %s]", r.Message, r.Category, r.CorrelationID)
}

// missingScopes says which scopes would do; one of them is enough.
type missingScopes struct {
	scopes []string
	err    error
}

func (m *missingScopes) Error() string   { return m.err.Error() }
func (m *missingScopes) Unwrap() []error { return []error{m.err, source.ErrPermission} }

// How long HubSpot locks records after very many changes, and its own status while an account is moved to another data centre.
const (
	lockLasts = 2 * time.Second
	migrating = 477
)

// explain tells a refusal in HubSpot's words.
func explain(r web.Refusal) error {
	var said refusal
	_ = json.Unmarshal(r.Body, &said) // what stands in front of HubSpot answers with a page
	switch r.Status {
	case http.StatusLocked:
		return &source.Later{After: max(r.After(), lockLasts), Err: errors.New(r.Text())}
	case migrating:
		return &source.Later{After: r.After(), Err: fmt.Errorf("HubSpot is moving the account to another data centre, for up to a day: run again then: %s", r.Text())}
	}
	if said.Message == "" {
		return nil
	}
	text := said.Message
	var scopes []string
	for _, e := range said.Errors {
		text += " " + e.Message
		scopes = append(scopes, e.Context["requiredGranularScopes"]...)
		scopes = append(scopes, e.Context["requiredScopes"]...)
	}
	slices.Sort(scopes)
	scopes = slices.Compact(scopes)
	if len(scopes) > 0 {
		text += " (" + strings.Join(scopes, ", ") + ")"
	}
	said.Message = text
	var err error = &said
	switch {
	case len(scopes) > 0:
		return &missingScopes{scopes, err}
	case r.Status == http.StatusBadRequest && strings.HasPrefix(said.Message, "Unable to infer object type"):
		return fmt.Errorf("%w: %w", source.ErrConfig, err)
	case r.Status == http.StatusTooManyRequests:
		return limited(said.PolicyName, r.After(), err)
	}
	return err
}

// limited says when to come back: HubSpot mostly does not.
func limited(policy string, after time.Duration, err error) error {
	if policy == "" {
		policy = "limit not named"
	}
	err = fmt.Errorf("%w (%s)", err, policy)
	if policy == "DAILY" {
		err = errors.Join(err, errors.New("the account's requests of today are used up: run again after midnight in the account's time zone, lower what else asks HubSpot, or buy the API limit increase"))
		return &source.Later{After: 24 * time.Hour, Err: err}
	}
	if after == 0 {
		after = map[string]time.Duration{"TEN_SECONDLY_ROLLING": 10 * time.Second}[policy]
	}
	return &source.Later{After: max(after, time.Second), Err: err}
}

func (m *missingScopes) oneOf() string { return strings.Join(m.scopes, " or ") }
