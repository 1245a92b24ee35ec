package grpcrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

var me = deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, ID: "w1"}

// session opens a session over loopback TCP with a server that runs serve.
func session(b *testing.B, serve func(context.Context, rpc.Conn) error) rpc.Conn {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	to, err := deploy.ParseAddress(l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	cfg := grpcrpc.DefaultConfig()
	cfg.QueueItems, cfg.QueueBytes = 1<<30, 1<<30
	server, client := grpcrpc.New(cfg), grpcrpc.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(ctx, l, rpc.Server{
			Hello:   func() deploy.Hello { return deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion} },
			Session: serve,
		})
	}()
	c, err := client.Dial(ctx, to, me)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		err := client.Close()
		cancel()
		if err := errors.Join(err, <-served); err != nil {
			b.Error(err)
		}
	})
	return c
}

// echo sends back every frame.
func echo(ctx context.Context, c rpc.Conn) error {
	for {
		items, err := c.Recv(ctx)
		if errors.Is(err, rpc.ErrClosed) {
			return nil
		}
		if err := c.Send(items...); err != nil {
			return err
		}
	}
}

// count answers once it has received a number of heartbeats, tasks counted one by one.
func count(ctx context.Context, c rpc.Conn) error {
	for got, want := 0, -1; ; {
		items, err := c.Recv(ctx)
		if errors.Is(err, rpc.ErrClosed) {
			return nil
		}
		for i := range items {
			switch m := items[i].Msg.(type) {
			case deploy.Heartbeat:
				got++
			case deploy.RunTasks:
				got += len(m.Tasks)
			case deploy.HeartbeatAck:
				want = int(m.N)
			default:
				got++
			}
		}
		if got == want {
			if err := c.Send(rpc.Item{Msg: deploy.Heartbeat{}}); err != nil {
				return err
			}
			got, want = 0, -1
		}
	}
}

// cpu is what this process has used so far: both sides together, whatever else the machine does.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// rates reports n things since began.
func rates(b *testing.B, n int, began time.Duration) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "items/s")
	b.ReportMetric(float64(n)/(cpu(b)-began).Seconds(), "items/core-s")
}

// oneWay sends what send gives for n things at a time and waits for the answer after each window of them, to keep memory small.
func oneWay(b *testing.B, c rpc.Conn, per int, send func(from, n int) error) {
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu(b)
	const window = 200_000
	for sent := 0; sent < b.N; {
		part := min(window, b.N-sent)
		for from := 0; from < part; from += per {
			if err := send(sent+from, min(per, part-from)); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.Send(rpc.Item{Msg: deploy.HeartbeatAck{N: uint64(part)}}); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Recv(context.Background()); err != nil {
			b.Fatal(err)
		}
		sent += part
	}
	rates(b, b.N, began)
}

func BenchmarkOneWay(b *testing.B) {
	b.Run("heartbeats-one-per-send", func(b *testing.B) {
		c := session(b, count)
		oneWay(b, c, 1, func(from, _ int) error { return c.Send(rpc.Item{Msg: deploy.Heartbeat{N: uint64(from)}}) })
	})
	b.Run("heartbeats-100-per-send", func(b *testing.B) {
		c := session(b, count)
		items := make([]rpc.Item, 100)
		oneWay(b, c, len(items), func(from, n int) error {
			for i := range n {
				items[i] = rpc.Item{Msg: deploy.Heartbeat{N: uint64(from + i)}}
			}
			return c.Send(items[:n]...)
		})
	})
	b.Run("tasks-100-per-message", func(b *testing.B) {
		c := session(b, count)
		tasks := make([]deploy.Task, 100)
		input := []byte("a small input")
		oneWay(b, c, len(tasks), func(from, n int) error {
			for i := range n {
				tasks[i] = deploy.Task{ID: uint64(from + i), Func: "count", Input: input}
			}
			return c.Send(rpc.Item{Msg: deploy.RunTasks{Tasks: tasks[:n]}})
		})
	})
	b.Run("launches-one-per-send", func(b *testing.B) {
		c := session(b, count)
		it := rpc.Item{Stamp: deploy.Stamp{Cluster: deploy.ClusterID{1}, Epoch: 3, Session: 4}, Msg: deploy.LaunchOrder{Launch: launch}}
		oneWay(b, c, 1, func(from, _ int) error {
			it.Stamp.Seq = uint64(from)
			return c.Send(it)
		})
	})
}

var launch = deploy.Launch{
	ID: deploy.LaunchID{Epoch: 3, Seq: 77}, Executor: deploy.ExecutorID{App: "app-20261120223045-0007", Num: 12}, Need: deploy.Resources{Cores: 4, MemoryMiB: 4096},
	Command: deploy.Command{
		Program: "wordcount", Args: []string{"executor", "--driver", "10.0.0.7:41234", "--id", "{{EXECUTOR_ID}}"}, Env: []deploy.EnvVar{{Name: "A", Value: "b"}},
		Artifacts: []deploy.Artifact{{Digest: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Name: "wordcount", Size: 1 << 22, Executable: true}},
	},
	AppName: "word count", Token: deploy.NewSecret("0123456789abcdef"),
}

func BenchmarkPingPong(b *testing.B) {
	b.Run("session", func(b *testing.B) {
		c := session(b, echo)
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Send(rpc.Item{Msg: deploy.Heartbeat{N: 7}}); err != nil {
				b.Fatal(err)
			}
			if _, err := c.Recv(context.Background()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("raw-stream", func(b *testing.B) {
		s := rawStream(b, func(s grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error {
			for {
				f, err := s.Recv()
				if err != nil {
					return err
				}
				if err := s.Send(f); err != nil {
					return err
				}
			}
		})
		f := &pb.Frame{Items: []*pb.Item{{Msg: &pb.Item_Heartbeat{Heartbeat: &pb.Heartbeat{N: 7}}}}}
		b.ReportAllocs()
		for b.Loop() {
			if err := s.Send(f); err != nil {
				b.Fatal(err)
			}
			if _, err := s.Recv(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkRawStream is gRPC alone: one heartbeat per message, nothing batched.
func BenchmarkRawStream(b *testing.B) {
	s := rawStream(b, func(s grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error {
		for {
			if _, err := s.Recv(); errors.Is(err, io.EOF) {
				return s.Send(&pb.Frame{})
			} else if err != nil {
				return err
			}
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu(b)
	for i := range b.N {
		if err := s.Send(&pb.Frame{Items: []*pb.Item{{Msg: &pb.Item_Heartbeat{Heartbeat: &pb.Heartbeat{N: uint64(i)}}}}}); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.CloseSend(); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Recv(); err != nil {
		b.Fatal(err)
	}
	rates(b, b.N, began)
}

type rawPeer struct {
	pb.UnimplementedPeerServer
	serve func(grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error
}

func (r rawPeer) Session(s grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error { return r.serve(s) }

func rawStream(b *testing.B, serve func(grpc.BidiStreamingServer[pb.Frame, pb.Frame]) error) grpc.BidiStreamingClient[pb.Frame, pb.Frame] {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	g := grpc.NewServer()
	pb.RegisterPeerServer(g, rawPeer{serve: serve})
	served := make(chan error, 1)
	go func() { served <- g.Serve(l) }()
	cc, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	s, err := pb.NewPeerClient(cc).Session(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		err := cc.Close()
		g.Stop()
		if err := errors.Join(err, <-served); err != nil {
			b.Error(err)
		}
	})
	return s
}
