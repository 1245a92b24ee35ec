package proclauncher

import (
	"fmt"
	"slices"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// holding is a launch in the book.
type holding struct {
	Handle  launcher.Handle
	Digest  digest
	Durable bool // it has a record
}

func (h *holding) ended() bool { return h.Handle.State.Terminal() }

// book is what is known of the launches and the newest part of their story. The keeper writes it, the worker has a copy that follows. Leaf data.
type book struct {
	mu      sync.Mutex
	held    map[deploy.LaunchID]*holding
	entries []entry // floor+1 ... newest
	floor   launcher.Cursor
	newest  launcher.Cursor
	retain  int
	moved   chan struct{} // closed by the next entry; nil while nobody waits
}

func newBook(from launcher.Cursor, retain int) *book {
	return &book{held: map[deploy.LaunchID]*holding{}, floor: from, newest: from, retain: retain}
}

// admit takes a launch in. fresh is false for a repeat of an equal spec.
func (b *book) admit(o *order) (h launcher.Handle, fresh bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.held[o.Launch]; old != nil {
		if old.Digest != o.Digest {
			return launcher.Handle{}, false, fmt.Errorf("launch %s of %s: %w: it is held by %s; take a new id", o.Launch, o.Owner, launcher.ErrConflict, old.Handle.Owner)
		}
		return old.Handle, false, nil
	}
	h = launcher.Handle{Launch: o.Launch, Owner: o.Owner, State: deploy.ExecutorLaunching, Cursor: b.newest}
	b.held[o.Launch] = &holding{Handle: h, Digest: o.Digest, Durable: o.OrphanGrace > 0}
	return h, true, nil
}

// add writes the next entry. One of a launch that has ended or is unknown is left out.
func (b *book) add(e entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.held[e.Launch]
	if h == nil || h.ended() {
		return
	}
	e.Cursor = b.newest + 1
	b.append(e)
	e.apply(&h.Handle)
}

func (b *book) append(e entry) {
	b.entries = append(b.entries, e)
	b.newest = e.Cursor
	if len(b.entries) >= 2*b.retain { // a copy for each retain entries
		drop := len(b.entries) - b.retain
		b.entries = slices.Clone(b.entries[drop:])
		b.floor += launcher.Cursor(drop)
	}
	if b.moved != nil {
		close(b.moved)
		b.moved = nil
	}
}

// follow copies entries of the keeper's book, in order. Those that are here already are left out.
func (b *book) follow(news []entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range news {
		if news[i].Cursor <= b.newest {
			continue
		}
		b.append(news[i])
		if h := b.held[news[i].Launch]; h != nil {
			news[i].apply(&h.Handle)
		}
	}
}

// image is all of a book.
type image struct {
	Held    []holding
	Entries []entry
	Floor   launcher.Cursor
	Newest  launcher.Cursor
}

func (b *book) image() image {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := image{Entries: slices.Clone(b.entries), Floor: b.floor, Newest: b.newest, Held: make([]holding, 0, len(b.held))}
	for _, h := range b.held {
		i.Held = append(i.Held, *h)
	}
	return i
}

// take makes b a copy of the keeper's book. Launches that the keeper has not read of yet stay, and so does the story that the image goes on with.
func (b *book) take(i image) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, h := range b.held {
		if h.Handle.State != deploy.ExecutorLaunching {
			delete(b.held, id)
		}
	}
	for _, h := range i.Held {
		b.held[h.Handle.Launch] = &h
	}
	if i.Floor > b.newest || i.Newest < b.newest {
		b.entries, b.floor, b.newest = nil, i.Floor, i.Floor
	}
	for _, e := range i.Entries {
		if e.Cursor > b.newest {
			b.append(e)
		}
	}
}

// since gives entries after the cursor, at most limit, or what to wait for.
func (b *book) since(after launcher.Cursor, limit int) (batch []entry, moved <-chan struct{}, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if after == 0 {
		after = b.floor
	}
	switch {
	case after < b.floor:
		return nil, nil, fmt.Errorf("%w: %d, while %d is the oldest that can be gone on from", launcher.ErrCursor, after, b.floor)
	case after > b.newest:
		return nil, nil, fmt.Errorf("%w: %d is of another stream, the newest of this one is %d", launcher.ErrCursor, after, b.newest)
	}
	if after == b.newest {
		if b.moved == nil {
			b.moved = make(chan struct{})
		}
		return nil, b.moved, nil
	}
	rest := b.entries[after-b.floor:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil, nil
}

// last is the newest cursor.
func (b *book) last() launcher.Cursor {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.newest
}

func (b *book) get(id deploy.LaunchID) (holding, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h := b.held[id]; h != nil {
		return *h, true
	}
	return holding{}, false
}

func (b *book) forget(id deploy.LaunchID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.held, id)
}

// list gives all launches that want holds for, ordered by id.
func (b *book) list(want func(*holding) bool) []holding {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]holding, 0, len(b.held))
	for _, h := range b.held {
		if want(h) {
			list = append(list, *h)
		}
	}
	slices.SortFunc(list, func(x, y holding) int { return x.Handle.Launch.Compare(y.Handle.Launch) })
	return list
}
