package stand

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// hollow leaves the headers of a project's data files. Files of JSON have none, so their streams go, with what is mapped from them.
func hollow(dir string) error {
	path := filepath.Join(dir, "tributary.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var config map[string]any
	if err := yaml.Unmarshal(text, &config); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	gone := withoutJSON(config)
	maps, _ := config["maps"].([]any)
	config["maps"] = slices.DeleteFunc(maps, func(m any) bool {
		from, _ := m.(map[string]any)["from"].(string)
		return gone[from]
	})
	text, err = yaml.Marshal(config)
	return errors.Join(err, os.WriteFile(path, text, 0o600), headers(filepath.Join(dir, "data")))
}

// withoutJSON takes the streams of JSON files out of the sources and returns their names.
func withoutJSON(config map[string]any) map[string]bool {
	gone := map[string]bool{}
	sources, _ := config["sources"].(map[string]any)
	for source, settings := range sources {
		streams, _ := settings.(map[string]any)["streams"].(map[string]any)
		for stream, settings := range streams {
			if strings.Contains(fmt.Sprint(settings), ".json") { // among its files
				gone[source+"."+stream] = true
				delete(streams, stream)
			}
		}
		if len(streams) == 0 {
			delete(sources, source)
		}
	}
	return gone
}

// headers cuts every file of a folder after its first line.
func headers(dir string) error {
	return filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.Contains(entry.Name(), ".json") {
			return err
		}
		text, err := unpacked(path)
		if err != nil {
			return err
		}
		end := "\n"
		if strings.HasPrefix(text, "\xff\xfe") { // UTF-16
			end = "\n\x00"
		}
		header, _, _ := strings.Cut(text, end)
		return packed(path, header+end)
	})
}
