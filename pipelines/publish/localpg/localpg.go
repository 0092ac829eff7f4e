// Package localpg runs a real PostgreSQL server for people and tests that have none: a pinned version, fetched once from Maven Central, in a
// folder of its own, on loopback. It is a way to try things, not a place to keep data: what a night publishes can be published again.
//
// The server runs below a helper process, this program once more, which stops it when the program ends, however it ends. PostgreSQL refuses
// to run as root: then the helper runs as the user nobody.
package localpg

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// Version is the server's.
const Version = embedded.V17

// Options of a server.
type Options struct {
	Dir  string // where it keeps its data, and the helper; made when missing
	Port int    // 0 = any free one
}

// Server is a running PostgreSQL.
type Server struct {
	url    string
	stdin  io.Closer
	helper *exec.Cmd
}

// helperVar tells this program that it is the helper.
const helperVar = "TRIBUTARY_LOCAL_POSTGRES"

// settings are what the helper has to know.
type settings struct {
	Dir, Cache, Password string
	Port                 uint32
}

const (
	superuser = "tributary"
	password  = "tributary" //nolint:gosec // the server listens on loopback, for the time of a test or of a look around
	database  = "tributary"
)

// Main is to be called first thing by every program that calls Start: in the helper it runs the server and does not return.
func Main() {
	text := os.Getenv(helperVar)
	if text == "" {
		return
	}
	if err := serve(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// The server's archive is fetched once, from a repository on the internet.
const (
	fetchTries = 3
	fetchPause = 5 * time.Second
)

// ready is the line by which the helper says that the server takes connections.
const ready = "ready"

func serve(text string) error {
	var s settings
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return fmt.Errorf("read the helper's settings: %w", err)
	}
	server := embedded.NewDatabase(embedded.DefaultConfig().Version(Version).Port(s.Port).Database(database).Username(superuser).Password(s.Password).
		RuntimePath(filepath.Join(s.Dir, "runtime")).DataPath(filepath.Join(s.Dir, "data")).CachePath(s.Cache).
		StartTimeout(time.Minute).Logger(io.Discard).
		StartParameters(map[string]string{"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "full_page_writes": "off"}))
	err := server.Start()
	for try := 1; err != nil && try < fetchTries; try++ { // most of all the repository that did not answer
		fmt.Fprintf(os.Stderr, "start PostgreSQL, again in %s: %v\n", fetchPause, err)
		<-time.After(fetchPause)
		err = server.Start()
	}
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	fmt.Fprintln(os.Stdout, ready)
	_, _ = io.Copy(io.Discard, os.Stdin) // until the program that asked for the server ends
	return server.Stop()
}

// Start runs a server.
func Start(ctx context.Context, o Options) (*Server, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("local PostgreSQL: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // below root another user must get there
		return nil, fmt.Errorf("local PostgreSQL: %w", err)
	}
	port, err := free(ctx, o.Port)
	if err != nil {
		return nil, err
	}
	program, cache, asUser, err := helper(dir)
	if err != nil {
		return nil, fmt.Errorf("local PostgreSQL: %w", err)
	}
	text, err := json.Marshal(settings{Dir: dir, Cache: cache, Password: password, Port: uint32(port)}) //nolint:gosec // a port
	if err != nil {
		return nil, fmt.Errorf("local PostgreSQL: %w", err)
	}
	s := &Server{
		url: (&url.URL{
			Scheme: "postgres", User: url.UserPassword(superuser, password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: database, RawQuery: "sslmode=disable",
		}).String(),
		helper: exec.Command(program), //nolint:gosec,noctx // this program itself; it ends when its standard input does
	}
	s.helper.Dir, s.helper.Env = dir, append(os.Environ(), helperVar+"="+string(text), "HOME="+dir)
	s.helper.SysProcAttr = asUser
	return s, s.start(ctx)
}

func (s *Server) start(ctx context.Context) (err error) {
	var said strings.Builder
	s.helper.Stderr = &said
	if s.stdin, err = s.helper.StdinPipe(); err != nil {
		return fmt.Errorf("local PostgreSQL: %w", err)
	}
	out, err := s.helper.StdoutPipe()
	if err != nil {
		return fmt.Errorf("local PostgreSQL: %w", err)
	}
	if err := s.helper.Start(); err != nil {
		return fmt.Errorf("local PostgreSQL: %w", err)
	}
	up := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		up <- lines.Scan() && lines.Text() == ready
	}()
	select {
	case ok := <-up:
		if !ok {
			err := s.helper.Wait()
			return fmt.Errorf("local PostgreSQL did not start: %s (%w)", strings.TrimSpace(said.String()), errors.Join(err))
		}
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("local PostgreSQL: %w", context.Cause(ctx)), s.Stop())
	}
}

// URL is the address of the server for its owner.
func (s *Server) URL() string { return s.url }

// Stop ends the server.
func (s *Server) Stop() error {
	if err := errors.Join(s.stdin.Close(), s.helper.Wait()); err != nil {
		return fmt.Errorf("stop the local PostgreSQL: %w", err)
	}
	return nil
}

// nobody is the user that runs the server when this program is root.
const nobody = 65534

// helper finds what to run as the helper, where to keep what is fetched, and below root as whom.
func helper(dir string) (program, cache string, asUser *syscall.SysProcAttr, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", "", nil, err //nolint:wrapcheck // said by the caller
	}
	if os.Geteuid() != 0 {
		cache, err = os.UserCacheDir()
		return self, filepath.Join(cache, "tributary", "postgres"), nil, err //nolint:wrapcheck // said by the caller
	}
	// nobody may not look where root keeps its programs and caches
	cache = filepath.Join(os.TempDir(), "tributary-postgres")
	if err := errors.Join(os.MkdirAll(cache, 0o755), os.Chown(cache, nobody, nobody), os.Chown(dir, nobody, nobody)); err != nil { //nolint:gosec // as above
		return "", "", nil, err
	}
	program = filepath.Join(dir, "helper")
	if err := copyFile(self, program); err != nil {
		return "", "", nil, err
	}
	return program, cache, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from) //nolint:gosec // this program
	if err != nil {
		return err //nolint:wrapcheck // said by the caller
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755) //nolint:gosec // another user runs it
	if err != nil {
		return err //nolint:wrapcheck // said by the caller
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("local PostgreSQL: %w", err)
}

// free finds a port that nobody listens on, or makes sure of the one asked for.
func free(ctx context.Context, port int) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0, fmt.Errorf("local PostgreSQL: port %d is taken: name another one: %w", port, err)
	}
	port = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // what Listen gives for tcp
	return port, wrap(l.Close())
}
