package grpcrpc_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc/test/bufconn"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/rpc/rpctest"
)

// inMemory gives a pair over gRPC without sockets.
func inMemory(_ testing.TB, l rpctest.Limits) rpctest.Pair {
	listener := bufconn.Listen(256 << 10)
	cfg := limited(l)
	cfg.Dialer = func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	return rpctest.Pair{
		Server: grpcrpc.New(cfg), Client: grpcrpc.New(cfg), Listener: listener, Address: deploy.Address{Host: "master", Port: 7077}, Sized: true,
	}
}

func TestInVirtualTime(t *testing.T) { rpctest.RunIn(t, synctest.Test, inMemory) }
