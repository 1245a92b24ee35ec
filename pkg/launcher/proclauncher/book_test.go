//go:build linux

package proclauncher

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"reflect"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

func launchID(n int) deploy.LaunchID { return deploy.LaunchID{Epoch: 1, Seq: uint64(n)} }

func admit(t testing.TB, b *book, n int) {
	t.Helper()
	if _, _, err := b.admit(&order{Launch: launchID(n), Owner: "app/1"}); err != nil {
		t.Fatal(err)
	}
}

func TestBookKeepsTheNewestEvents(t *testing.T) {
	b := newBook(100, 10)
	admit(t, b, 1)
	for range 35 {
		b.add(entry{Kind: usage, Launch: launchID(1), At: time.Now()})
	}
	for _, c := range []struct {
		after launcher.Cursor
		first launcher.Cursor // of what is given; 0: an error
	}{{0, 121}, {100, 0}, {119, 0}, {120, 121}, {130, 131}, {136, 0}} {
		batch, _, err := b.since(c.after, 1000)
		switch {
		case c.first == 0 && !errors.Is(err, launcher.ErrCursor):
			t.Errorf("after %d: got %v", c.after, err)
		case c.first != 0 && (err != nil || batch[0].Cursor != c.first || batch[len(batch)-1].Cursor != 135):
			t.Errorf("after %d: got %v, %v", c.after, batch, err)
		}
	}
	if batch, moved, err := b.since(135, 10); len(batch) != 0 || moved == nil || err != nil {
		t.Errorf("at the newest: %v, %v, %v", batch, moved, err)
	}
}

func TestBookEndsOnce(t *testing.T) {
	b := newBook(0, 10)
	admit(t, b, 1)
	b.add(entry{Kind: exited, Launch: launchID(1), Exit: deploy.Exit{Code: 1}})
	b.add(entry{Kind: exited, Launch: launchID(1), Exit: deploy.Exit{Code: 2}})
	b.add(entry{Kind: started, Launch: launchID(2)})
	if h, _ := b.get(launchID(1)); h.Handle.Exit.Code != 1 || b.last() != 1 {
		t.Errorf("after two ends and a stranger: %+v, cursor %d", h.Handle, b.last())
	}
}

// A worker that sleeps while more happens than is kept gets the whole book, and knows everything afterwards.
func TestWorkerCatchesUp(t *testing.T) {
	for _, retain := range []int{4, 100, 100_000} {
		k := &keeper{book: newBook(1000, retain)}
		far := newBook(0, retain)
		ctx, cancel := context.WithCancel(t.Context())
		ours, theirs := socketPair(t)
		informed := make(chan error, 1)
		out := newOutbox()
		go func() { informed <- k.inform(ctx, newWire(ours), out) }()

		for n := range 3000 { // more than the socket's buffers hold, while nobody reads
			admit(t, far, n) // the worker orders, the keeper obeys
			admit(t, k.book, n)
			k.book.add(entry{Kind: started, Launch: launchID(n), PID: n + 1, At: time.Now()})
			if n%3 == 0 {
				k.book.add(entry{Kind: exited, Launch: launchID(n), At: time.Now()})
			}
			if n%9 == 0 {
				k.book.forget(launchID(n))
			}
		}
		out.put(frame{Bye: &bye{}})
		worker := &line{w: newWire(theirs)}
		first, err := worker.w.receive()
		if err != nil || first.Welcome == nil {
			t.Fatalf("retain %d: the first frame is %+v, %v", retain, first, err)
		}
		far.take(first.Welcome.Book)
		if left, err := worker.hear(far); err != nil || left == nil {
			t.Fatalf("retain %d: the worker heard %v, %v", retain, left, err)
		}
		cancel()
		if err := <-informed; err != nil {
			t.Fatal(err)
		}
		for _, h := range k.book.list(func(*holding) bool { return true }) {
			got, ok := far.get(h.Handle.Launch)
			if !ok || !reflect.DeepEqual(normal(got), normal(h)) {
				t.Fatalf("retain %d: the worker knows %+v of %+v", retain, got, h)
			}
		}
		if far.last() != k.book.last() {
			t.Errorf("retain %d: the worker is at %d, the keeper at %d", retain, far.last(), k.book.last())
		}
		if batch, _, err := far.since(0, 1); err != nil || len(batch) == 0 {
			t.Errorf("retain %d: the worker's story is %v, %v", retain, batch, err)
		}
	}
}

// normal drops what the wire does not carry of a time.
func normal(h holding) holding {
	h.Handle.StartedAt, h.Handle.EndedAt = h.Handle.StartedAt.Round(0), h.Handle.EndedAt.Round(0)
	return h
}

func socketPair(t testing.TB) (a, b *net.UnixConn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*net.UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		c, err := net.FileConn(f)
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		ends[i] = c.(*net.UnixConn)
		t.Cleanup(func() { _ = c.Close() }) // some tests have closed it
	}
	return ends[0], ends[1]
}

// The worker's copy follows the keeper's book whatever it misses, and an image in between changes nothing that is known.
func TestBookCopies(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		from := newBook(50, 8)
		to := newBook(launcher.Cursor(r.IntN(100)), 8)
		for n := range 60 {
			admit(t, from, n)
			from.add(entry{Kind: started, Launch: launchID(r.IntN(n + 1))})
			if r.IntN(2) == 0 {
				from.add(entry{Kind: exited, Launch: launchID(r.IntN(n + 1))})
			}
			if r.IntN(5) == 0 {
				to.take(from.image())
			}
		}
		to.take(from.image())
		a, b := from.image(), to.image()
		if len(a.Held) != len(b.Held) || a.Newest != b.Newest {
			t.Fatalf("seed %d: copied %d of %d launches, cursor %d of %d", seed, len(b.Held), len(a.Held), b.Newest, a.Newest)
		}
		for _, h := range a.Held {
			if got, _ := to.get(h.Handle.Launch); got != h {
				t.Fatalf("seed %d: copied %+v of %+v", seed, got, h)
			}
		}
		if b.Newest-b.Floor != launcher.Cursor(len(b.Entries)) {
			t.Fatalf("seed %d: %d entries from %d to %d", seed, len(b.Entries), b.Floor, b.Newest)
		}
	}
}
