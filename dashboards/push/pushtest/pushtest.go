// Package pushtest is a stand-in for Grafana's HTTP API, for tests: as much of folders, dashboards, versions and search as a push uses, with
// state, permissions and the conflicts that Grafana's documentation describes. It is no Grafana and draws nothing.
package pushtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Editor are the permissions of a service account with the role Editor, as far as they matter here.
func Editor() []string {
	return []string{"folders:read", "folders:create", "dashboards:read", "dashboards:write", "dashboards:create"}
}

// Token is what the server takes, until Tokens has others.
const Token = "glsa_editor" //nolint:gosec // of a server that lives as long as a test

// Server is a stand-in.
type Server struct {
	*httptest.Server

	// Tokens are who may what.
	Tokens map[string][]string
	// ListedVersions answers with versions as a list, as Grafana 11.4 does.
	ListedVersions bool
	// Down answers everything with this status.
	Down int
	// BeforeSave runs before a dashboard is saved: somebody else's chance.
	BeforeSave func()

	mu      sync.Mutex
	folders map[string]string
	boards  map[string]*board
	lastID  float64
	saves   int
}

type board struct {
	content     map[string]any
	folder      string
	provisioned bool
	versions    []map[string]any
}

// Start runs one. The caller closes it.
func Start() *Server {
	s := &Server{Tokens: map[string][]string{Token: Editor()}, folders: map[string]string{}, boards: map[string]*board{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", s.health)
	mux.HandleFunc("GET /api/folders/{uid}", s.allowed("folders:read", s.getFolder))
	mux.HandleFunc("POST /api/folders", s.allowed("folders:create", s.postFolder))
	mux.HandleFunc("GET /api/dashboards/uid/{uid}", s.allowed("dashboards:read", s.getDashboard))
	mux.HandleFunc("GET /api/dashboards/uid/{uid}/versions", s.allowed("dashboards:write", s.getVersions))
	mux.HandleFunc("POST /api/dashboards/db", s.allowed("dashboards:write", s.postDashboard))
	mux.HandleFunc("GET /api/search", s.allowed("", s.search))
	s.Server = httptest.NewServer(mux)
	return s
}

// Saves is how often a dashboard was saved through the API.
func (s *Server) Saves() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saves
}

// Dashboard is what is there under a uid, with its folder; nil = nothing.
func (s *Server) Dashboard(uid string) (content map[string]any, folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boards[uid]
	if b == nil {
		return nil, ""
	}
	return maps.Clone(b.content), b.folder
}

// Edit saves a dashboard as somebody would in the browser.
func (s *Server) Edit(uid string, change func(content map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boards[uid]
	if b == nil {
		b = &board{content: map[string]any{"uid": uid, "title": uid, "panels": []any{}}}
		s.boards[uid] = b
	}
	next := clone(b.content)
	change(next)
	s.put(b, next, "anna", "")
}

// Provision makes a dashboard one of a provisioning file, Move puts it into another folder.
func (s *Server) Provision(uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.boards[uid].provisioned = true
}

// Move puts a dashboard into another folder, which makes no version.
func (s *Server) Move(uid, folder string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folders[folder] = folder
	s.boards[uid].folder = folder
}

// Rewrite changes how a dashboard is given back without saving it, as a migration of Grafana's does.
func (s *Server) Rewrite(uid string, change func(content map[string]any)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.boards[uid].content)
}

// put saves: it has the lock.
func (s *Server) put(b *board, content map[string]any, by, message string) {
	if b.content["id"] == nil {
		s.lastID++
		content["id"] = s.lastID
	} else {
		content["id"] = b.content["id"]
	}
	version := float64(len(b.versions) + 1)
	content["version"] = version
	b.content = content
	b.versions = append(b.versions, map[string]any{
		"id": version, "version": version, "parentVersion": version - 1, "uid": content["uid"], "message": message, "createdBy": by, "created": "2026-10-01T02:00:00Z",
	})
}

func clone(content map[string]any) map[string]any {
	var out map[string]any
	text, err := json.Marshal(content)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		panic(err) // it came as JSON
	}
	return out
}

// allowed asks for a token that has a permission.
func (s *Server) allowed(permission string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		has, known := s.Tokens[token]
		switch {
		case s.Down != 0:
			answer(w, s.Down, map[string]any{"message": "the database is locked"})
		case !known:
			answer(w, http.StatusUnauthorized, map[string]any{"message": "Invalid API key", "messageId": "api-key.invalid", "statusCode": 401})
		case permission != "" && !slices.Contains(has, permission):
			answer(w, http.StatusForbidden, map[string]any{"message": "You'll need additional permissions to perform this action. Permissions needed: " + permission, "title": "Access denied"})
		default:
			next(w, r)
		}
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
}

func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if s.Down != 0 {
		answer(w, s.Down, map[string]any{"message": "failing"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"database": "ok", "version": "13.2.2", "commit": "stand-in"})
}

func (s *Server) getFolder(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	uid := r.PathValue("uid")
	title, there := s.folders[uid]
	if !there {
		answer(w, http.StatusNotFound, map[string]any{"message": "folder not found", "status": "not-found"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"uid": uid, "title": title, "id": 1})
}

func (s *Server) postFolder(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct{ UID, Title string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Title == "" {
		answer(w, http.StatusBadRequest, map[string]any{"message": "folder title cannot be empty"})
		return
	}
	if _, there := s.folders[body.UID]; there {
		answer(w, http.StatusConflict, map[string]any{"message": "a folder with the same uid already exists"})
		return
	}
	s.folders[body.UID] = body.Title
	answer(w, http.StatusOK, map[string]any{"uid": body.UID, "title": body.Title, "id": 1})
}

func (s *Server) getDashboard(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boards[r.PathValue("uid")]
	if b == nil {
		answer(w, http.StatusNotFound, map[string]any{"message": "Dashboard not found"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"dashboard": b.content, "meta": map[string]any{
		"type": "db", "folderUid": b.folder, "provisioned": b.provisioned, "version": len(b.versions), "created": "2026-10-01T02:00:00Z", "updated": "2026-10-01T02:00:00Z", "expires": "0001-01-01T00:00:00Z",
	}})
}

func (s *Server) getVersions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.boards[r.PathValue("uid")]
	if b == nil {
		answer(w, http.StatusNotFound, map[string]any{"message": "Dashboard not found"})
		return
	}
	newest := slices.Clone(b.versions)
	slices.Reverse(newest)
	if limit, err := strconv.Atoi(r.URL.Query().Get("limit")); err == nil && limit < len(newest) {
		newest = newest[:limit]
	}
	if s.ListedVersions {
		answer(w, http.StatusOK, newest)
		return
	}
	answer(w, http.StatusOK, map[string]any{"continueToken": "", "versions": newest})
}

func (s *Server) postDashboard(w http.ResponseWriter, r *http.Request) {
	if s.BeforeSave != nil {
		s.BeforeSave()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var body struct {
		Dashboard map[string]any
		FolderUID string `json:"folderUid"`
		Message   string
		Overwrite bool
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Dashboard["title"] == "" {
		answer(w, http.StatusBadRequest, map[string]any{"message": "bad request data"})
		return
	}
	uid, _ := body.Dashboard["uid"].(string)
	b := s.boards[uid]
	if b == nil {
		b = &board{content: map[string]any{}}
	}
	_, folder := s.folders[body.FolderUID]
	version, _ := body.Dashboard["version"].(float64)
	switch {
	case body.FolderUID != "" && !folder:
		answer(w, http.StatusBadRequest, map[string]any{"message": "folder not found", "status": "not-found"})
		return
	case b.provisioned:
		answer(w, http.StatusBadRequest, map[string]any{"message": "Cannot save provisioned dashboard"})
		return
	case !body.Overwrite && len(b.versions) > 0 && version != float64(len(b.versions)):
		answer(w, http.StatusPreconditionFailed, map[string]any{"message": "The dashboard has been changed by someone else", "status": "version-mismatch"})
		return
	}
	s.boards[uid], b.folder = b, body.FolderUID
	s.put(b, body.Dashboard, "sa-1-tributary", body.Message)
	s.saves++
	answer(w, http.StatusOK, map[string]any{
		"id": b.content["id"], "uid": uid, "url": fmt.Sprintf("/d/%s/x", uid), "status": "success", "version": len(b.versions), "slug": "x", "folderUid": b.folder,
	})
}

func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hits := []map[string]any{}
	for _, uid := range slices.Sorted(maps.Keys(s.boards)) {
		content := s.boards[uid].content
		tags, _ := content["tags"].([]any)
		if slices.Contains(tags, any(r.URL.Query().Get("tag"))) {
			hits = append(hits, map[string]any{"uid": uid, "title": content["title"], "type": "dash-db", "tags": tags})
		}
	}
	answer(w, http.StatusOK, hits)
}
