//go:build linux

package proclauncher

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// frame is one message between worker and keeper, a gob (which carries its own length). One field is set, besides Call.
type frame struct {
	Call uint64 // a request's number, from 1; 0 wants no answer

	// from the worker
	Hello   *hello // first, and nothing before it
	Launch  *order
	Control *control

	// from the keeper
	Home  *home  // with the first Image
	Image *image // answers Hello, and comes again when the worker has fallen too far behind
	News  []entry
	Done  *done // answers Launch with OrphanGrace and Control

	// both: the worker leaves in order; the keeper has ended what does not outlive it
	Bye *bye
}

// hello is what a worker brings to its keeper.
type hello struct {
	Settings settings
	Seed     *seed // to a keeper that has just been started
}

// settings follow the newest worker.
type settings struct {
	DefaultGrace time.Duration
	UsageEvery   time.Duration
	RetainEvents int
}

// seed is what a new keeper begins with.
type seed struct {
	Home     home
	StateDir string
	Book     image
}

// home names what belongs to one keeper and its children; it stands in StateDir, so that what is left of them can be found.
type home struct {
	Generation string // begins the nonce of every launch; the keeper's own nonce
	Cgroup     string // the group that holds the launches' groups; empty: none
	Boot       string // of the machine: the rest means nothing after another boot
	PID        int    // the keeper
}

func (h home) nonce(id deploy.LaunchID) string { return h.Generation + "." + id.String() }

// control is a launcher.Control on its way.
type control struct {
	Launch deploy.LaunchID
	Kind   controlKind
	Grace  time.Duration
	Number int
}

type controlKind uint8

const (
	doStop controlKind = iota + 1
	doSignal
	doForget
)

// done answers one request.
type done struct {
	Call uint64
	Code int // index into faults, from 1; 0: it went well
	Text string
}

type bye struct{ Staying bool }

// faults are the errors that keep their identity on the way from the keeper.
var faults = [...]error{launcher.ErrUnknownLaunch, deploy.ErrAlreadyFinished, deploy.ErrIllegalTransition, deploy.ErrUnavailable}

func doneOf(call uint64, err error) *done {
	d := &done{Call: call}
	if err == nil {
		return d
	}
	d.Code, d.Text = len(faults), err.Error()
	for i, f := range faults {
		if errors.Is(err, f) {
			d.Code = i + 1
			break
		}
	}
	return d
}

// fault is an error of the keeper.
type fault struct {
	kind error
	text string
}

func (f fault) Error() string { return f.text }
func (f fault) Unwrap() error { return f.kind }

func (d *done) err() error {
	if d.Code == 0 {
		return nil
	}
	return fault{kind: faults[min(d.Code, len(faults))-1], text: d.Text}
}

// wire sends and receives frames. One goroutine may send while another receives.
type wire struct {
	conn *net.UnixConn
	out  *bufio.Writer
	enc  *gob.Encoder
	dec  *gob.Decoder
}

func newWire(conn *net.UnixConn) *wire {
	out := bufio.NewWriterSize(conn, 32<<10)
	return &wire{conn: conn, out: out, enc: gob.NewEncoder(out), dec: gob.NewDecoder(bufio.NewReaderSize(conn, 32<<10))}
}

// send buffers a frame; flush sends what is buffered.
func (w *wire) send(f *frame) error { return w.enc.Encode(f) }

func (w *wire) flush() error { return w.out.Flush() }

func (w *wire) receive() (*frame, error) {
	f := &frame{}
	if err := w.dec.Decode(f); err != nil {
		return nil, err
	}
	return f, nil
}

// checkPeer refuses a peer of another user.
func checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var who *unix.Ucred
	var fault error
	if err := raw.Control(func(fd uintptr) { who, fault = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return err
	}
	if fault != nil {
		return fmt.Errorf("ask who is at the other end: %w", fault)
	}
	if int(who.Uid) != unix.Geteuid() {
		return fmt.Errorf("the other end belongs to user %d, not to %d: %w", who.Uid, unix.Geteuid(), deploy.ErrDenied)
	}
	return nil
}

// outbox holds frames that wait to be sent. It has no bound of its own: a worker has as many orders under way as launches.
type outbox struct {
	mu    sync.Mutex
	list  []frame
	ready chan struct{} // holds a token when there are some
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

func (o *outbox) put(f frame) {
	o.mu.Lock()
	o.list = append(o.list, f)
	o.mu.Unlock()
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outbox) take() []frame {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.list
	o.list = nil
	return list
}
