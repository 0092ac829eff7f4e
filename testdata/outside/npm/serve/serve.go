// Package serve runs a program beside one of our test servers.
package serve

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"
)

// While serves handler on a free port of this machine while the program runs. The program's environment is this one's, PREFIX_URL with the server's
// address, and more.
func While(program []string, handler http.Handler, prefix string, more ...string) error {
	if len(program) == 0 {
		return errors.New("name the program to run")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	defer server.Close()
	go server.Serve(listener)
	client := exec.Command(program[0], program[1:]...)
	client.Env = append(append(os.Environ(), fmt.Sprintf("%s_URL=http://%s", prefix, listener.Addr())), more...)
	client.Stdout, client.Stderr = os.Stdout, os.Stderr
	return client.Run()
}
