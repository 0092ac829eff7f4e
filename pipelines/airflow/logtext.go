package airflow

import (
	"encoding/json"
	"fmt"
	"strings"
)

// logText writes the log of Airflow 3, a list of events or of texts, as lines.
func logText(body []byte) (string, error) {
	var says struct {
		Content []json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(body, &says); err != nil {
		return "", fmt.Errorf("%w: the log is not what Airflow 3 writes: %w", ErrRefused, err)
	}
	var lines strings.Builder
	for _, raw := range says.Content {
		var event struct {
			At    string `json:"timestamp"`
			Level string `json:"level"`
			Text  string `json:"event"`
		}
		var plain string
		switch {
		case json.Unmarshal(raw, &plain) == nil:
			lines.WriteString(plain + "\n")
		case json.Unmarshal(raw, &event) != nil || strings.HasPrefix(event.Text, "::"): // marks that fold the log on the page
		case event.At == "":
			lines.WriteString(event.Text + "\n")
		default:
			fmt.Fprintf(&lines, "%s %-7s %s\n", event.At, event.Level, event.Text)
		}
	}
	return lines.String(), nil
}
