package memrpc_test

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
)

// Two transports of one network meet without a socket.
func Example() {
	var network memrpc.Network
	listener, err := network.Listen(deploy.Address{Host: "master", Port: 7077})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error)
	go func() {
		served <- network.Transport(memrpc.DefaultOptions()).Serve(ctx, listener, rpc.Server{
			Hello: func() deploy.Hello { return deploy.Hello{Role: deploy.RoleMaster, ID: "m1"} },
			Call: func(_ context.Context, _ deploy.Principal, req deploy.Message) (deploy.Message, error) {
				return deploy.Accepted{ID: string(req.(deploy.KillDriver).Driver)}, nil
			},
		})
	}()
	client, err := network.Transport(memrpc.DefaultOptions()).Client(deploy.Address{Host: "master", Port: 7077})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.Call(ctx, deploy.KillDriver{Request: "r1", Driver: "driver-1"})
	fmt.Printf("%+v %v\n", answer, err)
	stop()
	fmt.Println(<-served)
	// Output:
	// {Request: ID:driver-1 Killed:[] Unknown:[]} <nil>
	// <nil>
}
