package standin

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Token is a private app's: what it may read.
type Token struct {
	Key    string
	Scopes []string
	AppID  int64
}

// AllScopes are those that reading everything takes, sensitive properties left out.
func AllScopes() []string {
	scopes := []string{ownersScope, schemasScope, customScope}
	for _, k := range standardKinds() {
		scopes = append(scopes, k.scope)
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}

const (
	ownersScope  = "crm.objects.owners.read"
	schemasScope = "crm.schemas.custom.read"
	customScope  = "crm.objects.custom.read"
)

// app is a token with what its requests have used up.
type app struct {
	Token

	calls window
}

// Grant lets a token in, or changes its scopes.
func (s *Server) Grant(t Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[t.Key] = &app{Token: t}
}

// Revoke ends a token, as rotating it in HubSpot does.
func (s *Server) Revoke(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, key)
}

func (c *call) authenticate() error {
	key, bearer := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	c.token = c.tokens[key]
	if !bearer || c.token == nil {
		return unauthenticated()
	}
	return nil
}

func unauthenticated() *failure {
	return &failure{
		code: http.StatusUnauthorized, Category: "INVALID_AUTHENTICATION",
		Message: "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
	}
}

// allowed asks for one of the scopes.
func (c *call) allowed(scopes ...string) error {
	if slices.ContainsFunc(scopes, c.has) {
		return nil
	}
	return &failure{
		code: http.StatusForbidden, Category: "MISSING_SCOPES",
		Message: "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
		Errors:  []detail{{Message: "One or more of the following scopes are required.", Context: map[string][]string{"requiredGranularScopes": scopes}}},
		Links:   map[string]string{"scopes": "https://developers.hubspot.com/scopes"},
	}
}

func (c *call) has(scope string) bool { return slices.Contains(c.token.Scopes, scope) }

// serveAccount is what a token can ask about itself and the account.
func (s *Server) serveAccount() {
	s.handle("GET /account-info/v3/details", counted, func(c *call) (any, error) {
		return map[string]any{
			"portalId": c.hub, "accountType": "STANDARD", "timeZone": "UTC", "companyCurrency": "USD", "additionalCurrencies": []string{},
			"utcOffset": "+00:00", "utcOffsetMilliseconds": 0, "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
		}, nil
	})
	s.handle("POST /oauth/v2/private-apps/get/access-token-info", nil, func(c *call) (any, error) {
		var asked struct {
			TokenKey string `json:"tokenKey"`
		}
		if err := c.body(&asked); err != nil {
			return nil, err
		}
		about := c.tokens[asked.TokenKey]
		if about == nil {
			return nil, unauthenticated()
		}
		return map[string]any{"hubId": c.hub, "userId": 1, "appId": about.AppID, "scopes": about.Scopes}, nil
	})
	s.handle("GET /oauth/v1/access-tokens/{token}", nil, func(c *call) (any, error) {
		about := c.tokens[c.r.PathValue("token")]
		if about == nil {
			return nil, unauthenticated()
		}
		return map[string]any{
			"hub_id": c.hub, "user_id": 1, "app_id": about.AppID, "scopes": about.Scopes, "token": about.Key, "token_type": "access",
			"hub_domain": fmt.Sprintf("%d.example.com", c.hub), "expires_in": 1800,
		}, nil
	})
}
