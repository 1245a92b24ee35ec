package worker

import (
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// live knows which working directories have a process, for those who follow its output. Leaf data behind a mutex.
type live struct {
	mu   sync.Mutex
	dirs map[deploy.LaunchID]string
}

func (l *live) add(id deploy.LaunchID, dir string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dirs == nil {
		l.dirs = map[deploy.LaunchID]string{}
	}
	l.dirs[id] = dir
}

// see drops what has ended.
func (l *live) see(ev launcher.Event) {
	switch ev := ev.(type) {
	case launcher.Exited:
		l.drop(ev.Launch)
	case launcher.StartFailed:
		l.drop(ev.Launch)
	}
}

func (l *live) drop(id deploy.LaunchID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.dirs, id)
}

func (l *live) in(dir string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.dirs {
		if d == dir {
			return true
		}
	}
	return false
}
