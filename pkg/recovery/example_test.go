package recovery_test

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
)

// A term keeps what it changes; the next one finds it.
func Example() {
	ctx := context.Background()
	mode := recovery.NewMemoryStore(recovery.Limits{}, nil).Mode(election.NewMonarchy(deploy.Address{Host: "localhost", Port: 7077}))

	journal, _, err := recovery.OpenJournal(ctx, mode, election.Claim{}, recovery.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = journal.Append(ctx, []deploy.Change{
		deploy.PutBlock{Name: "apps", Next: 64},
		deploy.PutApp{Record: deploy.AppRecord{ID: "app-20261120223045-0001"}},
		deploy.PutApp{Record: deploy.AppRecord{ID: "app-20261120223045-0002"}},
		deploy.DropApp{ID: "app-20261120223045-0001"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	_, saved, err := recovery.OpenJournal(ctx, mode, election.Claim{}, recovery.Options{})
	fmt.Println("epoch", saved.Epoch, err)
	for _, change := range saved.Changes {
		fmt.Println(change.Key())
	}
	fmt.Println(journal.Verify(ctx))
	// Output:
	// epoch 2 <nil>
	// block/apps
	// app/app-20261120223045-0002
	// verify epoch 1 of MEMORY: epoch 1: recovery: fenced by a newer epoch: the present one is 2
}

// The table of modes is the caller's: what is not in it is unknown.
func ExampleOpen() {
	modes := recovery.Factories{"NONE": nil, "FILESYSTEM": nil}
	_, err := recovery.Open(context.Background(), "FILESYTEM", modes)
	fmt.Println(err)
	// Output: recovery: unknown mode "FILESYTEM", did you mean FILESYSTEM?; it is one of FILESYSTEM, NONE
}
