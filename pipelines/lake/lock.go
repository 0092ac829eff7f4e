package lake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// lock is what stands in the lock file: a courtesy to other writers, who see from it whether to wait. What keeps two writers
// apart is the exclusive creation of the next commit number.
type lock struct {
	Holder
	LeaseUntil time.Time `json:"lease_until"`
	Released   bool      `json:"released,omitempty"`
}

// LockedError says who has the lake.
type LockedError struct {
	Holder     Holder
	LeaseUntil time.Time
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%v: %s; wait for it, or until its lease runs out at %s unless it shows signs of life",
		ErrLocked, e.Holder, e.LeaseUntil.UTC().Format(time.RFC3339))
}

// Is makes the error one of kind ErrLocked.
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// free returns without error when a turn may be taken, together with the holder that it is taken from, if any.
func (l *Lake) free(log []Manifest, me Holder) (*Holder, error) {
	current, ok := l.currentLock(log)
	if !ok || current.Released {
		return nil, nil
	}
	if current.Holder.deadFor(me) || !l.clock().Before(current.LeaseUntil) {
		return &current.Holder, nil
	}
	return nil, &LockedError{Holder: current.Holder, LeaseUntil: current.LeaseUntil}
}

// currentLock is the lock of the newest turn. A lock file of an older turn, or none, means that the newest turn's holder did not
// come round to writing it: what its turn says is good then.
func (l *Lake) currentLock(log []Manifest) (lock, bool) {
	for _, m := range slices.Backward(log) {
		if m.Kind != KindTurn {
			continue
		}
		if written, err := l.readLock(); err == nil && written.Token == m.Turn.Holder.Token {
			return written, true
		}
		return lock{Holder: m.Turn.Holder, LeaseUntil: m.Turn.LeaseUntil}, true
	}
	return lock{}, false
}

// LockHolder is who has the turn now; false when nobody has.
func (l *Lake) LockHolder(log []Manifest) (Holder, time.Time, bool) {
	current, ok := l.currentLock(log)
	if !ok || current.Released || current.Holder.deadFor(self(l.clock())) || !l.clock().Before(current.LeaseUntil) {
		return Holder{}, time.Time{}, false
	}
	return current.Holder, current.LeaseUntil, true
}

func (l *Lake) readLock() (lock, error) {
	var found lock
	if err := l.pullLock(); err != nil {
		return found, err
	}
	data, err := os.ReadFile(filepath.Join(l.dir, lockName))
	if err != nil {
		return found, fmt.Errorf("reading the lock: %w", err)
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return found, fmt.Errorf("reading the lock: %w", err)
	}
	return found, nil
}

func (w *Writer) writeLock(content lock) error {
	data, err := json.MarshalIndent(content, "", " ")
	if err != nil {
		return fmt.Errorf("writing the lock: %w", err)
	}
	if err := w.lake.replace(filepath.Join(w.lake.dir, lockName), append(data, '\n')); err != nil {
		return err
	}
	return w.lake.pushLock()
}

// self describes this process.
func self(now time.Time) Holder {
	host, _ := os.Hostname() // without a name the lease decides
	started, _ := processStart(os.Getpid())
	space, _ := os.Readlink("/proc/self/ns/pid")
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return Holder{
		Token: randomName(), PID: os.Getpid(), PIDStarted: started, Host: host,
		BootID: strings.TrimSpace(string(boot)), PIDSpace: space, Started: now.UTC().Truncate(time.Microsecond),
	}
}

// hostPIDSpace is the process space of a machine itself, as opposed to one of its containers'.
const hostPIDSpace = "pid:[4026531836]"

// deadFor tells whether me can be sure that the holder no longer runs. Nothing is sure about another host or container.
func (h Holder) deadFor(me Holder) bool {
	if h.Host == "" || h.Host != me.Host || h.PIDSpace != me.PIDSpace {
		return false
	}
	if h.BootID != me.BootID {
		return h.PIDSpace == hostPIDSpace // the machine was started anew
	}
	return !running(h.PID, h.PIDStarted)
}

// running tells whether a process runs and is still the one that was started then.
func running(pid int, started string) bool {
	now, err := processStart(pid)
	switch {
	case err == nil:
		return started == "" || now == started
	case errors.Is(err, errEnded):
		return false
	case errors.Is(err, fs.ErrNotExist) && started != "":
		return false
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

var errEnded = errors.New("the process has ended")

// processStart is the start time of a process as the kernel counts it, where there is a /proc.
func processStart(pid int) (string, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", fmt.Errorf("looking for process %d: %w", pid, err)
	}
	// The name in parentheses may hold anything; the fields that count come after the last one.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	const state, start = 0, 19
	if len(fields) <= start {
		return "", fmt.Errorf("looking for process %d: unexpected %q", pid, data)
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return "", errEnded // killed, and its parent has not looked yet
	}
	return fields[start], nil
}
