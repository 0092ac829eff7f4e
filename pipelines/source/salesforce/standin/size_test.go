package standin_test

import (
	"encoding/json"
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

// BenchmarkParents asks for a field of the parent of each of 40,000 contacts of as many accounts, and for one record by its id.
func BenchmarkParents(b *testing.B) {
	const many = 40_000
	clock := standin.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	s, err := standin.New(standin.Options{Now: clock.Now, Standard: true, ClientID: "id", ClientSecret: "secret"})
	require.NoError(b, err)
	var account string
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
			for i := range many {
				account, err = s.Add("Account", standin.Row{"Name": fmt.Sprint(i), "Industry": "x", "BillingCity": "y", "OwnerId": "005000000000001AAA"})
				require.NoError(b, err)
				_, err = s.Add("Contact", standin.Row{"LastName": fmt.Sprint(i), "AccountId": account, "Email": "x@y.test"})
				require.NoError(b, err)
			}
		}
	})
	ask := func(request *http.Request) string {
		recorder := httptest.NewRecorder()
		s.ServeHTTP(recorder, request)
		require.Equal(b, 200, recorder.Code, recorder.Body.String)
		return recorder.Body.String()
	}
	login := httptest.NewRequestWithContext(b.Context(), http.MethodPost, tokenPath, strings.NewReader("grant_type=client_credentials&client_id=id&client_secret=secret"))
	login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	var token struct {
		Key string `json:"access_token"`
	}
	require.NoError(b, json.Unmarshal([]byte(ask(login)), &token))
	get := func(path string) {
		request := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/services/data/v64.0"+path, http.NoBody)
		request.Header.Set("Authorization", "Bearer "+token.Key)
		ask(request)
	}
	b.Run("query", func(b *testing.B) {
		for b.Loop() {
			get("/query?q=" + url.QueryEscape("SELECT Name, Account.Name FROM Contact WHERE Account.Name != 'z' ORDER BY Account.Name"))
		}
	})
	b.Run("record", func(b *testing.B) {
		for b.Loop() {
			get("/sobjects/Account/" + account)
		}
	})
}
