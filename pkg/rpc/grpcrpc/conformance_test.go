package grpcrpc_test

import (
	"cmp"
	"net"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/rpc/rpctest"
)

func limited(l rpctest.Limits) grpcrpc.Config {
	cfg := grpcrpc.DefaultConfig()
	cfg.MaxMessage = cmp.Or(l.MaxMessage, cfg.MaxMessage)
	cfg.QueueItems = cmp.Or(l.QueueItems, cfg.QueueItems)
	cfg.QueueBytes = cmp.Or(l.QueueBytes, cfg.QueueBytes)
	return cfg
}

func TestLoopback(t *testing.T) {
	rpctest.Run(t, func(t testing.TB, l rpctest.Limits) rpctest.Pair {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address, err := deploy.ParseAddress(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		cfg := limited(l)
		return rpctest.Pair{Server: grpcrpc.New(cfg), Client: grpcrpc.New(cfg), Listener: listener, Address: address, Sized: true}
	})
}
