// Package push brings dashboards into a running Grafana through its HTTP API. It plans before it saves: what is as it should be is not saved
// again, and what is not ours, or was changed by hand since we saved it, is not saved over. It makes folders and dashboards, nothing else.
package push

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/go-openapi/runtime"
	httptransport "github.com/go-openapi/runtime/client"
	"github.com/grafana/grafana-openapi-client-go/client"
	"github.com/grafana/grafana-openapi-client-go/client/dashboards"
	"github.com/grafana/grafana-openapi-client-go/client/folders"
	"github.com/grafana/grafana-openapi-client-go/client/health"
	"github.com/grafana/grafana-openapi-client-go/client/search"
	"github.com/grafana/grafana-openapi-client-go/models"
)

// ErrUnreachable is a Grafana that does not answer, or not now; the same may go well later.
var ErrUnreachable = errors.New("Grafana does not answer")

// ErrChanged is a dashboard that somebody saved while we were about to.
var ErrChanged = errors.New("it was changed in Grafana at this moment: look at tributary dashboards diff and push again")

// timeout of a single request.
const timeout = 30 * time.Second

// Grafana is a server that takes our token.
type Grafana struct {
	address string
	api     *client.GrafanaHTTPAPI
}

// Connect looks whether a Grafana is there. The token is one of a service account.
func Connect(ctx context.Context, address, token string) (*Grafana, error) {
	at, err := url.Parse(address)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a Grafana: write https://grafana.example.com", address)
	}
	if at.User != nil || at.RawQuery != "" || at.Fragment != "" {
		return nil, errors.New("the address of a Grafana holds no user, password, query or fragment: the token is in GRAFANA_TOKEN")
	}
	transport := httptransport.NewWithClient(at.Host, path.Join("/", at.Path, client.DefaultBasePath), []string{at.Scheme}, &http.Client{Timeout: timeout})
	transport.DefaultAuthentication = httptransport.BearerToken(token)
	g := &Grafana{address: address, api: client.New(transport, client.DefaultTransportConfig(), nil)}
	got, err := g.api.Health.GetHealthWithParams(health.NewGetHealthParams().WithContext(ctx))
	if err != nil {
		return nil, g.explain(err, "look whether Grafana is there", "")
	}
	if got.Payload == nil || got.Payload.Database == "" {
		return nil, fmt.Errorf("what answers at %s is no Grafana: the address is the one that people open, with its path when it has one", address)
	}
	return g, nil
}

// remote is a dashboard as Grafana has it.
type remote struct {
	content map[string]any
	meta    *models.DashboardMeta
	last    *models.DashboardVersionMeta // the newest of its versions; nil when Grafana tells of none
}

func (g *Grafana) dashboard(ctx context.Context, uid string) (*remote, error) {
	got, err := g.api.Dashboards.GetDashboardByUIDWithParams(dashboards.NewGetDashboardByUIDParams().WithContext(ctx).WithUID(uid))
	switch {
	case status(err) == http.StatusNotFound:
		return nil, nil
	case err != nil:
		return nil, g.explain(err, "read dashboard "+uid, "dashboards:read")
	}
	out := &remote{meta: got.Payload.Meta}
	text, err := json.Marshal(got.Payload.Dashboard) // once more, because the client keeps numbers as text
	if err == nil {
		err = json.Unmarshal(text, &out.content)
	}
	if err != nil || out.meta == nil || out.content["panels"] == nil {
		return nil, fmt.Errorf("read dashboard %s: Grafana answers with something that is no dashboard in the classic format", uid)
	}
	limit := int64(1)
	versions, err := g.api.Dashboards.GetDashboardVersionsByUID(dashboards.NewGetDashboardVersionsByUIDParams().WithContext(ctx).WithUID(uid).WithLimit(&limit), bothShapes)
	if err != nil {
		return nil, g.explain(err, "read the versions of dashboard "+uid, "dashboards:write")
	}
	for _, v := range versions.Payload.Versions {
		if out.last == nil || v.Version > out.last.Version {
			out.last = v
		}
	}
	return out, nil
}

// bothShapes reads versions as a list, which some releases of Grafana 11 answer with, and as an object, which later ones do.
func bothShapes(op *runtime.ClientOperation) {
	generated := op.Reader
	op.Reader = runtime.ClientResponseReaderFunc(func(response runtime.ClientResponse, consumer runtime.Consumer) (any, error) {
		if response.Code() != http.StatusOK {
			return generated.ReadResponse(response, consumer)
		}
		body, err := io.ReadAll(response.Body())
		if err != nil {
			return nil, err
		}
		out := dashboards.NewGetDashboardVersionsByUIDOK()
		out.Payload = &models.DashboardVersionResponseMeta{}
		if strings.HasPrefix(strings.TrimSpace(string(body)), "[") {
			return out, json.Unmarshal(body, &out.Payload.Versions)
		}
		return out, json.Unmarshal(body, out.Payload)
	})
}

// tagged are the uids and titles of the dashboards with a tag.
func (g *Grafana) tagged(ctx context.Context, tag string) (map[string]string, error) {
	kind := "dash-db"
	got, err := g.api.Search.Search(search.NewSearchParams().WithContext(ctx).WithTag([]string{tag}).WithType(&kind))
	if err != nil {
		return nil, g.explain(err, "search for dashboards", "dashboards:read")
	}
	out := map[string]string{}
	for _, hit := range got.Payload {
		out[hit.UID] = hit.Title
	}
	return out, nil
}

func (g *Grafana) hasFolder(ctx context.Context, uid string) (bool, error) {
	_, err := g.api.Folders.GetFolderByUIDWithParams(folders.NewGetFolderByUIDParams().WithContext(ctx).WithFolderUID(uid))
	if status(err) == http.StatusNotFound {
		return false, nil
	}
	return err == nil, g.explain(err, "look for folder "+uid, "folders:read")
}

func (g *Grafana) makeFolder(ctx context.Context, uid, title string) error {
	body := &models.CreateFolderCommand{UID: uid, Title: title}
	_, err := g.api.Folders.CreateFolderWithParams(folders.NewCreateFolderParams().WithContext(ctx).WithBody(body))
	return g.explain(err, fmt.Sprintf("make folder %q", title), "folders:create")
}

// save never overwrites: content has the version that it takes the place of, and Grafana refuses when that is no longer the newest.
func (g *Grafana) save(ctx context.Context, content map[string]any, folder, message string) error {
	body := &models.SaveDashboardCommand{Dashboard: content, FolderUID: folder, Message: message}
	_, err := g.api.Dashboards.PostDashboardWithParams(dashboards.NewPostDashboardParams().WithContext(ctx).WithBody(body))
	if status(err) == http.StatusPreconditionFailed {
		return fmt.Errorf("dashboard %v: %w (%s)", content["uid"], ErrChanged, said(err))
	}
	return g.explain(err, fmt.Sprintf("save dashboard %v", content["uid"]), "dashboards:write and dashboards:create in folder "+folder)
}

// status is the HTTP status of an error; 0 when it has none.
func status(err error) int {
	var coded interface{ Code() int }
	var other *runtime.APIError
	switch {
	case errors.As(err, &coded):
		return coded.Code()
	case errors.As(err, &other):
		return other.Code
	}
	return 0
}

// said is what Grafana says of an error.
func said(err error) string {
	var told interface {
		GetPayload() *models.ErrorResponseBody
	}
	if errors.As(err, &told) && told.GetPayload() != nil && told.GetPayload().Message != nil {
		return *told.GetPayload().Message
	}
	return fmt.Sprintf("HTTP status %d", status(err))
}

// explain says what an answer means for the one who has to do something about it.
func (g *Grafana) explain(err error, doing, permission string) error {
	if err == nil {
		return nil
	}
	switch code := status(err); {
	case code == http.StatusUnauthorized:
		return fmt.Errorf("%s: %s does not take the token in GRAFANA_TOKEN (401, %s): make one for a service account (Administration, Users and access, Service accounts)", doing, g.address, said(err))
	case code == http.StatusForbidden:
		return fmt.Errorf("%s: the service account may not (403, %s): it needs %s, which the role Editor has", doing, said(err), permission)
	case code == http.StatusNotFound:
		return fmt.Errorf("%s: %s has nothing there (404, %s): is this the address of a Grafana?", doing, g.address, said(err))
	case code == http.StatusTooManyRequests, code >= http.StatusInternalServerError:
		return fmt.Errorf("%s: %w at %s (%d, %s)", doing, ErrUnreachable, g.address, code, said(err))
	case code != 0:
		return fmt.Errorf("%s: Grafana refuses (%d, %s)", doing, code, said(err))
	}
	var reach *url.Error
	if errors.As(err, &reach) {
		return fmt.Errorf("%s: %w at %s: %w", doing, ErrUnreachable, g.address, reach.Err)
	}
	return fmt.Errorf("%s: what %s answers cannot be read: %w", doing, g.address, err)
}
