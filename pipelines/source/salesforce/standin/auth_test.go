package standin_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

const tokenPath = "/services/oauth2/token" //nolint:gosec // a path

func TestFlowsWithASecret(t *testing.T) {
	o := newOrg(t)
	refresh := o.GrantRefresh()
	right := map[string]url.Values{
		"client_credentials": {}, "password": {"username": {"u@x.test"}, "password": {"pw"}}, "refresh_token": {"refresh_token": {refresh}},
	}
	for grant, form := range right {
		form.Set("grant_type", grant)
		form.Set("client_id", "id")
		form.Set("client_secret", "secret")
		status, body := o.post(tokenPath, form)
		require.Equal(t, 200, status, body)
		require.Equal(t, o.url, text(t, body, "instance_url"))
		require.Equal(t, "1767323045000", text(t, body, "issued_at"))
		require.Equal(t, "Bearer", text(t, body, "token_type"))
	}
	for _, c := range []struct{ grant, key, value, code, description string }{
		{"client_credentials", "client_id", "other", "invalid_client_id", "client identifier invalid"},
		{"client_credentials", "client_id", "", "invalid_client_id", "client identifier invalid"},
		{"client_credentials", "client_secret", "other", "invalid_client", "invalid client credentials"},
		{"client_credentials", "client_secret", "", "invalid_client", "invalid client credentials"},
		{"password", "client_secret", "", "invalid_client", "invalid client credentials"},
		{"password", "username", "", "invalid_grant", "authentication failure"},
		{"password", "password", "", "invalid_grant", "authentication failure"},
		{"password", "password", "pw2", "invalid_grant", "authentication failure"},
		{"refresh_token", "refresh_token", "", "invalid_grant", "expired access/refresh token"},
		{"refresh_token", "refresh_token", "other", "invalid_grant", "expired access/refresh token"},
		{"refresh_token", "grant_type", "", "unsupported_grant_type", "grant type not supported"},
	} {
		form := url.Values{}
		for key := range right[c.grant] {
			form.Set(key, right[c.grant].Get(key))
		}
		form.Set(c.key, c.value)
		status, body := o.post(tokenPath, form)
		require.Equal(t, 400, status)
		require.JSONEq(t, fmt.Sprintf(`{"error":%q,"error_description":%q}`, c.code, c.description), body)
	}
	status, body, _ := o.send(http.MethodGet, tokenPath+"?"+right["password"].Encode(), "", nil)
	require.Equal(t, 400, status)
	require.Contains(t, body, "must use HTTP POST")
	status, _, _ = o.send(http.MethodPost, tokenPath, "grant_type=client_credentials", http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("id:secret"))},
	})
	require.Equal(t, 200, status)
}

func TestWhatIsNotSetIsNeverRight(t *testing.T) {
	o := newOrg(t, func(options *standin.Options) {
		options.ClientID, options.ClientSecret, options.Username, options.Password = "", "", "", ""
	})
	for _, grant := range []string{"client_credentials", "password", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"} {
		status, body := o.post(tokenPath, url.Values{"grant_type": {grant}})
		require.Equal(t, 400, status, body)
	}
	status, body, _ := o.send(http.MethodPost, "/services/Soap/u/64.0", soapCall("<login><username/><password/></login>", ""), nil)
	require.Equal(t, 500, status)
	require.Contains(t, body, "INVALID_LOGIN")
}

func TestJWTBearer(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	o := newOrg(t, func(options *standin.Options) { options.PublicKey = &key.PublicKey })
	encode := base64.RawURLEncoding.EncodeToString
	ask := func(signer *rsa.PrivateKey, algorithm, issuer, subject, audience string, ends time.Duration) string {
		claims := fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%q,"exp":%d}`, issuer, subject, audience, o.clock.Now().Add(ends).Unix())
		signed := encode([]byte(`{"alg":"`+algorithm+`"}`)) + "." + encode([]byte(claims))
		sum := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(rand.Reader, signer, crypto.SHA256, sum[:])
		require.NoError(t, err)
		_, body := o.post(tokenPath, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed + "." + encode(signature)}})
		return body
	}
	const salesforce = "https://login.salesforce.com"
	require.NotEmpty(t, text(t, ask(key, "RS256", "id", "u@x.test", salesforce, time.Minute), "access_token"))
	for _, c := range []struct{ got, code, description string }{
		{ask(other, "RS256", "id", "u@x.test", salesforce, time.Minute), "invalid_grant", "invalid assertion"},
		{ask(key, "none", "id", "u@x.test", salesforce, time.Minute), "invalid_grant", "invalid assertion"},
		{ask(key, "RS256", "", "u@x.test", salesforce, time.Minute), "invalid_client_id", "client identifier invalid"},
		{ask(key, "RS256", "id", "no@x.test", salesforce, time.Minute), "invalid_grant", "user hasn't approved this consumer"},
		{ask(key, "RS256", "id", "u@x.test", "https://elsewhere.test", time.Minute), "invalid_grant", "audience is invalid"},
		{ask(key, "RS256", "id", "u@x.test", salesforce, 0), "invalid_grant", "expired authorization code"},
	} {
		require.JSONEq(t, fmt.Sprintf(`{"error":%q,"error_description":%q}`, c.code, c.description), c.got)
	}
}

func TestSessionsEndWithTimeAndRevocation(t *testing.T) {
	o := newOrg(t)
	expired := func() {
		t.Helper()
		status, body, _ := o.call(http.MethodGet, "/limits", "")
		require.Equal(t, 401, status)
		require.JSONEq(t, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`, body)
	}
	o.clock.Advance(2 * time.Hour)
	expired()
	o.login()
	status, _ := o.post("/services/oauth2/revoke", url.Values{"token": {o.key}})
	require.Equal(t, 200, status)
	expired()
	status, body := o.post("/services/oauth2/revoke", url.Values{"token": {o.key}})
	require.Equal(t, 400, status)
	require.Equal(t, "unsupported_token_type", text(t, body, "error"))

	refresh := o.GrantRefresh()
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}, "client_id": {"id"}, "client_secret": {"secret"}}
	_, body = o.post(tokenPath, form)
	o.key = text(t, body, "access_token")
	require.Contains(t, o.get("/limits"), "DailyApiRequests")
	status, _ = o.post("/services/oauth2/revoke", url.Values{"token": {refresh}})
	require.Equal(t, 200, status)
	expired()
	status, _ = o.post(tokenPath, form)
	require.Equal(t, 400, status)
}

func TestWhoATokenBelongsTo(t *testing.T) {
	o := newOrg(t)
	for _, path := range []string{"/services/oauth2/userinfo", "/id/00D000000000001EAA/005000000000001AAA"} {
		_, body, _ := o.send(http.MethodGet, path, "", http.Header{"Authorization": {"Bearer " + o.key}})
		require.Equal(t, "u@x.test", text(t, body, "preferred_username"))
		require.Equal(t, "00D000000000001EAA", text(t, body, "organization_id"))
		for header, want := range map[string]string{"Bearer no": "Bad_OAuth_Token", "": "Missing_OAuth_Token"} {
			status, body, _ := o.send(http.MethodGet, path, "", http.Header{"Authorization": {header}})
			require.Equal(t, 403, status)
			require.Equal(t, want, strings.TrimSpace(body))
		}
	}
}

func soapCall(body, key string) string {
	return `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader><sessionId>` + key +
		`</sessionId></SessionHeader></e:Header><e:Body>` + body + `</e:Body></e:Envelope>`
}

func TestSOAP(t *testing.T) {
	o := newOrg(t)
	call := func(body, key string) (int, string) {
		status, answer, _ := o.send(http.MethodPost, "/services/Soap/u/64.0", soapCall(body, key), nil)
		return status, answer
	}
	status, body := call("<login><username>u@x.test</username><password>pw</password></login>", "")
	require.Equal(t, 200, status)
	_, rest, _ := strings.Cut(body, "<sessionId>")
	o.key, _, _ = strings.Cut(rest, "</sessionId>")
	require.Contains(t, o.get("/limits"), "DailyApiRequests")
	status, _ = call("<logout/>", o.key)
	require.Equal(t, 200, status)
	require.Contains(t, o.get("/limits"), "INVALID_SESSION_ID")
	status, body = call("<logout/>", o.key)
	require.Equal(t, 500, status)
	require.Contains(t, body, "INVALID_SESSION_ID")
	status, body = call("<login><username>u@x.test</username><password>no</password></login>", "")
	require.Equal(t, 500, status)
	require.Contains(t, body, "INVALID_LOGIN: Invalid username")
}
