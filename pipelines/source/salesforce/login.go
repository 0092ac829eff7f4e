package salesforce

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tributary-data/tributary/pipelines/source"
	"github.com/tributary-data/tributary/pipelines/source/web"
)

// Login is how to log in: with a key by a signed token, with a password as a user, else as the app itself.
type Login struct {
	ClientID, ClientSecret string
	Username, Password     string // the password with the security token behind it
	Key                    *rsa.PrivateKey
	Audience               string // of the signed token; by the host when empty
}

// session is what a login gives.
type session struct {
	Token    string `json:"access_token"`
	Instance string `json:"instance_url"`
}

// login asks for a token.
func (c *connector) login(ctx context.Context) (string, error) {
	form := url.Values{"client_id": {c.opts.Login.ClientID}}
	switch l := c.opts.Login; {
	case l.Key != nil:
		now, err := c.now(ctx)
		if err != nil {
			return "", err
		}
		assertion, err := l.assertion(c.audience(), now)
		if err != nil {
			return "", err
		}
		form = url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	case l.Password != "":
		form.Set("grant_type", "password")
		form.Set("client_secret", l.ClientSecret)
		form.Set("username", l.Username)
		form.Set("password", l.Password)
	default:
		form.Set("grant_type", "client_credentials")
		form.Set("client_secret", l.ClientSecret)
	}
	var s session
	_, err := c.door.JSON(ctx, web.Request{
		Method: http.MethodPost, URL: c.host + "/services/oauth2/token", Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode()),
	}, &s)
	if err != nil {
		return "", err
	}
	instance, err := baseOf(s.Instance)
	if err != nil || s.Token == "" {
		return "", fmt.Errorf("%w: the login was answered without a token and an instance", source.ErrCredentials)
	}
	c.mu.Lock()
	c.instance = instance
	c.mu.Unlock()
	return s.Token, nil
}

// now is the server's clock: a signed token is only good for minutes, and ours may be wrong.
func (c *connector) now(ctx context.Context) (time.Time, error) {
	header, err := c.door.JSON(ctx, web.Request{URL: c.host + "/services/data/"}, nil)
	if err != nil {
		return time.Time{}, err
	}
	return web.Clock(header)
}

// audience is whom a signed token is for.
func (c *connector) audience() string {
	host := strings.TrimPrefix(c.host, "https://")
	switch {
	case c.opts.Login.Audience != "":
		return c.opts.Login.Audience
	case strings.Contains(host, ".sandbox.") || strings.HasPrefix(host, "test."):
		return "https://test.salesforce.com"
	}
	return "https://login.salesforce.com"
}

// assertion is a token that is signed with the key, good for three minutes.
func (l Login) assertion(audience string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"iss": l.ClientID, "sub": l.Username, "aud": audience, "exp": now.Add(3 * time.Minute).Unix()})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, l.Key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing the login: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
