package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
)

// link is a stream of frames, of either side.
type link interface {
	SendMsg(m any) error
	RecvMsg(m any) error
}

// session is a rpc.Conn over a link.
type session struct {
	peer     rpc.Peer
	patience time.Duration // for a goodbye to be said and answered
	cut      func()        // makes the calls of the link return
	out      *queue
	in       chan []rpc.Item // closed behind the last frame, when fault says why
	over     chan struct{}   // closed when this side has ended it: nobody receives any more

	mu    sync.Mutex
	fault error // the first end; nil while the session lives
	how   ending
	late  *time.Timer // cuts what does not end by itself, from the first end on
}

// ending says how a session has ended; a later one in this list is the stronger.
type ending int

const (
	living  ending = iota
	saidBye        // one of the sides said goodbye
	broken         // the stream failed
	hungUp         // this side wants no more of it
)

func newSession(cfg *Config, peer rpc.Peer, cut func()) *session {
	return &session{
		peer: peer, patience: cfg.CloseTimeout, cut: cut, out: newQueue(cfg), in: make(chan []rpc.Item, cfg.ReceiveAhead), over: make(chan struct{}),
	}
}

// Peer is the other side.
func (s *session) Peer() rpc.Peer { return s.peer }

// Send queues items for the writer.
func (s *session) Send(items ...rpc.Item) error {
	err := s.out.put(items)
	if errors.Is(err, rpc.ErrSlowPeer) {
		err = fmt.Errorf("%w: %w", rpc.ErrClosed, err)
		s.hangUp(err)
	}
	return err
}

// Recv gives the next frame's items; what was received before the other side's goodbye comes before the end.
func (s *session) Recv(ctx context.Context) ([]rpc.Item, error) {
	select {
	case <-s.over:
		return nil, s.reason()
	default:
	}
	select {
	case items, ok := <-s.in:
		if !ok {
			return nil, s.reason()
		}
		return items, nil
	case <-s.over:
		return nil, s.reason()
	case <-ctx.Done():
		return nil, fmt.Errorf("receive from %s: %w", s.peer.Remote, rpc.Ended(ctx))
	}
}

// Close says goodbye behind what is queued. It does not wait.
func (s *session) Close(reason string) {
	s.close(fmt.Errorf("%w here: %s", rpc.ErrClosed, reason), reason)
}

func (s *session) close(err error, reason string) {
	if !s.end(err, saidBye) {
		return
	}
	bye, byeErr := wire.AppendBye(nil, reason)
	if byeErr != nil { // cannot be: a reason is made valid text
		s.out.drop(errors.Join(err, byeErr))
	}
	s.out.finish(err, bye)
	close(s.over)
}

// hangUp ends the session at once: nothing more is sent or received.
func (s *session) hangUp(err error) {
	first := s.end(err, hungUp)
	s.out.drop(err)
	s.cut()
	if first {
		close(s.over)
	}
}

// lost notes that the other side has ended it. What it said before is still to be received.
func (s *session) lost(err error, how ending) {
	s.end(err, how)
	s.out.drop(err)
}

// end keeps the first reason; it tells whether this is it.
func (s *session) end(err error, how ending) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how = max(s.how, how)
	if s.fault != nil {
		return false
	}
	s.fault = err
	s.late = time.AfterFunc(s.patience, s.cut)
	return true
}

func (s *session) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

func (s *session) ended() ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.how
}

// run carries the session over l until it has ended and both directions are at rest. Finish tells l that nothing more will be sent.
func (s *session) run(l link, finish func()) {
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.read(l)
	}()
	s.write(l)
	finish()
	<-read
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late.Stop()
}

// write sends frames until the queue ends.
func (s *session) write(l link) {
	for {
		f, ok := s.out.take()
		if !ok {
			return
		}
		err := l.SendMsg(&frame{b: f.b})
		s.out.sent(f)
		if err != nil {
			s.out.drop(fmt.Errorf("%w: %s: connection lost", rpc.ErrClosed, s.peer.Remote)) // the reader learns why
			return
		}
	}
}

// read receives frames until the link ends. Once nobody receives it reads on and forgets, so that the other side can finish.
func (s *session) read(l link) {
	defer close(s.in)
	var d wire.Decoder
	for {
		var in frame
		if err := l.RecvMsg(&in); err != nil {
			s.lost(s.lostBy(err), broken)
			return
		}
		f, err := d.Frame(in.b)
		if err != nil {
			err = fmt.Errorf("%w: %s sent a frame that cannot be read: %w", rpc.ErrClosed, s.peer.Remote, err)
			s.close(err, err.Error())
			return
		}
		if len(f.Items) > 0 {
			select {
			case s.in <- f.Items:
			case <-s.over:
			}
		}
		if f.Bye != nil {
			s.lost(fmt.Errorf("%w by %s: %s", rpc.ErrClosed, s.peer.Remote, f.Bye.Reason), saidBye)
			return
		}
	}
}

func (s *session) lostBy(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %s ended the stream without a goodbye", rpc.ErrClosed, s.peer.Remote)
	}
	if f := (deploy.Fault{}); errors.As(fromStatus(err), &f) {
		return fmt.Errorf("%w by %s: %w", rpc.ErrClosed, s.peer.Remote, f)
	}
	return fmt.Errorf("%w: connection to %s lost: %w", rpc.ErrClosed, s.peer.Remote, err)
}

// introduce exchanges hellos on the side that dialled, which speaks first.
func introduce(l link, mine deploy.Hello) (deploy.Hello, error) {
	if err := sendHello(l, mine); err != nil && !errors.Is(err, io.EOF) { // after EOF the answer says why
		return deploy.Hello{}, err
	}
	theirs, err := recvHello(l)
	if err == nil {
		err = rpc.Agree(mine, theirs)
	}
	return theirs, err
}

func sendHello(l link, h deploy.Hello) error {
	b, err := wire.AppendHello(nil, h)
	if err != nil {
		return err
	}
	return l.SendMsg(&frame{b: b})
}

func recvHello(l link) (deploy.Hello, error) {
	var in frame
	if err := l.RecvMsg(&in); err != nil {
		return deploy.Hello{}, fromStatus(err)
	}
	var d wire.Decoder
	f, err := d.Frame(in.b)
	switch {
	case err != nil:
		return deploy.Hello{}, fmt.Errorf("%w: %w", rpc.ErrHello, err)
	case f.Hello == nil || len(f.Items) > 0 || f.Bye != nil:
		return deploy.Hello{}, fmt.Errorf("%w: %w: the first frame holds a hello and nothing else", rpc.ErrHello, deploy.ErrInvalid)
	}
	return *f.Hello, nil
}
