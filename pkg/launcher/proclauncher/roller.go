//go:build linux

package proclauncher

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/launcher"
)

// roller writes one output into its live file and rolls it. One goroutine writes.
type roller struct {
	dir, name string
	rules     launcher.Rolling
	file      *os.File
	first     int64 // offset of the live file's first byte in the whole output
	size      int64 // bytes in the live file
	since     time.Time
	rolled    []int64 // first offsets of rolled files, ascending
	lost      int64   // bytes that could not be written since the last that could
}

func newRoller(dir, name string, rules launcher.Rolling, file *os.File) (*roller, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	r := &roller{dir: dir, name: name, rules: rules, file: file, size: info.Size(), since: time.Now(), rolled: rolledFiles(name, entries)}
	r.first, err = liveFirst(dir, name, r.rolled)
	return r, err
}

// write keeps p. What the disk does not take is thrown away, because the process must not wait for a full disk; a line in the output says how much.
func (r *roller) write(p []byte, now time.Time) {
	if r.lost > 0 {
		note := fmt.Appendf(nil, "\n[muster: %d bytes of this output could not be written]\n", r.lost)
		if n, err := r.file.Write(note); err != nil {
			r.size += int64(n)
			r.lost += int64(len(p))
			return
		}
		r.size += int64(len(note))
		r.lost = 0
	}
	for len(p) > 0 {
		r.rollIfDue(now)
		n, err := r.file.Write(p[:r.room(len(p))])
		r.size += int64(n)
		p = p[n:]
		if err != nil {
			r.lost += int64(len(p))
			return
		}
	}
}

// room is how many of n bytes belong into the live file.
func (r *roller) room(n int) int {
	if left := r.rules.MaxBytes - r.size; r.rules.By == launcher.RollBySize && left > 0 {
		return int(min(int64(n), left))
	}
	return n
}

func (r *roller) rollIfDue(now time.Time) {
	due := false
	switch r.rules.By {
	case launcher.RollNever:
	case launcher.RollBySize:
		due = r.size >= r.rules.MaxBytes
	case launcher.RollByTime:
		due = now.Sub(r.since) >= r.rules.Every
	}
	if !due {
		return
	}
	r.since = now
	if r.size > 0 {
		r.roll()
	}
}

// roll gives the live file its name for ever and begins the next. Where that fails (a full disk, a directory that the process
// took away) the live file goes on.
func (r *roller) roll() {
	live, kept := filepath.Join(r.dir, r.name), filepath.Join(r.dir, rolledName(r.name, r.first))
	if os.Rename(live, kept) != nil {
		return
	}
	next, err := os.OpenFile(live, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, outputMode)
	if err != nil {
		_ = os.Rename(kept, live) // if this fails too, readers find the bytes under the rolled name
		return
	}
	if err := r.file.Close(); err != nil {
		r.lost++ // the disk took the bytes and lost some later: say that the output is not whole
	}
	r.rolled = append(r.rolled, r.first)
	r.first += r.size
	r.file, r.size = next, 0
	r.retain()
}

// retain removes the oldest rolled files. With none retained an empty one marks where the live file begins.
func (r *roller) retain() {
	if r.rules.Retain < 0 {
		return
	}
	keep := r.rules.Retain
	if keep == 0 {
		mark, err := os.OpenFile(filepath.Join(r.dir, rolledName(r.name, r.first)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, outputMode)
		if err != nil || mark.Close() != nil {
			return // the rolled file stays until the next try
		}
		r.rolled = append(r.rolled, r.first)
		keep = 1
	}
	old := max(0, len(r.rolled)-keep)
	for _, first := range r.rolled[:old] {
		_ = os.Remove(filepath.Join(r.dir, rolledName(r.name, first))) // one that stays is found by readers as what it is
	}
	r.rolled = slices.Delete(r.rolled, 0, old)
}

func (r *roller) close() error {
	if r.lost > 0 {
		r.write(nil, time.Now()) // the last chance to say so
	}
	return r.file.Close()
}

// drain copies what comes out of a pipe until its last writer is gone. While nothing comes it holds no buffer.
func (k *keeper) drain(from *os.File, to *roller) error {
	defer from.Close()
	conn, err := from.SyscallConn()
	if err != nil {
		return errors.Join(err, to.close())
	}
	for ended := false; !ended && err == nil; {
		var fault error
		err = conn.Read(func(fd uintptr) bool {
			var ready bool
			ready, ended, fault = k.pour(int(fd), to)
			return ready
		})
		err = errors.Join(err, fault)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, to.close())
}

// pour moves one buffer. ready is false where there is nothing to read.
func (k *keeper) pour(fd int, to *roller) (ready, ended bool, err error) {
	buf := k.buffers.Get().(*[]byte)
	defer k.buffers.Put(buf)
	for {
		n, err := unix.Read(fd, *buf)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EAGAIN):
			return false, false, nil
		case err != nil:
			return true, true, err
		case n == 0:
			return true, true, nil
		}
		to.write((*buf)[:n], time.Now())
		return true, false, nil
	}
}
