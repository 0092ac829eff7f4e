package standin

import (
	"fmt"
	"net/http"
)

// failure is HubSpot's body of an error.
type failure struct {
	code int

	Status        string              `json:"status"`
	Message       string              `json:"message"`
	ErrorType     string              `json:"errorType,omitempty"`
	CorrelationID string              `json:"correlationId"`
	PolicyName    string              `json:"policyName,omitempty"`
	Errors        []detail            `json:"errors,omitempty"`
	Context       map[string][]string `json:"context,omitempty"`
	Links         map[string]string   `json:"links,omitempty"`
	Category      string              `json:"category,omitempty"`
	SubCategory   string              `json:"subCategory,omitempty"`
}

type detail struct {
	Message string              `json:"message"`
	Context map[string][]string `json:"context,omitempty"`
}

// Error is the message.
func (f *failure) Error() string { return f.Message }

// invalid is a request that HubSpot does not understand.
func invalid(format string, values ...any) *failure {
	return &failure{code: http.StatusBadRequest, Message: fmt.Sprintf(format, values...), Category: "VALIDATION_ERROR"}
}

// problem is HubSpot's answer to a search that it will not run. It does not say why; the detail does, for who reads a test's output.
func problem(format string, values ...any) *failure {
	f := invalid("There was a problem with the request.")
	f.Errors = []detail{{Message: fmt.Sprintf(format, values...)}}
	return f
}

// missing is an object that is not there.
func missing(id string) *failure {
	return &failure{
		code: http.StatusNotFound, Message: "Object not found.  objectId are usually numeric.", Category: "OBJECT_NOT_FOUND",
		Context: map[string][]string{"id": {id}},
	}
}

// fail answers with an error.
func (s *Server) fail(w http.ResponseWriter, f *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failLocked(w, f)
}

func (s *Server) failLocked(w http.ResponseWriter, f *failure) {
	s.errors++
	f.Status, f.CorrelationID = "error", fmt.Sprintf("%08x-0000-7000-8000-%012x", s.hub, s.errors)
	w.Header().Set("X-Hubspot-Correlation-Id", f.CorrelationID)
	if a, buffered := w.(*answer); buffered {
		a.text.Reset()
	}
	writeJSON(w, f.code, f)
}
