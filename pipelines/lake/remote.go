package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Remote is where a lake lives whose folder is a working copy, such as object storage. Names are relative to the lake, with slashes. All that
// is put stays as it is, but for the lock. It may be used by several goroutines.
type Remote interface {
	// String names the place to people.
	String() string
	// Names lists the names that begin with a prefix and come after another one, in their order.
	Names(ctx context.Context, prefix, after string) ([]string, error)
	// Get writes an object into a file, which is replaced; the error is fs.ErrNotExist when there is none of the name.
	Get(ctx context.Context, name, to string) error
	// Put stores a file under a name, and replaces what is there.
	Put(ctx context.Context, name, from string) error
	// PutNew stores a file under a name that nothing has; the error is fs.ErrExist when something has it. Of several who try only one
	// succeeds: the commit log rests on it.
	PutNew(ctx context.Context, name, from string) error
	// Remove removes an object; one that is not there is no error.
	Remove(ctx context.Context, name string) error
}

const (
	transfers   = 4              // parts that are sent or fetched at a time
	askPatience = time.Minute    // for a request that nobody gave a deadline
	probeName   = "writer.probe" // by which a place shows that it keeps what it promises
)

// pull brings the commits that the working copy does not have.
func (l *Lake) pull(ctx context.Context) error {
	if l.remote == nil {
		return nil
	}
	l.pulling.Lock()
	defer l.pulling.Unlock()
	numbers, err := l.numbers()
	if err != nil {
		return err
	}
	after := ""
	if len(numbers) > 0 {
		after = commitsDir + "/" + commitName(numbers[len(numbers)-1])
		if err := l.recognise(ctx, after); err != nil {
			return err
		}
	}
	names, err := l.remote.Names(ctx, commitsDir+"/", after)
	if err != nil {
		return fmt.Errorf("reading the commit log: %w", err)
	}
	for _, name := range names {
		if _, ok := commitNumber(path.Base(name)); !ok {
			continue
		}
		if err := l.fetch(ctx, name, (*Pending).keepNew, nil); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("reading the commit log: %w", err)
		}
	}
	return nil
}

// recognise sees to it, once, that the working copy is of this lake: its newest commit is there, and the same.
func (l *Lake) recognise(ctx context.Context, newest string) error {
	if l.recognised {
		return nil
	}
	ours, err := os.ReadFile(l.Abs(newest))
	if err != nil {
		return fmt.Errorf("reading the commit log: %w", err)
	}
	theirs, err := l.away(ctx, newest)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking at %s of %s: %w", newest, l.remote, err)
	}
	if l.recognised = err == nil && bytes.Equal(ours, theirs); !l.recognised {
		return fmt.Errorf("%s has another %s than its working copy %s: it was emptied, or is another lake; remove the working copy to begin from what is there", l.remote, newest, l.dir)
	}
	return nil
}

// away is the content of an object.
func (l *Lake) away(ctx context.Context, name string) ([]byte, error) {
	temp := l.Abs(name) + tempMark + randomName()
	defer func() { _ = os.Remove(temp) }() // a leftover is collected later
	if err := l.remote.Get(ctx, name, temp); err != nil {
		return nil, err
	}
	return os.ReadFile(temp)
}

// fetch brings an object into the working copy.
func (l *Lake) fetch(ctx context.Context, name string, keep func(*Pending) error, check func(*Pending) error) error {
	p, err := l.create(l.Abs(name))
	if err != nil {
		return err
	}
	defer p.Discard()
	if err := l.remote.Get(ctx, name, p.path()); err != nil {
		return fmt.Errorf("fetching %s from %s: %w", name, l.remote, err)
	}
	if err := p.reload(); err != nil {
		return err
	}
	if check != nil {
		if err := check(p); err != nil {
			return err
		}
	}
	return keep(p)
}

// fetchParts brings the parts that the working copy does not have.
func (l *Lake) fetchParts(ctx context.Context, groups ...[]LoadedPart) error {
	if l.remote == nil {
		return nil
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(transfers)
	for _, parts := range groups {
		for _, p := range parts {
			if _, err := os.Stat(l.Abs(p.Path)); err == nil {
				continue
			}
			work.Go(func() error {
				return l.fetch(ctx, p.Path, (*Pending).Keep, func(got *Pending) error {
					if got.Bytes() != p.Bytes || got.SHA256() != p.SHA256 {
						return fmt.Errorf("%s of %s is not what commit %d says: restore it from a backup", p.Path, l.remote, p.Commit)
					}
					return nil
				})
			})
		}
	}
	return work.Wait()
}

// fetchProgram brings the files of a program that the working copy does not have.
func (l *Lake) fetchProgram(ctx context.Context, hash string) error {
	if l.remote == nil {
		return nil
	}
	if _, err := os.Stat(l.programPath(hash)); err == nil {
		return nil
	}
	prefix := programDir + "/" + hash + "/"
	names, err := l.remote.Names(ctx, prefix, "")
	if err != nil || len(names) == 0 {
		return err
	}
	temp := programDir + "/" + hash + tempMark + randomName()
	defer os.RemoveAll(l.Abs(temp))
	for _, name := range names {
		to := l.Abs(temp + "/" + strings.TrimPrefix(name, prefix))
		if err := makeDir(filepath.Dir(to)); err != nil {
			return diskError("fetching", to, err)
		}
		if err := l.remote.Get(ctx, name, to); err != nil {
			return fmt.Errorf("fetching %s from %s: %w", name, l.remote, err)
		}
	}
	if err := os.Rename(l.Abs(temp), l.programPath(hash)); err != nil && !errors.Is(err, fs.ErrExist) {
		return diskError("fetching", l.programPath(hash), err)
	}
	return nil
}

// send stores what a manifest names, before the manifest.
func (l *Lake) send(ctx context.Context, m Manifest) error {
	if l.remote == nil {
		return nil
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(transfers)
	if m.Load != nil {
		for _, parts := range [][]Part{m.Load.Parts, m.Load.Quarantine} {
			for _, p := range parts {
				work.Go(func() error { return l.sendFile(ctx, p.Path) })
			}
		}
	}
	if hash := m.program(); hash != "" {
		work.Go(func() error { return l.sendProgram(ctx, hash) })
	}
	return work.Wait()
}

func (l *Lake) sendFile(ctx context.Context, name string) error {
	l.probe("put " + name)
	if err := l.remote.Put(ctx, name, l.Abs(name)); err != nil {
		return fmt.Errorf("storing %s in %s: %w", name, l.remote, err)
	}
	return nil
}

// sendProgram stores the files of a program that are not there yet.
func (l *Lake) sendProgram(ctx context.Context, hash string) error {
	prefix := programDir + "/" + hash + "/"
	have, err := l.remote.Names(ctx, prefix, "")
	if err != nil {
		return fmt.Errorf("looking for program %s in %s: %w", hash, l.remote, err)
	}
	there := map[string]bool{}
	for _, name := range have {
		there[name] = true
	}
	return fs.WalkDir(os.DirFS(l.programPath(hash)), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || there[prefix+file] {
			return err
		}
		return l.sendFile(ctx, prefix+file)
	})
}

// commitNew makes a manifest the next one: in the remote first, where only one can have the number.
func (l *Lake) commitNew(final string, data []byte) error {
	if l.remote == nil {
		return l.writeNew(final, data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), askPatience)
	defer cancel()
	p, err := l.create(final)
	if err != nil {
		return err
	}
	defer p.Discard()
	if _, err := p.Write(data); err != nil {
		return err
	}
	name := commitsDir + "/" + filepath.Base(final)
	l.probe("put " + name)
	if err := l.remote.PutNew(ctx, name, p.path()); err != nil {
		if there, problem := l.away(ctx, name); problem != nil || !bytes.Equal(there, data) { // it may be stored although the answer was lost
			return fmt.Errorf("committing to %s: %w", l.remote, err)
		}
	}
	if err := p.keepNew(); err != nil && !errors.Is(err, fs.ErrExist) { // who reads meanwhile may have brought it already
		return err
	}
	return nil
}

// takenAway tells whether somebody else has a number. What cannot be found out now, the commit will.
func (l *Lake) takenAway(number int64) bool {
	if l.remote == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), askPatience)
	defer cancel()
	names, err := l.remote.Names(ctx, commitsDir+"/"+commitName(number), "")
	return err == nil && len(names) > 0
}

// pullLock brings the lock that others have written.
func (l *Lake) pullLock() error {
	if l.remote == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), askPatience)
	defer cancel()
	return l.fetch(ctx, lockName, (*Pending).Keep, nil)
}

// pushLock shows the lock to others.
func (l *Lake) pushLock() error {
	if l.remote == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), askPatience)
	defer cancel()
	return l.sendFile(ctx, lockName)
}

// proveAway sees to it that the place gives a name to one only. Storage that knows no conditional writes would let two writers commit the same
// number.
func (l *Lake) proveAway(ctx context.Context) error {
	if l.remote == nil {
		return nil
	}
	if err := l.replace(l.Abs(probeName), []byte("two writers cannot both have this name\n")); err != nil {
		return err
	}
	for range 2 {
		err := l.remote.PutNew(ctx, probeName, l.Abs(probeName))
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("writing to %s: %w", l.remote, err)
		}
	}
	return fmt.Errorf("%s gives one name to two writers: it does not know conditional writes (If-None-Match), and a lake there would not be safe; use other storage, or a folder", l.remote)
}

// removeAway removes an object, or all below it.
func (l *Lake) removeAway(ctx context.Context, rel string) error {
	if l.remote == nil {
		return nil
	}
	names, err := l.remote.Names(ctx, rel, "")
	for _, name := range names {
		if err == nil && (name == rel || strings.HasPrefix(name, rel+"/")) {
			err = l.remote.Remove(ctx, name)
		}
	}
	if err != nil {
		return fmt.Errorf("removing %s from %s: %w", rel, l.remote, err)
	}
	return nil
}

// unnamedAway adds what is in the remote and not named, a program as a whole.
func (l *Lake) unnamedAway(ctx context.Context, top string, named map[string]bool, found *GC) error {
	if l.remote == nil {
		return nil
	}
	names, err := l.remote.Names(ctx, top+"/", "")
	if err != nil {
		return fmt.Errorf("looking for garbage in %s: %w", l.remote, err)
	}
	known := map[string]bool{}
	for _, rel := range found.Removed {
		known[rel] = true
	}
	for _, name := range names {
		if top == programDir {
			name = programDir + "/" + strings.Split(name, "/")[1]
		}
		if !named[name] && !known[name] {
			known[name] = true
			found.Removed = append(found.Removed, name)
		}
	}
	return nil
}
