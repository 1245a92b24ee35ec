package election_test

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
)

// A term is a function running under a context: it ends when leadership does.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	agent := election.NewMonarchy(deploy.Address{Host: "node1", Port: 7077})
	err := agent.Lead(ctx, func(ctx context.Context, term election.Term) error {
		fmt.Println("leading as", term.Leader)
		cancel() // the process is told to stop
		<-ctx.Done()
		return nil
	})
	fmt.Println(err)
	// Output:
	// leading as node1:7077
	// context canceled
}
