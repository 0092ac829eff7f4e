package standin

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

const (
	soapAnswer = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ` +
		`xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns="urn:partner.soap.sforce.com"><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>`
	soapLogin = `<loginResponse><result><passwordExpired>false</passwordExpired><sandbox>false</sandbox><serverUrl>%s%s/%s</serverUrl><sessionId>%s</sessionId>` +
		`<userId>%s</userId><userInfo><organizationId>%s</organizationId></userInfo></result></loginResponse>`
	soapLogout = `<logoutResponse/>`
	soapFault  = `<soapenv:Fault><faultcode>sf:%[1]s</faultcode><faultstring>%[1]s: %[2]s</faultstring></soapenv:Fault>`
)

// soap answers login and logout, the two calls of SOAP that clients of REST make.
func (s *Server) soap(w http.ResponseWriter, r *http.Request) {
	var envelope struct {
		Username string    `xml:"Body>login>username"`
		Password string    `xml:"Body>login>password"`
		Logout   *struct{} `xml:"Body>logout"`
		Session  string    `xml:"Header>SessionHeader>sessionId"`
	}
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	status, body := http.StatusOK, soapLogout
	refuse := func(code, text string) {
		status, body = http.StatusInternalServerError, fmt.Sprintf(soapFault, code, text)
	}
	switch err := xml.NewDecoder(r.Body).Decode(&envelope); {
	case err == nil && envelope.Logout != nil && s.alive(envelope.Session):
		delete(s.tokens, envelope.Session)
	case err == nil && envelope.Logout != nil:
		refuse("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader")
	case err == nil && same(envelope.Username, s.options.Username, envelope.Password, s.options.Password):
		body = fmt.Sprintf(soapLogin, base(r), r.URL.Path, orgID[:15], s.open(""), userID, orgID)
	default:
		refuse("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, soapAnswer, body) //nolint:gosec // a path that was routed here, to a client that reads XML
}
