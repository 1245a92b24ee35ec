package grpcrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/rpc/rpctest"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// inBubble runs a test in virtual time against a server over memory.
func inBubble(t *testing.T, s rpc.Server, test func(t *testing.T, client *grpcrpc.Transport, at deploy.Address, dial dialer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(64 << 10)
		cfg := grpcrpc.DefaultConfig()
		dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
		s.Hello = func() deploy.Hello {
			return deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, ID: "m1"}
		}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		server := grpcrpc.New(cfg)
		go func() { served <- server.Serve(ctx, listener, s) }()
		cfg.Dialer = dial
		client := grpcrpc.New(cfg)
		test(t, client, deploy.Address{Host: "m1", Port: 7077}, dial)
		err := client.Close()
		cancel()
		if err := errors.Join(err, <-served); err != nil {
			t.Error(err)
		}
	})
}

type dialer func(context.Context, string) (net.Conn, error)

// took checks how much virtual time has passed.
func took(t *testing.T, since time.Time, least, most time.Duration) {
	t.Helper()
	if d := time.Since(since); d < least || d > most {
		t.Errorf("it took %v, want %v to %v", d, least, most)
	}
}

func bare(t *testing.T, dial dialer) *grpc.ClientConn {
	t.Helper()
	cc, err := grpc.NewClient("passthrough:///m1", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(dial))
	if err != nil {
		t.Fatal(err)
	}
	return cc
}

func TestSilenceInsteadOfAHello(t *testing.T) {
	inBubble(t, rpc.Server{Session: echo}, func(t *testing.T, _ *grpcrpc.Transport, _ deploy.Address, dial dialer) {
		cc := bare(t, dial)
		start := time.Now()
		s, err := pb.NewPeerClient(cc).Session(t.Context())
		if err == nil {
			_, err = s.Recv()
		}
		if err == nil {
			t.Error("the server said hello to nobody")
		}
		took(t, start, 5*time.Second, 6*time.Second)
		if err := cc.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnHTTP2ConnectionThatSaysNothing(t *testing.T) {
	inBubble(t, rpc.Server{Session: echo}, func(t *testing.T, _ *grpcrpc.Transport, _ deploy.Address, dial dialer) {
		c, err := dial(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := io.Copy(io.Discard, c); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the connection ended with %v", err)
		}
		took(t, start, 10*time.Second, 11*time.Second)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestNoHelloFromTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(64 << 10)
		g := grpc.NewServer()
		pb.RegisterPeerServer(g, rawPeer{serve: func(s grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error {
			<-s.Context().Done()
			return nil
		}})
		var serving sync.WaitGroup
		serving.Go(func() { _ = g.Serve(listener) }) // ends with Stop
		cfg := grpcrpc.DefaultConfig()
		cfg.Dialer = func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
		client := grpcrpc.New(cfg)
		start := time.Now()
		_, err := client.Dial(t.Context(), deploy.Address{Host: "m1", Port: 1}, me)
		if !errors.Is(err, deploy.ErrUnavailable) || !strings.Contains(err.Error(), "15s") || !strings.Contains(err.Error(), "m1:1") {
			t.Errorf("dial gave %v", err)
		}
		took(t, start, 15*time.Second, 16*time.Second)
		g.Stop()
		serving.Wait()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestCloseDoesNotWaitForEver has a side that sends, says goodbye, and a side that never reads.
func TestCloseDoesNotWaitForEver(t *testing.T) {
	release := make(chan struct{})
	deaf := rpc.Server{Session: func(context.Context, rpc.Conn) error {
		<-release
		return nil
	}}
	inBubble(t, deaf, func(t *testing.T, client *grpcrpc.Transport, at deploy.Address, _ dialer) {
		release = make(chan struct{})
		c, err := client.Dial(t.Context(), at, me)
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if err := c.Send(rpc.Item{Msg: deploy.RunTasks{Tasks: []deploy.Task{{Input: make([]byte, 100_000)}}}}); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		c.Close("done")
		took(t, start, 0, 0)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		took(t, start, 5*time.Second, 6*time.Second)
		close(release)
	})
}

// TestServeCutsWhatDoesNotEnd stops a server whose peer does not read, and one that is asked what it does not answer.
func TestServeCutsWhatDoesNotEnd(t *testing.T) {
	asked := make(chan error, 1)
	stuck := rpc.Server{Call: func(ctx context.Context, _ deploy.Principal, _ deploy.Message) (deploy.Message, error) {
		<-ctx.Done()
		asked <- ctx.Err()
		return nil, ctx.Err()
	}}
	synctest.Test(t, func(t *testing.T) {
		asked = make(chan error, 1)
		p := inMemory(t, rpctest.Limits{})
		stuck.Hello = func() deploy.Hello { return deploy.Hello{Role: deploy.RoleMaster, Protocol: 1, ID: "m1"} }
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- p.Server.Serve(ctx, p.Listener, stuck) }()
		c, err := p.Client.Client(p.Address)
		if err != nil {
			t.Fatal(err)
		}
		called := make(chan error, 1)
		go func() {
			_, err := c.Call(t.Context(), deploy.KillDriver{Request: "r"})
			called <- err
		}()
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		took(t, start, 10*time.Second, 11*time.Second)
		if err := <-asked; !errors.Is(err, context.Canceled) {
			t.Errorf("the call ended with %v", err)
		}
		if err := <-called; !errors.Is(err, deploy.ErrUnavailable) {
			t.Errorf("the caller saw %v", err)
		}
		if err := errors.Join(p.Client.Close(), p.Server.Close()); err != nil {
			t.Error(err)
		}
	})
}

// cuttable is a connection whose cable can be pulled: nothing arrives any more, and nobody is told.
type cuttable struct {
	net.Conn
	cut *atomic.Bool
}

func (c cuttable) Write(b []byte) (int, error) {
	if c.cut.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func TestAPulledCableIsNoticed(t *testing.T) {
	ended := make(chan error, 1)
	var cut atomic.Bool
	server := rpc.Server{Session: func(ctx context.Context, c rpc.Conn) error {
		_, err := c.Recv(ctx)
		ended <- err
		return err
	}}
	synctest.Test(t, func(t *testing.T) {
		ended = make(chan error, 1)
		listener := bufconn.Listen(64 << 10)
		cfg := grpcrpc.DefaultConfig()
		server.Hello = func() deploy.Hello { return deploy.Hello{Role: deploy.RoleMaster, Protocol: 1, ID: "m1"} }
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		transport := grpcrpc.New(cfg)
		go func() { served <- transport.Serve(ctx, cutListener{listener, &cut}, server) }()
		cfg.Dialer = func(ctx context.Context, _ string) (net.Conn, error) {
			c, err := listener.DialContext(ctx)
			return cuttable{c, &cut}, err
		}
		client := grpcrpc.New(cfg)
		c, err := client.Dial(t.Context(), deploy.Address{Host: "m1", Port: 1}, me)
		if err != nil {
			t.Fatal(err)
		}
		cut.Store(true)
		start := time.Now()
		if _, err := c.Recv(t.Context()); !errors.Is(err, rpc.ErrClosed) || !strings.Contains(err.Error(), "lost") {
			t.Errorf("the dialler saw %v", err)
		}
		if err := <-ended; !errors.Is(err, rpc.ErrClosed) {
			t.Errorf("the server saw %v", err)
		}
		took(t, start, 10*time.Second, 31*time.Second)
		err = client.Close()
		cancel()
		if err := errors.Join(err, <-served); err != nil {
			t.Error(err)
		}
	})
}

type cutListener struct {
	net.Listener
	cut *atomic.Bool
}

func (l cutListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return cuttable{c, l.cut}, nil
}
