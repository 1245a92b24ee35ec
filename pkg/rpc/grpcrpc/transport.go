package grpcrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Transport is a rpc.Transport over gRPC.
type Transport struct {
	cfg    Config
	faults error // of cfg, told by every call

	mu       sync.Mutex
	closed   bool
	clients  map[deploy.Address]*grpc.ClientConn
	sessions map[*session]bool // dialled
	running  sync.WaitGroup    // of the dialled sessions
}

var _ rpc.Transport = (*Transport)(nil)

// New makes a transport. Faults of cfg are told by Serve, Dial and Client.
func New(cfg Config) *Transport {
	return &Transport{cfg: cfg, faults: cfg.Validate(), clients: map[deploy.Address]*grpc.ClientConn{}, sessions: map[*session]bool{}}
}

// Client gives a client of one address; nothing is dialled before the first question.
func (t *Transport) Client(to deploy.Address) (rpc.Client, error) {
	if t.faults != nil {
		return nil, fmt.Errorf("client of %s: %w", to, t.faults)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, fmt.Errorf("client of %s: %w: the transport is closed", to, deploy.ErrUnavailable)
	}
	cc := t.clients[to]
	if cc == nil {
		var err error
		if cc, err = t.connect(to); err != nil {
			return nil, err
		}
		t.clients[to] = cc
	}
	return &client{to: to, cc: cc}, nil
}

// Close says goodbye in the sessions that were dialled, waits for them, and closes the connections of clients.
func (t *Transport) Close() error {
	t.mu.Lock()
	t.closed = true
	clients, sessions := t.clients, t.sessions
	t.clients, t.sessions = map[deploy.Address]*grpc.ClientConn{}, map[*session]bool{}
	t.mu.Unlock()
	for s := range sessions {
		s.Close("the other side is stopping")
	}
	t.running.Wait()
	var errs []error
	for to, cc := range clients {
		if err := cc.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close client of %s: %w", to, err))
		}
	}
	return errors.Join(errs...)
}

// connect makes a connection that is dialled when it is needed.
func (t *Transport) connect(to deploy.Address) (*grpc.ClientConn, error) {
	c := &t.cfg
	cc, err := grpc.NewClient("passthrough:///"+to.String(),
		grpc.WithContextDialer(t.dialer()),
		grpc.WithTransportCredentials(plain{}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{}), grpc.MaxCallRecvMsgSize(c.MaxMessage), grpc.MaxCallSendMsgSize(c.MaxMessage)),
		grpc.WithMaxHeaderListSize(uint32(c.MaxHeader)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: c.KeepAlive, Timeout: c.KeepAliveWait}),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: c.ConnectTimeout,
		}),
		grpc.WithDisableServiceConfig(),
		grpc.WithDisableRetry(),
		grpc.WithUserAgent("muster"),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w: %w", to, deploy.ErrInvalid, err)
	}
	return cc, nil
}

func (t *Transport) dialer() func(context.Context, string) (net.Conn, error) {
	if t.cfg.Dialer != nil {
		return t.cfg.Dialer
	}
	d := &net.Dialer{Timeout: t.cfg.ConnectTimeout}
	return func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
}
