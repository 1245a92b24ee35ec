package grpcrpc_test

import (
	"context"
	"fmt"
	"net"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// A server answers questions and holds sessions; a transport dials it.
func Example() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	at, err := deploy.ParseAddress(listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error)
	go func() {
		served <- transport.Serve(ctx, listener, rpc.Server{
			Hello: func() deploy.Hello {
				return deploy.Hello{Role: deploy.RoleMaster, Protocol: deploy.ProtocolVersion, ID: "m1"}
			},
			Session: func(ctx context.Context, c rpc.Conn) error {
				items, err := c.Recv(ctx)
				fmt.Printf("%s says %+v\n", c.Peer().Hello.ID, items[0].Msg)
				c.Close("that is all")
				return err
			},
		})
	}()

	conn, err := transport.Dial(ctx, at, deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion, ID: "w1"})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := conn.Send(rpc.Item{Msg: deploy.Heartbeat{N: 1}}); err != nil {
		fmt.Println(err)
	}
	_, err = conn.Recv(ctx)
	fmt.Println(err != nil)
	stop()
	fmt.Println(<-served, transport.Close())
	// Output:
	// w1 says {N:1}
	// true
	// <nil> <nil>
}
