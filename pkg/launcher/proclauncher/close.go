//go:build linux

package proclauncher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/musterproject/muster/pkg/launcher"
)

// Close ends what has no OrphanGrace, at once, and leaves the rest to the next launcher on the same state directory. Stop what shall end with
// a grace before.
func (l *Launcher) Close() error {
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		<-l.closed
		return nil
	}
	l.closing = true
	l.mu.Unlock()
	l.opening <- struct{}{} // whoever starts a keeper now ends soon; nobody starts another
	var err error
	if ln := l.current(); ln != nil {
		ln.out.put(frame{Bye: &bye{}})
		late := time.AfterFunc(2*greetingTime, func() { _ = ln.w.conn.Close() }) // a keeper that does not answer is as good as dead
		<-ln.gone
		if !late.Stop() {
			err = fmt.Errorf("close launcher: the keeper did not answer: %w", launcher.ErrClosed)
		}
	}
	l.serving.Wait()
	close(l.closed)
	return errors.Join(err, l.unlock())
}

func (l *Launcher) ending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closing
}

func (l *Launcher) unlock() error {
	var faults []error
	for _, f := range []*os.File{l.dir, l.lock} {
		if f != nil {
			faults = append(faults, f.Close())
		}
	}
	return errors.Join(faults...)
}

// bury ends what a keeper left over and reports it, unless the keeper said farewell and stays with it.
func (l *Launcher) bury(ln *line, left *bye, broken error) {
	l.mu.Lock()
	ln.dying = true
	l.mu.Unlock()
	defer close(ln.gone)
	if left != nil && left.Staying {
		if ln.child != nil {
			_ = ln.child.Release() // nobody waits for it here any more
		}
		return
	}
	why := toldToEnd
	if left == nil {
		why = fmt.Sprintf("its keeper died (%v); what was left of it has been killed", broken)
		for sweep(ln.home) != nil && !l.ending() {
			continue // some process does not die: until it does its launch has not ended
		}
	}
	ln.waitKeeper()
	_ = l.endAll(why) // an end that could not be recorded is written by the next Open
	_ = ln.home.abolish()
	for _, path := range []string{homePath(l.cfg.StateDir), filepath.Join(l.cfg.StateDir, "keeper.sock")} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return // the next keeper writes them anew
		}
	}
}

// waitKeeper waits for the end of a keeper that has been killed or ends by itself.
func (ln *line) waitKeeper() {
	if ln.child != nil {
		_, _ = ln.child.Wait() // how it ended stands in its log
		return
	}
	retry(lastBytes, func() bool {
		s, err := readStat(ln.home.PID)
		return err != nil || s.dead()
	})
}
