package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// server answers on one listener.
type server struct {
	cfg   *Config
	guard guard
	own   rpc.Server

	mu       sync.Mutex
	stopping bool
	sessions map[*session]bool
	users    sync.WaitGroup // of rpc.Server.Session calls
}

// Serve answers on l until ctx ends. Then sessions are told, open streams are cancelled, calls may finish, and after StopTimeout what is left is cut.
func (t *Transport) Serve(ctx context.Context, l net.Listener, own rpc.Server) error {
	if t.faults != nil {
		return errors.Join(fmt.Errorf("serve on %s: %w", l.Addr(), t.faults), l.Close())
	}
	if own.Hello == nil {
		return errors.Join(fmt.Errorf("serve on %s: %w: a server has a Hello", l.Addr(), deploy.ErrInvalid), l.Close())
	}
	s := &server{cfg: &t.cfg, guard: newGuard(), own: own, sessions: map[*session]bool{}}
	g := grpc.NewServer(t.serverOptions()...)
	g.RegisterService(s.guarded(ctx, pb.Cluster_ServiceDesc), &cluster{server: s})
	g.RegisterService(s.guarded(ctx, pb.Peer_ServiceDesc), &peers{server: s})
	served := make(chan error, 1)
	go func() { served <- g.Serve(l) }()
	var err error
	select {
	case <-ctx.Done():
		s.end(g)
		err = <-served
	case err = <-served:
		s.end(g)
	}
	s.users.Wait()
	if err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	}
	return nil
}

func (t *Transport) serverOptions() []grpc.ServerOption {
	c := &t.cfg
	return []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{}),
		grpc.Creds(plain{}),
		grpc.MaxRecvMsgSize(c.MaxMessage),
		grpc.MaxSendMsgSize(c.MaxMessage),
		grpc.MaxConcurrentStreams(uint32(c.MaxStreams)),
		grpc.MaxHeaderListSize(uint32(c.MaxHeader)),
		grpc.ConnectionTimeout(c.ConnectTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: c.KeepAlive, Timeout: c.KeepAliveWait}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: min(5*time.Second, c.KeepAlive/2), PermitWithoutStream: true}),
		grpc.WaitForHandlers(true),
	}
}

// end stops g: gently, then for good.
func (s *server) end(g *grpc.Server) {
	s.mu.Lock()
	s.stopping = true
	for c := range s.sessions {
		c.Close(s.stopReason())
	}
	s.mu.Unlock()
	cut := time.AfterFunc(s.cfg.StopTimeout, g.Stop)
	defer cut.Stop()
	g.GracefulStop()
}

func (s *server) stopReason() string {
	h := s.own.Hello()
	return fmt.Sprintf("the %s %s is stopping", h.Role, h.ID)
}

// peers answers the Peer service.
type peers struct {
	pb.UnimplementedPeerServer
	*server
}

// Session greets, then carries a session and calls its user until both are done.
func (p *peers) Session(stream grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error {
	s := p.server
	address, cut := remote(stream.Context())
	late := time.AfterFunc(s.cfg.HelloTimeout, cut)
	hello, err := recvHello(stream)
	late.Stop()
	if err != nil {
		return err
	}
	mine := s.own.Hello()
	if f := (deploy.Fault{}); errors.As(rpc.Agree(mine, hello), &f) {
		return f // the other side says itself that its hello was refused
	}
	who, err := s.guard.admit(pb.Peer_Session_FullMethodName, &hello)
	if err != nil {
		return err
	}
	if s.own.Session == nil {
		return rpc.Unanswered(mine, "sessions")
	}
	c := newSession(s.cfg, rpc.Peer{Hello: hello, Principal: who, Remote: address}, cut)
	if !s.enter(c) {
		return fmt.Errorf("%w: %s", deploy.ErrUnavailable, s.stopReason())
	}
	defer s.leave(c)
	if err := sendHello(stream, mine); err != nil {
		return err
	}
	s.users.Go(func() {
		reason := "the session is over"
		if err := s.own.Session(stream.Context(), c); stream.Context().Err() != nil {
			reason = s.stopReason()
		} else if err != nil {
			reason = err.Error()
		}
		c.Close(reason)
	})
	c.run(stream, func() {})
	if c.ended() == saidBye {
		return nil
	}
	return c.reason()
}

func (s *server) enter(c *session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopping {
		s.sessions[c] = true
	}
	return !s.stopping
}

func (s *server) leave(c *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, c)
}
