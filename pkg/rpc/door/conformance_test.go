package door_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/door"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
	"github.com/musterproject/muster/pkg/rpc/rpctest"
)

// TestSessionsThroughTheDoor holds gRPC behind a door to what it is held to without.
func TestSessionsThroughTheDoor(t *testing.T) {
	rpctest.Run(t, func(t testing.TB, l rpctest.Limits) rpctest.Pair {
		d, err := door.Listen(t.Context(), "127.0.0.1:0", door.DefaultOptions())
		if err != nil {
			t.Fatal(err)
		}
		address, err := deploy.ParseAddress(d.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		cfg := grpcrpc.DefaultConfig()
		if l.MaxMessage > 0 {
			cfg.MaxMessage = l.MaxMessage
		}
		if l.QueueItems > 0 {
			cfg.QueueItems, cfg.QueueBytes = l.QueueItems, l.QueueBytes
		}
		return rpctest.Pair{Server: grpcrpc.New(cfg), Client: grpcrpc.New(cfg), Listener: d, Address: address, Sized: true}
	})
}

// A door is a listener for a gRPC server; browsers that come by are told where to go.
func Example() {
	o := door.DefaultOptions()
	o.HTTPHint = "pages are at http://127.0.0.1:8080"
	d, err := door.Listen(context.Background(), "127.0.0.1:0", o)
	if err != nil {
		fmt.Println(err)
		return
	}
	accepted := make(chan net.Conn)
	go func() {
		c, err := d.Accept()
		if err != nil {
			fmt.Println(err)
		}
		accepted <- c
	}()
	dialled, err := net.Dial("tcp", d.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := fmt.Fprint(dialled, "PRI * HTTP/2.0\r\n\r\n"); err != nil {
		fmt.Println(err)
	}
	c := <-accepted
	b := make([]byte, 3)
	n, err := c.Read(b)
	fmt.Printf("%s %v\n", b[:n], err)
	fmt.Println(errors.Join(c.Close(), dialled.Close(), d.Close()))
	// Output:
	// PRI <nil>
	// <nil>
}
