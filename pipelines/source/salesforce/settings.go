// Package salesforce is the connector for Salesforce: REST queries for what is small, Bulk API 2.0 for what is large, deleted records
// included. Instants are Salesforce's, to the millisecond.
package salesforce

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/secret"
	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/schemas/diag"
)

// Settings are a source of type salesforce in tributary.yaml.
type Settings struct {
	source.Shared `yaml:",inline"`
	Host          diag.Text         `yaml:"host,required"`
	Version       diag.Text         `yaml:"version"`
	Auth          Auth              `yaml:"auth,required"`
	API           diag.Text         `yaml:"api"`
	BulkFrom      int64             `yaml:"bulk_from"`
	Page          int               `yaml:"page"`
	KeepCalls     *int              `yaml:"keep_calls"`
	Streams       source.StreamList `yaml:"streams,required"`
}

// Auth is one of the ways to log in.
type Auth struct {
	At                diag.Pos
	ClientCredentials *ClientCredentials `yaml:"client_credentials"`
	JWT               *JWT               `yaml:"jwt"`
	Password          *Password          `yaml:"password"`
}

// ClientCredentials log in as the user whom the app runs as.
type ClientCredentials struct {
	ClientID     diag.Text     `yaml:"client_id,required"`
	ClientSecret secret.Secret `yaml:"client_secret,required"`
}

// JWT logs in by a token that is signed with the key whose certificate the app has.
type JWT struct {
	ClientID diag.Text     `yaml:"client_id,required"`
	Username diag.Text     `yaml:"username,required"`
	Key      secret.Secret `yaml:"key,required"`
	Audience diag.Text     `yaml:"audience"`
}

// Password logs in as a user does.
type Password struct {
	ClientID      diag.Text      `yaml:"client_id,required"`
	ClientSecret  secret.Secret  `yaml:"client_secret,required"`
	Username      diag.Text      `yaml:"username,required"`
	Password      secret.Secret  `yaml:"password,required"`
	SecurityToken *secret.Secret `yaml:"security_token"`
}

// Ways to read.
const (
	Auto = "auto" // by how many rows there are
	REST = "rest"
	Bulk = "bulk"
)

const (
	defaultVersion   = "64.0"
	defaultOverlap   = 15 * time.Minute // a long transaction commits with the moment at which it wrote
	defaultBulkFrom  = 10_000
	defaultPage      = 5_000
	defaultKeepCalls = 10 // percent
)

// Listed are the streams.
func (s *Settings) Listed() []source.StreamSettings { return s.Streams }

// SetDefaults fills in what was left out.
func (s *Settings) SetDefaults() {
	s.Defaults(defaultOverlap)
	if s.Version.Value == "" {
		s.Version.Value = defaultVersion
	}
	if s.API.Value == "" {
		s.API.Value = Auto
	}
	if s.BulkFrom == 0 {
		s.BulkFrom = defaultBulkFrom
	}
	if s.Page == 0 {
		s.Page = defaultPage
	}
	if s.KeepCalls == nil {
		keep := defaultKeepCalls
		s.KeepCalls = &keep
	}
}

var (
	versionText = regexp.MustCompile(`^\d{2,3}\.0$`)
	objectText  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	fieldText   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.]*$`)
)

// Check reports what is wrong beyond the shape of the file.
func (s *Settings) Check(problems *diag.List) {
	if _, err := baseOf(s.Host.Value); err != nil {
		problems.Add(s.Host.Pos, "for example acme.my.salesforce.com, or acme--uat.sandbox.my.salesforce.com", "host: %s", err)
	}
	if !versionText.MatchString(s.Version.Value) {
		problems.Add(s.Version.Pos, "for example \"64.0\"", "%q is no version of the API", s.Version)
	}
	switch s.API.Value {
	case Auto, REST, Bulk:
	default:
		problems.Add(s.API.Pos, "auto, rest or bulk", "unknown api %q", s.API)
	}
	if s.BulkFrom < 0 || s.Page < 0 || *s.KeepCalls < 0 || *s.KeepCalls > 99 {
		problems.Add(s.At, "bulk_from and page are rows, keep_calls is a percentage below 100", "a number is out of range")
	}
	given := 0
	for _, one := range []bool{s.Auth.ClientCredentials != nil, s.Auth.JWT != nil, s.Auth.Password != nil} {
		if one {
			given++
		}
	}
	if given != 1 {
		problems.Add(s.Auth.At, "docs/source-salesforce.md says how each is set up", "auth needs exactly one of client_credentials, jwt and password")
	}
	for _, t := range s.Streams {
		if !objectText.MatchString(t.Stream().ObjectName()) {
			problems.Add(t.At, "for example Opportunity or Deal_Registration__c", "%q is no name of an object", t.Stream().ObjectName())
		}
		for _, name := range append(append([]string{t.Cursor.Value}, t.Fields...), t.Key...) {
			if name != "" && !fieldText.MatchString(name) {
				problems.Add(t.At, "the API name, such as Partner_Account__c, or Owner.Name", "%q is no name of a field", name)
			}
		}
	}
}

// baseOf is the address of a host. Only a server on this machine may be asked without TLS.
func baseOf(host string) (string, error) {
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	u, err := url.Parse(host)
	switch {
	case err != nil || u.Host == "":
		return "", errors.New("it is no name of a host")
	case u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "":
		return "", errors.New("write the host alone")
	case u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "127.0.0.1" && u.Hostname() != "localhost"):
		return "", errors.New("it must be https")
	}
	return u.Scheme + "://" + u.Host, nil
}

// Connect makes a connector. Salesforce is asked for nothing yet.
func (s *Settings) Connect(_ context.Context, env source.Environment) (source.Connector, error) {
	opts := Options{Host: s.Host.Value, Version: s.Version.Value, API: s.API.Value, BulkFrom: s.BulkFrom, Page: s.Page, KeepCalls: *s.KeepCalls, Patience: s.Patience(env)}
	var problems diag.List
	reveal := func(of *secret.Secret) string {
		problems.Merge(of.Resolve(env.Secrets))
		return of.Reveal()
	}
	switch {
	case s.Auth.ClientCredentials != nil:
		opts.Login = Login{ClientID: s.Auth.ClientCredentials.ClientID.Value, ClientSecret: reveal(&s.Auth.ClientCredentials.ClientSecret)}
	case s.Auth.JWT != nil:
		s.Auth.JWT.Key.Whole = true
		opts.Login = Login{ClientID: s.Auth.JWT.ClientID.Value, Username: s.Auth.JWT.Username.Value, Audience: s.Auth.JWT.Audience.Value}
		if text := reveal(&s.Auth.JWT.Key); text != "" {
			key, err := parseKey(text)
			if err != nil {
				problems.Add(s.Auth.JWT.Key.At, "the private key in PEM, whose certificate the connected app has", "%s", err)
			}
			opts.Login.Key = key
		}
	case s.Auth.Password != nil:
		p := s.Auth.Password
		opts.Login = Login{ClientID: p.ClientID.Value, ClientSecret: reveal(&p.ClientSecret), Username: p.Username.Value, Password: reveal(&p.Password)}
		if p.SecurityToken != nil {
			opts.Login.Password += reveal(p.SecurityToken)
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return New(opts)
}

// parseKey reads an RSA key in PEM. The error does not hold any of it.
func parseKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the key is no PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	other, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the key cannot be read; one with a passphrase has to be stored without")
	}
	key, ok := other.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key is of another kind (%T): Salesforce wants RSA", other)
	}
	return key, nil
}

// Options of a connector.
type Options struct {
	Host      string // or an address with http:// on this machine
	Version   string // of the API; 64.0 when empty
	Login     Login
	API       string // Auto when empty
	BulkFrom  int64  // rows from which on a job is made; 10,000 when 0
	Page      int    // rows; at most 2,000 of them by REST, at least 200; 5,000 when 0
	KeepCalls int    // percent of the daily calls that are left to others
	Patience  *source.Patience
}
