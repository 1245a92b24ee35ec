package grpcrpc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// bytesCodec sends bytes as they are: what a hostile or broken client would send.
type bytesCodec struct{}

func (bytesCodec) Name() string                    { return "proto" }
func (bytesCodec) Marshal(v any) ([]byte, error)   { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(b []byte, v any) error { *v.(*[]byte) = bytes.Clone(b); return nil }

var _ encoding.Codec = bytesCodec{}

// target is a server on loopback TCP and a bare connection to it.
func target(t *testing.T, s rpc.Server, change func(*grpcrpc.Config)) (*grpc.ClientConn, deploy.Address) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at, err := deploy.ParseAddress(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	cfg := grpcrpc.DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	s.Hello = func() deploy.Hello {
		return deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, ID: "m1"}
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- grpcrpc.New(cfg).Serve(ctx, l, s) }()
	cc, err := grpc.NewClient(at.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := cc.Close()
		cancel()
		if err := errors.Join(err, <-served); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t, before)
	})
	return cc, at
}

func accept(context.Context, deploy.Principal, deploy.Message) (deploy.Message, error) {
	return deploy.Accepted{ID: "yes"}, nil
}

func TestHostileCalls(t *testing.T) {
	cc, _ := target(t, rpc.Server{Call: accept}, nil)
	tooDeep := append(bytes.Repeat([]byte{0xe3, 0x03}, 20_000), bytes.Repeat([]byte{0xe4, 0x03}, 20_000)...) // groups of field 60
	for name, c := range map[string]struct {
		method string
		body   []byte
		want   codes.Code
	}{
		"well-formed":               {pb.Cluster_KillDriver_FullMethodName, []byte{10, 1, 'r'}, codes.OK},
		"garbage":                   {pb.Cluster_KillDriver_FullMethodName, bytes.Repeat([]byte{0xff}, 1000), codes.InvalidArgument},
		"negative length":           {pb.Cluster_KillDriver_FullMethodName, []byte{10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, codes.InvalidArgument},
		"20000 groups deep":         {pb.Cluster_KillDriver_FullMethodName, tooDeep, codes.InvalidArgument},
		"text that is no UTF-8":     {pb.Cluster_KillDriver_FullMethodName, []byte{10, 1, 0xff}, codes.InvalidArgument},
		"unknown kind of row":       {pb.Cluster_GetStatus_FullMethodName, []byte{8, 99}, codes.InvalidArgument},
		"negative limit":            {pb.Cluster_List_FullMethodName, []byte{8, 1, 40, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, codes.InvalidArgument},
		"over the limit by a byte":  {pb.Cluster_KillDriver_FullMethodName, make([]byte, 4<<20+1), codes.ResourceExhausted},
		"a mountain from few bytes": {pb.Cluster_SubmitDriver_FullMethodName, mountain(), codes.ResourceExhausted},
		"unknown method":            {"/muster.v1.Cluster/Format", nil, codes.Unimplemented},
		"unknown service":           {"//x", nil, codes.Unimplemented},
	} {
		var answer []byte
		err := cc.Invoke(t.Context(), c.method, &c.body, &answer, grpc.ForceCodec(bytesCodec{}), grpc.MaxCallSendMsgSize(1<<30))
		if status.Code(err) != c.want || len(fmt.Sprint(err)) > 1500 {
			t.Errorf("%s: %.300v, want %s", name, err, c.want)
		}
	}
	heavy := metadata.AppendToOutgoingContext(t.Context(), "weight", strings.Repeat("x", 64<<10))
	if _, err := pb.NewClusterClient(cc).KillDriver(heavy, &pb.KillDriver{Request: "r"}); err == nil {
		t.Error("headers of 64 KiB were read")
	}
	if _, err := pb.NewClusterClient(cc).KillDriver(t.Context(), &pb.KillDriver{Request: "r"}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// mountain is a submission of 4 MB whose two million environment variables would take hundreds.
func mountain() []byte {
	env := bytes.Repeat([]byte{3<<3 | 2, 0}, 2_000_000)
	wrap := func(num byte, b []byte) []byte {
		n := len(b)
		return append([]byte{num<<3 | 2, byte(n) | 0x80, byte(n>>7) | 0x80, byte(n>>14) | 0x80, byte(n >> 21)}, b...)
	}
	return wrap(2, wrap(3, env))
}

func rawSession(t *testing.T, cc *grpc.ClientConn) grpc.ClientStream {
	t.Helper()
	s, err := cc.NewStream(t.Context(), &pb.Peer_ServiceDesc.Streams[0], pb.Peer_Session_FullMethodName, grpc.ForceCodec(bytesCodec{}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// end receives until the stream ends.
func end(s grpc.ClientStream) error {
	for {
		var b []byte
		if err := s.RecvMsg(&b); err != nil {
			return err
		}
	}
}

func TestHostileSessions(t *testing.T) {
	cc, at := target(t, rpc.Server{Session: echo}, nil)
	hello, err := wire.AppendHello(nil, me)
	if err != nil {
		t.Fatal(err)
	}
	executorAs, err := wire.AppendHello(nil, deploy.Hello{Role: deploy.RoleWorker, Protocol: 1, ID: strings.Repeat("w", 1000)})
	if err != nil {
		t.Fatal(err)
	}
	item, err := wire.AppendItem(nil, &rpc.Item{Msg: deploy.Heartbeat{N: 1}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		frames [][]byte
		want   codes.Code
	}{
		"an item before the hello":    {[][]byte{item}, codes.InvalidArgument},
		"nothing in the first":        {[][]byte{{}}, codes.InvalidArgument},
		"garbage first":               {[][]byte{{0xff, 0xff}}, codes.InvalidArgument},
		"a first of 5 MB":             {[][]byte{make([]byte, 5<<20)}, codes.ResourceExhausted},
		"garbage later":               {[][]byte{hello, {0xff, 0xff}}, codes.OK}, // said in a goodbye
		"5 MB later":                  {[][]byte{hello, make([]byte, 5<<20)}, codes.ResourceExhausted},
		"end without a goodbye":       {[][]byte{hello, item}, codes.Unavailable},
		"end after a long hello":      {[][]byte{executorAs}, codes.Unavailable},
		"hello of an unspoken number": {[][]byte{{0x12, 2, 16, 9}}, codes.InvalidArgument},
	} {
		s := rawSession(t, cc)
		for _, f := range c.frames {
			if err := s.SendMsg(&f); err != nil {
				break // the server has ended it already
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Error(err)
		}
		err := end(s)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		if status.Code(err) != c.want && !(c.want == codes.Unavailable && status.Code(err) == codes.InvalidArgument) {
			t.Errorf("%s: %.300v, want %s", name, err, c.want)
		}
	}
	client := grpcrpc.New(grpcrpc.DefaultConfig())
	c, err := client.Dial(t.Context(), at, me)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(rpc.Item{Msg: deploy.Heartbeat{N: 1}}); err != nil {
		t.Error(err)
	}
	if _, err := c.Recv(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

// TestRapidReset opens and abandons streams as fast as it can, while another client asks.
func TestRapidReset(t *testing.T) {
	cc, at := target(t, rpc.Server{Call: accept, Session: echo}, nil)
	var flood sync.WaitGroup
	stop, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for range 4 {
		flood.Go(func() {
			for stop.Err() == nil {
				ctx, abandon := context.WithCancel(stop)
				_, err := cc.NewStream(ctx, &pb.Peer_ServiceDesc.Streams[0], pb.Peer_Session_FullMethodName, grpc.ForceCodec(bytesCodec{}))
				abandon()
				if err != nil && status.Code(err) != codes.Canceled && status.Code(err) != codes.DeadlineExceeded {
					t.Errorf("flood: %v", err)
					return
				}
			}
		})
	}
	other := grpcrpc.New(grpcrpc.DefaultConfig())
	c, err := other.Client(at)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for ; stop.Err() == nil; asked++ {
		if _, err := c.Call(t.Context(), deploy.KillDriver{Request: "r"}); err != nil {
			t.Fatal(err)
		}
	}
	flood.Wait()
	if asked == 0 {
		t.Error("another client got no answer during the flood")
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

func TestStreamsOfAConnectionAreLimited(t *testing.T) {
	cc, _ := target(t, rpc.Server{Call: accept, Session: echo}, func(c *grpcrpc.Config) { c.MaxStreams = 5 })
	for range 5 {
		rawSession(t, cc)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for i := range 2 {
		if _, err := pb.NewClusterClient(cc).KillDriver(ctx, &pb.KillDriver{Request: "r"}); i == 1 && status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("a seventh stream gave %v", err)
		}
	}
}

func TestManySessionsTakeLittle(t *testing.T) {
	const sessions = 200
	_, at := target(t, rpc.Server{Session: echo}, nil)
	client := grpcrpc.New(grpcrpc.DefaultConfig())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range sessions {
		c, err := client.Dial(t.Context(), at, me)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Send(rpc.Item{Msg: deploy.Heartbeat{N: 1}}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Recv(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	per := int(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse) / sessions
	t.Logf("%d KiB of heap and stacks per idle session, both sides together", per>>10)
	if per > 400<<10 {
		t.Errorf("an idle session takes %d KiB", per>>10)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
