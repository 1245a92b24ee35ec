package proclauncher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sort"
	"syscall"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// LogReader reads one output of a process by logical offsets, which count from the first byte ever written, across
// rolled files, while it is written and afterwards. Its methods may be called at the same time.
type LogReader struct {
	root *os.Root
	name string
}

// OpenLog opens the output called name ("stdout") in a working directory. It is fs.ErrNotExist where the process has
// never been started, and deploy.ErrInvalid where name is not the name of a file.
func OpenLog(dir, name string) (*LogReader, error) {
	if err := deploy.CheckName("log", name, maxOutputName); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	r := &LogReader{root: root, name: name}
	all, err := r.pieces()
	if err == nil && len(all.rolled) == 0 && all.live == nil {
		err = &fs.PathError{Op: "open", Path: dir + "/" + name, Err: fs.ErrNotExist}
	}
	all.close()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open log: %w", err), root.Close())
	}
	return r, nil
}

// Close frees the directory.
func (r *LogReader) Close() error { return r.root.Close() }

// Bounds gives the offset of the oldest byte that is kept and the one after the newest.
func (r *LogReader) Bounds() (first, end int64, err error) {
	all, err := r.pieces()
	if err != nil {
		return 0, 0, fmt.Errorf("log %s: %w", r.name, err)
	}
	defer all.close()
	return all.first(), all.end, nil
}

// ReadAt reads from the offset off; a negative one counts from the end. at is where the bytes in p begin: later than off
// if what stood there has been rolled away. n is 0 with no error where nothing has been written yet.
func (r *LogReader) ReadAt(p []byte, off int64) (n int, at int64, err error) {
	all, err := r.pieces()
	if err != nil {
		return 0, off, fmt.Errorf("log %s: %w", r.name, err)
	}
	defer all.close()
	if off < 0 {
		off += all.end
	}
	at = max(off, all.first())
	if at >= all.end {
		return 0, max(off, all.end), nil
	}
	p = p[:min(int64(len(p)), all.end-at)]
	n, err = r.fill(p, at, all)
	if errors.Is(err, fs.ErrNotExist) { // rolled away since the files were listed: its successor is the oldest now
		return r.ReadAt(p, at)
	}
	if err != nil {
		return n, at, fmt.Errorf("log %s at %d: %w", r.name, at, err)
	}
	return n, at, nil
}

// fill reads from the one file that holds the offset at.
func (r *LogReader) fill(p []byte, at int64, all pieces) (int, error) {
	if at >= all.liveFirst {
		return readUpTo(all.live, p, at-all.liveFirst)
	}
	i := sort.Search(len(all.rolled), func(i int) bool { return all.rolled[i] > at }) - 1
	next := all.liveFirst
	if i+1 < len(all.rolled) {
		next = all.rolled[i+1]
	}
	f, err := r.open(rolledName(r.name, all.rolled[i]))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return readUpTo(f, p[:min(int64(len(p)), next-at)], at-all.rolled[i])
}

func readUpTo(f *os.File, p []byte, at int64) (int, error) {
	n, err := f.ReadAt(p, at)
	if errors.Is(err, io.EOF) {
		err = nil // somebody cut the file
	}
	return n, err
}

// followEvery is how often a follower looks for growth: inotify instances are few per user, and a log is read by few.
const followEvery = 100 * time.Millisecond

// Wait returns when there is something to read at the offset off, or with the error of ctx.
func (r *LogReader) Wait(ctx context.Context, off int64) error {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		_, end, err := r.Bounds()
		if err != nil || end > off {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for log %s beyond %d: %w", r.name, off, ctx.Err())
		case <-tick.C:
		}
	}
}

// pieces is one consistent look at the files of an output.
type pieces struct {
	rolled    []int64 // first offsets, ascending
	live      *os.File
	liveFirst int64
	end       int64
}

func (p pieces) first() int64 {
	if len(p.rolled) > 0 {
		return p.rolled[0]
	}
	return p.liveFirst
}

func (p pieces) close() {
	if p.live != nil {
		_ = p.live.Close() // it was only read
	}
}

// looks bounds the tries to see the files between two rolls.
const looks = 1000

// pieces looks until no file was rolled between two listings, so that the live file in between belongs to them.
func (r *LogReader) pieces() (pieces, error) {
	before, err := r.rolled()
	for range looks {
		if err != nil {
			return pieces{}, err
		}
		var live *os.File
		if live, err = r.open(r.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return pieces{}, err
		}
		var after []int64
		if after, err = r.rolled(); err == nil && slices.Equal(before, after) {
			var p pieces
			if p, err = r.measure(after, live); err == nil {
				return p, nil
			}
			if errors.Is(err, fs.ErrNotExist) {
				after, err = r.rolled()
			}
		}
		pieces{live: live}.close()
		before = after
	}
	return pieces{}, fmt.Errorf("it is rolled faster than it can be read: %w", deploy.ErrUnavailable)
}

func (r *LogReader) measure(rolled []int64, live *os.File) (pieces, error) {
	p := pieces{rolled: rolled, live: live}
	if len(rolled) > 0 {
		last := rolled[len(rolled)-1]
		info, err := r.root.Lstat(rolledName(r.name, last))
		if err != nil {
			return pieces{}, err
		}
		p.liveFirst = last + info.Size()
	}
	p.end = p.liveFirst
	if live != nil {
		info, err := live.Stat()
		if err != nil {
			return pieces{}, err
		}
		p.end += info.Size()
	}
	return p, nil
}

func (r *LogReader) rolled() ([]int64, error) {
	entries, err := fs.ReadDir(r.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	return rolledFiles(r.name, entries), nil
}

// open opens a regular file of the directory. A process owns its directory and may have put a link or a pipe in its place:
// the root does not follow links out of it, and a pipe is not waited for.
func (r *LogReader) open(file string) (*os.File, error) {
	f, err := r.root.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is a %v, not a file: %w", file, info.Mode().Type(), deploy.ErrDenied)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
