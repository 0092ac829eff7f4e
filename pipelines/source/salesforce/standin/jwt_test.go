package standin_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-data/tributary/pipelines/source/salesforce/standin"
)

func TestJWTBearer(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server, err := standin.New(standin.Options{Now: func() time.Time { return now }, Username: "u", ClientID: "id", PublicKey: &key.PublicKey})
	require.NoError(t, err)
	for claims, want := range map[string]string{
		`{"iss":"id","sub":"u","aud":"https://login.salesforce.com","exp":%d}`:        "access_token",
		`{"iss":"no","sub":"u","aud":"https://login.salesforce.com","exp":%d}`:        "client identifier invalid",
		`{"iss":"id","sub":"no","aud":"https://login.salesforce.com","exp":%d}`:       "user hasn't approved this consumer",
		`{"iss":"id","sub":"u","aud":"https://elsewhere.test","exp":%d}`:              "audience is invalid",
		`{"iss":"id","sub":"u","aud":"https://login.salesforce.com","exp":1,"at":%d}`: "expired authorization code",
	} {
		encode := base64.RawURLEncoding.EncodeToString
		signed := encode([]byte(`{"alg":"RS256"}`)) + "." + encode(fmt.Appendf(nil, claims, now.Unix()+60))
		sum := sha256.Sum256([]byte(signed))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		require.NoError(t, err)
		form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed + "." + encode(signature)}}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/services/oauth2/token", strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, request)
		require.Contains(t, recorder.Body.String(), want)
	}
}
