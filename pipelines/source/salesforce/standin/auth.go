package standin

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	orgID        = "00D000000000001EAA"
	userID       = "005000000000001AAA"
	identityPath = "/id/" + orgID + "/" + userID
)

// session is an access token: when it ends, and the refresh token that it came from.
type session struct {
	ends    time.Time
	refresh string
}

func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Server) open(refresh string) string {
	s.sequence++
	token := fmt.Sprintf("%s!session.%d", orgID[:15], s.sequence)
	s.tokens[token] = session{s.options.Now().Add(s.options.Session), refresh}
	return token
}

// GrantRefresh gives a refresh token, as a user's login in a browser does.
func (s *Server) GrantRefresh() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sequence++
	token := fmt.Sprintf("5Aep861.refresh.%d", s.sequence)
	s.refresh[token] = true
	return token
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") && scheme != "OAuth" {
		return ""
	}
	return token
}

func (s *Server) authorized(r *http.Request) bool { return s.alive(bearer(r)) }

func (s *Server) alive(token string) bool {
	return s.options.Now().Before(s.tokens[token].ends)
}

// oauth answers /services/oauth2/what.
func (s *Server) oauth(w http.ResponseWriter, r *http.Request, what string) {
	switch what {
	case "token":
		s.token(w, r)
	case "revoke":
		s.revoke(w, r.FormValue("token"))
	case "userinfo":
		s.identity(w, r)
	default:
		notFound(w)
	}
}

// refused is an answer of the authorization server, by RFC 6749.
func refused(w http.ResponseWriter, code, description string) {
	w.Header().Set("Cache-Control", "no-store")
	answer(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
}

// revoke ends a token; with a refresh token go the sessions that came from it.
func (s *Server) revoke(w http.ResponseWriter, token string) {
	_, open := s.tokens[token]
	if !open && !s.refresh[token] {
		refused(w, "unsupported_token_type", "invalid token: "+token)
		return
	}
	delete(s.tokens, token)
	if s.refresh[token] {
		delete(s.refresh, token)
		maps.DeleteFunc(s.tokens, func(_ string, from session) bool { return from.refresh == token })
	}
	w.WriteHeader(http.StatusOK)
}

// identity says who the token belongs to; it answers a wrong one in words, not as the data API does.
func (s *Server) identity(w http.ResponseWriter, r *http.Request) {
	switch token := bearer(r); {
	case token == "":
		http.Error(w, "Missing_OAuth_Token", http.StatusForbidden)
	case !s.alive(token):
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
	case strings.HasPrefix(r.URL.Path, "/id/") && r.URL.Path != identityPath:
		http.Error(w, "Bad_Id", http.StatusNotFound)
	default:
		id := base(r) + identityPath
		answer(w, http.StatusOK, map[string]any{
			"id": id, "sub": id, "asserted_user": true, "user_id": userID, "organization_id": orgID, "username": s.options.Username,
			"preferred_username": s.options.Username, "user_type": "STANDARD", "active": true, "zoneinfo": s.options.Zone.String(),
			"urls": map[string]string{"rest": base(r) + "/services/data/v{version}/", "query": base(r) + "/services/data/v{version}/query/"},
		})
	}
}

// token answers the OAuth flows that need no browser.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	grant := r.PostFormValue("grant_type")
	var code, text string
	switch {
	case r.Method != http.MethodPost:
		code, text = "invalid_request", "must use HTTP POST"
	case grant == "client_credentials":
		code, text = s.client(r)
	case grant == "password":
		if code, text = s.client(r); code == "" && !same(r.PostFormValue("username"), s.options.Username, r.PostFormValue("password"), s.options.Password) {
			code, text = "invalid_grant", "authentication failure"
		}
	case grant == "refresh_token":
		if code, text = s.client(r); code == "" && !s.refresh[r.PostFormValue("refresh_token")] {
			code, text = "invalid_grant", "expired access/refresh token"
		}
	case grant == "urn:ietf:params:oauth:grant-type:jwt-bearer":
		code, text = s.assertion(r.PostFormValue("assertion"))
	default:
		code, text = "unsupported_grant_type", "grant type not supported"
	}
	if code != "" {
		refused(w, code, text)
		return
	}
	id, issued := base(r)+identityPath, strconv.FormatInt(s.options.Now().UnixMilli(), 10)
	signature := hmac.New(sha256.New, []byte(s.options.ClientSecret))
	signature.Write([]byte(id + issued))
	w.Header().Set("Cache-Control", "no-store")
	answer(w, http.StatusOK, map[string]string{
		"access_token": s.open(r.PostFormValue("refresh_token")), "instance_url": base(r), "token_type": "Bearer", "scope": "api id", "id": id, "issued_at": issued,
		"signature": base64.StdEncoding.EncodeToString(signature.Sum(nil)),
	})
}

// client says what is wrong with the client's id and secret, in the form or in the header.
func (s *Server) client(r *http.Request) (code, text string) {
	id, secret := r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	if user, password, ok := r.BasicAuth(); ok {
		id, secret = user, password
	}
	switch {
	case !same(id, s.options.ClientID):
		return "invalid_client_id", "client identifier invalid"
	case !same(secret, s.options.ClientSecret):
		return "invalid_client", "invalid client credentials"
	}
	return "", ""
}

// same says whether what was sent is what was set, pair by pair; what was not set is never right.
func same(pairs ...string) bool {
	right := true
	for i := 0; i < len(pairs); i += 2 {
		right = right && pairs[i+1] != "" && subtle.ConstantTimeCompare([]byte(pairs[i]), []byte(pairs[i+1])) == 1
	}
	return right
}

// assertion says what is wrong with a JWT, in Salesforce's words.
func (s *Server) assertion(text string) (code, description string) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || s.options.PublicKey == nil {
		return "invalid_grant", "invalid assertion"
	}
	var header struct{ Alg string }
	var claims struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return "invalid_grant", "invalid assertion"
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch {
	case !same(claims.Iss, s.options.ClientID):
		return "invalid_client_id", "client identifier invalid"
	case header.Alg != "RS256" || rsa.VerifyPKCS1v15(s.options.PublicKey, crypto.SHA256, sum[:], signature) != nil:
		return "invalid_grant", "invalid assertion"
	case claims.Aud != s.options.Audience:
		return "invalid_grant", "audience is invalid"
	case claims.Exp <= s.options.Now().Unix():
		return "invalid_grant", "expired authorization code"
	case !same(claims.Sub, s.options.Username):
		return "invalid_grant", "user hasn't approved this consumer"
	}
	return "", ""
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}
