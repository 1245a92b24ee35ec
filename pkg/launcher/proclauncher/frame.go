//go:build linux

package proclauncher

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// frame is one message between worker and keeper: its length as a varint, then Call, the number of what is set, and that. One is set besides Call.
type frame struct {
	Call uint64 // a request's number, from 1; 0 wants no answer

	// from the worker
	Hello   *hello // first, and nothing before it
	Launch  *order
	Control *control

	// from the keeper
	Welcome *welcome // answers Hello
	Image   *image   // comes when the worker has fallen too far behind
	News    []entry
	Done    *done // answers Launch with OrphanGrace and Control

	// both: the worker leaves in order; the keeper has ended what does not outlive it
	Bye *bye
}

// What a frame holds; the numbers are for ever. A frame of another number is an empty one.
const (
	isHello uint8 = iota + 1
	isLaunch
	isControl
	isImage
	isNews
	isDone
	isBye
	isWelcome
)

func (f *frame) kind() uint8 {
	switch {
	case f.Hello != nil:
		return isHello
	case f.Launch != nil:
		return isLaunch
	case f.Control != nil:
		return isControl
	case f.Image != nil:
		return isImage
	case f.News != nil:
		return isNews
	case f.Done != nil:
		return isDone
	case f.Bye != nil:
		return isBye
	case f.Welcome != nil:
		return isWelcome
	}
	return 0
}

func (f *frame) code(c *coder) {
	kind := f.kind()
	num(c, &f.Call)
	num(c, &kind)
	switch kind {
	case isHello:
		made(c, &f.Hello).code(c)
	case isLaunch:
		made(c, &f.Launch).code(c)
	case isControl:
		made(c, &f.Control).code(c)
	case isImage:
		made(c, &f.Image).code(c)
	case isNews:
		list(c, &f.News, leastEntry, codeEntry)
	case isDone:
		made(c, &f.Done).code(c)
	case isBye:
		c.flag(&made(c, &f.Bye).Staying)
	case isWelcome:
		w := made(c, &f.Welcome)
		w.Home.code(c)
		w.Book.code(c)
	}
}

// made gives what p points to, new when it is to be read.
func made[T any](c *coder, p **T) *T {
	if c.reading {
		*p = new(T)
	}
	return *p
}

// hello is what a worker brings to its keeper.
type hello struct {
	Settings settings
	Seed     *seed // to a keeper that has just been started
}

func (h *hello) code(c *coder) {
	num(c, &h.Settings.DefaultGrace)
	num(c, &h.Settings.UsageEvery)
	num(c, &h.Settings.RetainEvents)
	seeded := h.Seed != nil
	if c.flag(&seeded); seeded {
		s := made(c, &h.Seed)
		s.Home.code(c)
		c.text(&s.StateDir)
		s.Book.code(c)
	}
}

// welcome is all that a keeper has.
type welcome struct {
	Home home
	Book image
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

func (h *home) code(c *coder) {
	c.text(&h.Generation)
	c.text(&h.Cgroup)
	c.text(&h.Boot)
	num(c, &h.PID)
}

func (h home) nonce(id deploy.LaunchID) string { return h.Generation + "." + id.String() }

// control is a launcher.Control on its way.
type control struct {
	Launch deploy.LaunchID
	Kind   controlKind
	Grace  time.Duration
	Number int
}

func (o *control) code(c *coder) {
	launchOf(c, &o.Launch)
	num(c, &o.Kind)
	num(c, &o.Grace)
	num(c, &o.Number)
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

func (d *done) code(c *coder) {
	num(c, &d.Call)
	num(c, &d.Code)
	c.text(&d.Text)
}

// bye tells whether the keeper stays with launches that outlive the worker.
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

// maxFrame bounds what the other end can make this one hold: a spec and its surroundings, or a book with a hundred thousand launches.
const maxFrame = 256 << 20

// wire sends and receives frames. One goroutine may send while another receives.
type wire struct {
	conn *net.UnixConn
	out  *bufio.Writer
	in   *bufio.Reader
	sent []byte  // memory for the frame being written
	got  []byte  // memory for the frame being read
	news []entry // memory for its entries
}

const keptBytes = 1 << 20 // memory of a frame that is kept for the next

func newWire(conn *net.UnixConn) *wire {
	return &wire{conn: conn, out: bufio.NewWriterSize(conn, 32<<10), in: bufio.NewReaderSize(conn, 32<<10)}
}

// send buffers a frame; flush sends what is buffered.
func (w *wire) send(f *frame) error {
	c := coder{buf: w.sent[:0]}
	f.code(&c)
	if cap(c.buf) <= keptBytes {
		w.sent = c.buf
	}
	if len(c.buf) > maxFrame {
		return fmt.Errorf("frame of %d bytes: %w: %d is the most", len(c.buf), deploy.ErrTooLarge, maxFrame)
	}
	if _, err := w.out.Write(binary.AppendUvarint(w.out.AvailableBuffer(), uint64(len(c.buf)))); err != nil {
		return err
	}
	_, err := w.out.Write(c.buf)
	return err
}

func (w *wire) flush() error { return w.out.Flush() }

// receive gives the next frame. Its News are valid until the next call.
func (w *wire) receive() (*frame, error) {
	size, err := binary.ReadUvarint(w.in)
	if err != nil {
		return nil, err
	}
	if size > maxFrame {
		return nil, fmt.Errorf("frame of %d bytes: %w: %d is the most", size, deploy.ErrTooLarge, maxFrame)
	}
	text, err := w.read(int(size))
	if err != nil {
		return nil, err
	}
	f, c := &frame{News: w.news[:0]}, coder{reading: true, buf: text}
	f.code(&c)
	if f.News != nil {
		w.news = f.News
	}
	return f, c.err
}

// read gives the next bytes, in memory that grows with what has come and not with what was announced.
func (w *wire) read(size int) ([]byte, error) {
	if size <= cap(w.got) {
		w.got = w.got[:size]
		_, err := io.ReadFull(w.in, w.got)
		return w.got, err
	}
	var text bytes.Buffer
	if _, err := io.CopyN(&text, w.in, int64(size)); err != nil {
		return nil, err
	}
	if text.Cap() <= keptBytes {
		w.got = text.Bytes()
	}
	return text.Bytes(), nil
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
