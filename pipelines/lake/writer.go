package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// WriterOptions of a writer. The zero value is right for everything but tests.
type WriterOptions struct {
	Lease     time.Duration // how long the lock is good without a sign of life; 2 minutes when 0
	Heartbeat time.Duration // how often the lease is renewed; a quarter of Lease when 0, never when negative
}

const defaultLease = 2 * time.Minute

// Writer has the turn to write. One exists at a time; one that was paused and taken over can commit nothing any more, because
// the number of its next commit is taken. It may be used by several goroutines.
type Writer struct {
	lake  *Lake
	self  Holder
	lease time.Duration

	turn int64 // number of the commit by which the writer took its turn

	mu     sync.Mutex
	next   int64     // number of the next commit
	newest time.Time // of the newest commit
	closed bool

	lost     chan struct{}
	loseOnce sync.Once
	stop     context.CancelFunc
	beating  sync.WaitGroup
}

// Writer takes the turn. The error is a *LockedError (ErrLocked) while another writer is alive.
func (l *Lake) Writer(ctx context.Context, opts WriterOptions) (*Writer, error) {
	lease := opts.Lease
	if lease == 0 {
		lease = defaultLease
	}
	w := &Writer{lake: l, self: self(l.clock()), lease: lease, lost: make(chan struct{})}
	if err := l.proveAway(ctx); err != nil {
		return nil, err
	}
	if err := w.takeTurn(ctx); err != nil {
		return nil, err
	}
	w.startHeartbeat(opts.Heartbeat)
	return w, nil
}

// takeTurn commits a turn as soon as nobody else has one. Whoever creates the next number first has it: the lock file only
// tells how long the others should wait.
func (w *Writer) takeTurn(ctx context.Context) error {
	for {
		log, err := w.lake.Manifests(ctx)
		if err != nil {
			return err
		}
		tookOver, err := w.lake.free(log, w.self)
		if err != nil {
			return err
		}
		w.next = int64(len(log)) + 1
		if len(log) > 0 {
			w.newest = log[len(log)-1].At
		}
		until := w.lake.clock().Add(w.lease).UTC()
		w.turn, err = w.commit(Manifest{Kind: KindTurn, Turn: &Turn{Holder: w.self, LeaseUntil: until, TookOver: tookOver}})
		if errors.Is(err, ErrLostTurn) {
			continue // somebody was faster: see who
		}
		if err != nil {
			return err
		}
		return w.writeLock(lock{Holder: w.self, LeaseUntil: until})
	}
}

// Commit makes a manifest part of the log and returns its number. The error is ErrLostTurn when another writer took over.
func (w *Writer) Commit(ctx context.Context, m Manifest) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("committing: %w", err)
	}
	if err := w.lake.checkNamed(m); err != nil {
		return 0, err
	}
	if err := w.lake.send(ctx, m); err != nil { // before the writer's own lock: the heartbeat goes on meanwhile
		return 0, fmt.Errorf("committing: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, errors.New("committing: the writer is closed")
	}
	return w.commit(m)
}

func (w *Writer) commit(m Manifest) (int64, error) {
	m.Format, m.Number, m.Writer = Format, w.next, w.self.Token
	m.At = w.lake.clock().UTC().Truncate(time.Microsecond)
	if m.At.Before(w.newest) {
		m.At = w.newest // a clock that went back must not put the commit into a night that is over
	}
	if err := m.check(); err != nil {
		return 0, fmt.Errorf("committing: %w", err)
	}
	data, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return 0, fmt.Errorf("committing: %w", err)
	}
	err = w.lake.commitNew(w.nextPath(), append(data, '\n'))
	if errors.Is(err, fs.ErrExist) {
		w.lose()
		return 0, fmt.Errorf("commit %d is taken: %w while this one (%s) was paused; nothing was committed, run again", w.next, ErrLostTurn, w.self)
	}
	if err != nil {
		return 0, err
	}
	w.newest = m.At
	w.next++
	return m.Number, nil
}

// Create starts a file of the lake, such as a part. It has its name only once it is kept, and exists only once a manifest names it.
func (w *Writer) Create(rel string) (*Pending, error) {
	if !fs.ValidPath(filepath.ToSlash(rel)) {
		return nil, fmt.Errorf("%q is no path inside the lake", rel)
	}
	return w.lake.create(w.lake.Abs(rel))
}

// CreateBy starts a file of the lake that something else than this program's own code writes: it is given the temporary path, at
// which it may replace what is there.
func (w *Writer) CreateBy(rel string, write func(path string) error) (*Pending, error) {
	p, err := w.Create(rel)
	if err != nil {
		return nil, err
	}
	err = write(p.path())
	if full := diskError("writing", p.final, err); errors.Is(full, ErrDiskFull) {
		err = full
	}
	if err == nil {
		err = p.reload()
	}
	if err != nil {
		p.Discard()
		return nil, err
	}
	return p, nil
}

// DiscardLoad removes the files of a load that will not be committed. What cannot be removed is garbage for GC.
func (w *Writer) DiscardLoad(name StreamName, loadID string) {
	for _, top := range []string{rawDir, quarantineDir} {
		dir := top + "/" + name.Source + "/" + name.Stream + "/" + loadID
		_ = os.RemoveAll(w.lake.Abs(dir))
	}
}

// Remove removes a file of a load that is not committed yet.
func (w *Writer) Remove(rel string) error {
	if err := os.Remove(w.lake.Abs(rel)); err != nil {
		return fmt.Errorf("removing %s: %w", rel, err)
	}
	return nil
}

// Turn is the number of the commit by which the writer took its turn: larger than that of any writer before it.
func (w *Writer) Turn() int64 { return w.turn }

// Lake is the lake that is being written.
func (w *Writer) Lake() *Lake { return w.lake }

// Lost is closed as soon as the writer learns that it was taken over. Work that is under way may as well stop then.
func (w *Writer) Lost() <-chan struct{} { return w.lost }

// Renew extends the lease. The heartbeat does so by itself.
func (w *Writer) Renew() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	if w.taken() {
		w.lose()
		return fmt.Errorf("renewing the lease: %w", ErrLostTurn)
	}
	return w.writeLock(lock{Holder: w.self, LeaseUntil: w.lake.clock().Add(w.lease).UTC()})
}

// Close gives the turn back. It may be called twice.
func (w *Writer) Close() error {
	w.stop()
	w.beating.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	if w.taken() {
		w.lose()
		return nil // the lock is another's
	}
	return w.writeLock(lock{Holder: w.self, LeaseUntil: w.lake.clock().UTC(), Released: true})
}

// taken tells whether somebody else has committed what would have been the writer's next number.
func (w *Writer) taken() bool {
	_, err := os.Lstat(w.nextPath())
	return err == nil || w.lake.takenAway(w.next)
}

func (w *Writer) nextPath() string { return filepath.Join(w.lake.dir, commitsDir, commitName(w.next)) }

func (w *Writer) lose() { w.loseOnce.Do(func() { close(w.lost) }) }

func (w *Writer) startHeartbeat(every time.Duration) {
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	if every < 0 {
		return
	}
	if every == 0 {
		every = w.lease / 4
	}
	w.beating.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				// A lease that could not be renewed runs out: others may take over, and then this writer can commit nothing.
				if errors.Is(w.Renew(), ErrLostTurn) {
					return
				}
			}
		}
	})
}

// checkNamed sees to it that a manifest names only what is there.
func (l *Lake) checkNamed(m Manifest) error {
	program := ""
	switch {
	case m.Load != nil:
		for _, parts := range [][]Part{m.Load.Parts, m.Load.Quarantine} {
			for _, p := range parts {
				info, err := os.Stat(l.Abs(p.Path))
				if err != nil {
					return fmt.Errorf("committing a load of %s: %w", m.Load.name(), err)
				}
				if info.Size() != p.Bytes {
					return fmt.Errorf("committing a load of %s: %s has %d bytes, not %d", m.Load.name(), p.Path, info.Size(), p.Bytes)
				}
			}
		}
	case m.Run != nil:
		program = m.Run.Program
	case m.Publish != nil:
		program = m.Publish.Program
	}
	if program == "" {
		return nil
	}
	if _, err := os.Stat(l.programPath(program)); err != nil {
		return fmt.Errorf("committing: program %s: %w", program, err)
	}
	return nil
}
