package backend_test

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/deploy"
)

// byHand is a backend whose executors somebody starts by hand: it only says what they need.
type byHand struct{}

func (byHand) Run(ctx context.Context, a backend.Application, tell func(backend.Event)) error {
	tell(backend.Registered{App: "by-hand", Token: deploy.NewSecret("told to people")})
	fmt.Println("start executors of", a.Spec.Name, "that dial", a.Spec.Driver)
	<-ctx.Done()
	return nil
}

func (byHand) SetTargets(context.Context, []deploy.Profile, []deploy.Target) error { return nil }

func (byHand) Kill(context.Context, []int32) ([]int32, error) { return nil, nil }

func (byHand) Reached([]deploy.ExecutorID) {}

// A program passes an Opener on to task.Main.
func ExampleOpener() {
	opener := backend.Opener{Kind: deploy.KindLocalCluster, Open: func(backend.Options) (backend.Backend, error) { return byHand{}, nil }}
	b, err := opener.Open(backend.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	a := backend.Application{Spec: deploy.AppSpec{Name: "count", Driver: deploy.Address{Host: "driver", Port: 4000}}}
	err = b.Run(ctx, a, func(ev backend.Event) {
		if e, ok := ev.(backend.Registered); ok {
			fmt.Println("application", e.App)
			cancel()
		}
	})
	fmt.Println(err)
	// Output:
	// application by-hand
	// start executors of count that dial driver:4000
	// <nil>
}
