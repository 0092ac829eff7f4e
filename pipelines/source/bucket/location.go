package bucket

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/tributary-data/tributary/schemas/diag"
)

// Location is a place in object storage: s3://bucket/prefix?region=eu-central-1&endpoint=https://s3.example.com. Region and endpoint may
// be left out.
type Location struct {
	Bucket   string
	Prefix   string // of keys; empty, or ends with a slash
	Region   string
	Endpoint *url.URL // nil = Amazon's
}

const scheme = "s3://"

// Named tells whether a root names object storage, of whatever kind, and no folder.
func Named(root string) bool { return strings.Contains(root, "://") }

// Parse reads a location. The error does not repeat what may be a secret.
func Parse(root string) (Location, error) {
	if !strings.HasPrefix(root, scheme) {
		name, _, _ := strings.Cut(root, ":")
		return Location{}, fmt.Errorf("%s:// is not read: s3://bucket/prefix is, or a folder", name)
	}
	u, err := url.Parse(root)
	if err != nil {
		return Location{}, errors.New("it cannot be read: write s3://bucket/prefix?region=…&endpoint=https://…")
	}
	if u.Fragment != "" {
		return Location{}, errors.New("write %23 where a key has a #")
	}
	if u.User != nil {
		return Location{}, errors.New("a login has no place in it: it comes from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)")
	}
	if err := s3utils.CheckValidBucketNameStrict(u.Host); err != nil {
		return Location{}, fmt.Errorf("%q is no name of a bucket: %w", u.Host, err)
	}
	l := Location{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	if l.Prefix != "" {
		l.Prefix += "/"
	}
	settings, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Location{}, fmt.Errorf("what follows the ? cannot be read: %w", err)
	}
	known := []string{"region", "endpoint"}
	for name := range settings {
		if !slices.Contains(known, name) {
			return Location{}, fmt.Errorf("%q is no setting of it: %s", name, diag.DidYouMean(name, known))
		}
	}
	l.Region = settings.Get("region")
	if text := settings.Get("endpoint"); text != "" {
		l.Endpoint, err = parseEndpoint(text)
	}
	return l, err
}

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("its endpoint is no address: write endpoint=https://host or http://host:port, without a path and without a login")
	}
	return u, nil
}

// String is the location as people see it, without settings.
func (l Location) String() string { return scheme + l.Bucket + "/" + l.Prefix }

// URL names an object, whatever endpoint it came from.
func (l Location) URL(key string) string { return scheme + l.Bucket + "/" + key }
