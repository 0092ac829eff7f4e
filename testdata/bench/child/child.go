// Package child runs programs to be measured, each as a process of its own.
//
// Linux counts the memory of the process that starts another into that one's peak: a small one would look as large as the bench that has
// started it. So there is a process between the two, this program once more, which does nothing but start, wait and report.
package child

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Usage is what the system says of a process that has ended.
type Usage struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes of memory that were resident at most
}

// MiB is the peak.
func (u Usage) MiB() float64 { return float64(u.Peak) / (1 << 20) }

// betweenVar tells this program that it is the process between.
const betweenVar = "TRIBUTARY_BENCH_BETWEEN"

// report is the file that the process between writes to.
const report = 3

// Main is to be called first thing by every program that calls Run: in the process between it does not return.
func Main() {
	if os.Getenv(betweenVar) == "" {
		return
	}
	usage, err := between(os.Args[1:])
	err = errors.Join(err, json.NewEncoder(os.NewFile(report, "report")).Encode(usage))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func between(args []string) (u Usage, err error) {
	if err := os.Unsetenv(betweenVar); err != nil {
		return u, err
	}
	runtime.LockOSThread() // whose death is the other's
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	begun := time.Now()
	if err := cmd.Run(); err != nil {
		return u, err
	}
	u.Wall = time.Since(begun)
	u.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if r, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.Peak = r.Maxrss << 10 // Linux counts in KiB
	}
	return u, nil
}

// Run runs a process to its end and returns its standard output.
func Run(cmd *exec.Cmd) (u Usage, out []byte, err error) {
	self, err := os.Executable()
	if err != nil {
		return u, nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return u, nil, err
	}
	defer reader.Close()
	var said, errs bytes.Buffer
	text := strings.Join(cmd.Args, " ")
	cmd.Args = append([]string{self, cmd.Path}, cmd.Args[1:]...)
	cmd.Path, cmd.Env, cmd.ExtraFiles = self, append(cmd.Environ(), betweenVar+"=1"), []*os.File{writer}
	cmd.Stdout, cmd.Stderr = &said, &errs
	err = cmd.Run()
	writer.Close()
	if err != nil {
		return u, nil, fmt.Errorf("%s: %w\n%s%s", text, err, &errs, &said)
	}
	if err := json.NewDecoder(reader).Decode(&u); err != nil {
		return u, nil, fmt.Errorf("%s: its usage: %w", text, err)
	}
	return u, said.Bytes(), nil
}
