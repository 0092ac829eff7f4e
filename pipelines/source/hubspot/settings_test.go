package hubspot_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/project"
)

func TestSettingsThatAreWrong(t *testing.T) {
	config := `version: 1
project: acme
reporting: {time_zone: UTC, currency: EUR}
sources:
  hubspot:
    type: hubspot
    token: pat-na1-in-the-open
    url: api.hubapi.com
    lag: never
    streams:
      links: {object: associations/deals}
      past: {object: history/notes}
      some: {object: deals, filter: "amount > 5"}
      odd: {object: "deals?limit=1"}
      well: {object: 2-123}
`
	_, err := project.LoadFiles(map[string][]byte{project.File: []byte(config)}, project.Options{Dir: t.TempDir()})
	for _, problem := range []string{
		"tributary.yaml:7: ", "tributary.yaml:8: url is no address", "tributary.yaml:9: lag cannot be never", `tributary.yaml:11: object "associations/deals": 3 parts`,
		"tributary.yaml:12: history/notes: say which properties", `tributary.yaml:13: object "deals": HubSpot's lists take no filter`, `"deals?limit=1" is no type of object`,
	} {
		require.ErrorContains(t, err, problem)
	}
	require.NotContains(t, err.Error(), "tributary.yaml:15")
	require.NotContains(t, err.Error(), "in-the-open")
}
