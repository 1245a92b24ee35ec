package memrpc_test

import (
	"cmp"
	"testing"
	"testing/synctest"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
	"github.com/musterproject/muster/pkg/rpc/rpctest"
)

func pair(encode bool) rpctest.Make {
	return func(t testing.TB, l rpctest.Limits) rpctest.Pair {
		var n memrpc.Network
		listener, err := n.Listen(deploy.Address{Host: "master"})
		if err != nil {
			t.Fatal(err)
		}
		address, err := deploy.ParseAddress(listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		o := memrpc.DefaultOptions()
		o.Encode = encode
		o.MaxMessage = cmp.Or(l.MaxMessage, o.MaxMessage)
		o.QueueItems = cmp.Or(l.QueueItems, o.QueueItems)
		return rpctest.Pair{Server: n.Transport(o), Client: n.Transport(o), Listener: listener, Address: address, Sized: encode}
	}
}

func TestByValue(t *testing.T)      { rpctest.Run(t, pair(false)) }
func TestThroughBytes(t *testing.T) { rpctest.Run(t, pair(true)) }
func TestInVirtualTime(t *testing.T) {
	rpctest.RunIn(t, synctest.Test, pair(true))
}
