package task_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// echoEnv makes the test's binary a process that does nothing but answer on a plain gRPC stream: the limit that T6 is measured against.
const echoEnv = "MUSTER_TEST_ECHO"

var echoDesc = grpc.StreamDesc{StreamName: "Echo", ServerStreams: true, ClientStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
	for {
		var m wrapperspb.BytesValue
		if err := s.RecvMsg(&m); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := s.SendMsg(&m); err != nil {
			return err
		}
	}
}}

// echo answers until standard input ends.
func echo() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g := grpc.NewServer()
	g.RegisterService(&grpc.ServiceDesc{ServiceName: "test.Echo", Streams: []grpc.StreamDesc{echoDesc}}, nil)
	fmt.Fprintln(os.Stdout, l.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		g.Stop()
	}()
	return g.Serve(l)
}

// BenchmarkPingPong is the limit of T6: one message on a gRPC stream to another process and back.
func BenchmarkPingPong(b *testing.B) {
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), echoEnv+"=1")
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = errors.Join(in.Close(), cmd.Wait()) }()
	at, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	cc, err := grpc.NewClient(strings.TrimSpace(at), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer cc.Close()
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	s, err := cc.NewStream(ctx, &echoDesc, "/test.Echo/Echo")
	if err != nil {
		b.Fatal(err)
	}
	turn := func() error {
		m := wrapperspb.BytesValue{Value: []byte("ping")}
		if err := s.SendMsg(&m); err != nil {
			return err
		}
		return s.RecvMsg(&m)
	}
	for range 1000 {
		if err := turn(); err != nil {
			b.Fatal(err)
		}
	}
	if err := median(b, turn); err != nil {
		b.Fatal(err)
	}
}
