package provision_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// service is what matters here of one in compose.yaml; make lint-compose reads all of it with Docker's own reader.
type service struct {
	Image       string
	Environment map[string]string
	Volumes     []string
	Ports       []string
	Healthcheck struct{ Test []string }
}

func TestCompose(t *testing.T) {
	text, err := os.ReadFile("../../compose.yaml")
	require.NoError(t, err)
	source := string(file(t, "datasources/tributary.yaml"))
	var compose struct{ Services map[string]service }
	require.NoError(t, yaml.Unmarshal(text, &compose))
	require.Len(t, compose.Services, 2)
	example, err := os.ReadFile("../../.env.example")
	require.NoError(t, err)
	for name, s := range compose.Services {
		require.Regexp(t, `^[a-z/]+:\d+\.\d+(\.\d+)?(-alpine)?$`, s.Image, "a tag that stays what it is")
		require.NotEmpty(t, s.Healthcheck.Test, name)
		for _, port := range s.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s: %s is open to the network", name, port)
		}
		for key, value := range s.Environment {
			if strings.Contains(key, "PASSWORD") {
				m := regexp.MustCompile(`^\$\{(\w+):\?set it in \.env\}$`).FindStringSubmatch(value)
				require.NotNil(t, m, "%s: %s must come from .env", name, key)
				require.Contains(t, string(example), "\n"+m[1]+"=\n", "an example without a value")
			}
		}
		for _, volume := range s.Volumes {
			if rest, ok := strings.CutPrefix(volume, "./"); ok {
				path, _, _ := strings.Cut(rest, ":")
				require.FileExists(t, "../../"+path)
				require.True(t, strings.HasSuffix(volume, ":ro"), volume)
			}
		}
	}
	// every variable that the data source takes from Grafana's environment is in it
	grafana := compose.Services["grafana"]
	for _, found := range regexp.MustCompile(`\$(TRIBUTARY_\w+)`).FindAllStringSubmatch(source, -1) {
		require.Contains(t, grafana.Environment, found[1])
	}
	require.Contains(t, strings.Join(grafana.Volumes, " "), "./dashboards/provisioning}:/etc/grafana/provisioning:ro")
	require.Equal(t, "grafana", grafana.Environment["TRIBUTARY_PG_USER"], "the login that roles.sql makes")
}
