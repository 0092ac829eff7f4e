package standin

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const (
	orgID  = "00D000000000001AAA"
	userID = "005000000000001AAA"
)

func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func (s *Server) session() string {
	s.sequence++
	token := fmt.Sprintf("%s!session.%d", orgID[:15], s.sequence)
	s.tokens[token] = s.options.Now().Add(s.options.Session)
	return token
}

func (s *Server) authorized(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	ends, known := s.tokens[token]
	return known && (scheme == "Bearer" || scheme == "OAuth") && s.options.Now().Before(ends)
}

// token answers the OAuth flows that need no browser.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	client := r.FormValue("client_id") == s.options.ClientID && r.FormValue("client_secret") == s.options.ClientSecret
	if id, secret, ok := r.BasicAuth(); ok {
		client = id == s.options.ClientID && secret == s.options.ClientSecret
	}
	code, text := "", ""
	grant := r.FormValue("grant_type")
	switch grant {
	case "client_credentials", "password", "refresh_token":
		switch {
		case !client:
			code, text = "invalid_client", "invalid client credentials"
		case grant == "password" && (r.FormValue("username") != s.options.Username || r.FormValue("password") != s.options.Password):
			code, text = "invalid_grant", "authentication failure"
		case grant == "refresh_token" && !s.refresh[r.FormValue("refresh_token")]:
			code, text = "invalid_grant", "expired access/refresh token"
		}
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		if text = s.assertion(r.FormValue("assertion")); text != "" {
			code = "invalid_grant"
		}
	default:
		code, text = "unsupported_grant_type", "grant type not supported"
	}
	if code != "" {
		answer(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": text})
		return
	}
	body := map[string]string{
		"access_token": s.session(), "instance_url": base(r), "token_type": "Bearer", "id": base(r) + "/id/" + orgID + "/" + userID,
		"issued_at": strconv.FormatInt(s.options.Now().UnixMilli(), 10),
	}
	if grant == "password" {
		s.sequence++
		body["refresh_token"] = fmt.Sprintf("refresh.%d", s.sequence)
		s.refresh[body["refresh_token"]] = true
	}
	answer(w, http.StatusOK, body)
}

// assertion says what is wrong with a JWT, in Salesforce's words; empty: nothing.
func (s *Server) assertion(text string) string {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || s.options.PublicKey == nil {
		return "invalid assertion"
	}
	var header struct{ Alg string }
	var claims struct {
		Iss, Sub, Aud string
		Exp           int64
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !decodePart(parts[0], &header) || !decodePart(parts[1], &claims) {
		return "invalid assertion"
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	switch {
	case header.Alg != "RS256" || rsa.VerifyPKCS1v15(s.options.PublicKey, crypto.SHA256, sum[:], signature) != nil:
		return "invalid assertion"
	case claims.Iss != s.options.ClientID:
		return "client identifier invalid"
	case claims.Aud != s.options.Audience:
		return "audience is invalid"
	case claims.Sub != s.options.Username:
		return "user hasn't approved this consumer"
	case claims.Exp <= s.options.Now().Unix():
		return "expired authorization code"
	}
	return ""
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

const (
	soapAnswer = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">` +
		`<soapenv:Body>%s</soapenv:Body></soapenv:Envelope>`
	soapLogin = `<loginResponse><result><passwordExpired>false</passwordExpired><sandbox>false</sandbox><serverUrl>%s%s/%s</serverUrl><sessionId>%s</sessionId>` +
		`<userId>%s</userId><userInfo><organizationId>%s</organizationId></userInfo></result></loginResponse>`
	soapFault = `<soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out.</faultstring></soapenv:Fault>`
)

func (s *Server) soap(w http.ResponseWriter, r *http.Request) {
	var envelope struct {
		Username string `xml:"Body>login>username"`
		Password string `xml:"Body>login>password"`
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	err := xml.NewDecoder(r.Body).Decode(&envelope)
	if err != nil || envelope.Username != s.options.Username || envelope.Password != s.options.Password {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprintf(w, soapAnswer, soapFault)
		return
	}
	_, _ = fmt.Fprintf(w, soapAnswer, fmt.Sprintf(soapLogin, base(r), r.URL.Path, orgID[:15], s.session(), userID, orgID)) //nolint:gosec // a path that was routed here, to a client that reads XML
}
