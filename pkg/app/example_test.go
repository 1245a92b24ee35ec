package app_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/musterproject/muster/pkg/app"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
)

// An application that no master takes in says which ones it asked.
func ExampleApp() {
	cfg := app.DefaultConfig()
	cfg.Masters = []deploy.Address{{Host: "nowhere", Port: 7077}}
	cfg.RegisterTimeout = 50 * time.Millisecond
	var network memrpc.Network // programs take grpcrpc
	a, err := app.New(cfg, app.Deps{Transport: network.Transport(memrpc.DefaultOptions())})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = a.Run(context.Background(), backend.Application{Spec: deploy.AppSpec{Name: "example"}}, func(ev backend.Event) {
		switch e := ev.(type) {
		case backend.Registered:
			fmt.Println("registered as", e.App)
		case backend.ExecutorChanged:
			fmt.Println("executor", e.Executor.Executor, "is", e.Executor.State)
		}
	})
	fmt.Println(errors.Is(err, backend.ErrEnded))
	fmt.Println(err)
	// Output:
	// true
	// backend: the application has ended: no master took application "example" in within 50ms; nowhere:7077: dial nowhere:7077: unavailable: nobody listens there: unavailable
}
