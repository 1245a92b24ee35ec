package membership

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// Static is a list of members that somebody wrote down, such as the masters of a master URL. It detects nothing: all are taken to be alive.
type Static struct{ members []Member }

var _ Membership = (*Static)(nil)

// NewStatic makes a list. Names must differ, since a hint is about a name.
func NewStatic(members ...Member) (*Static, error) {
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b Member) int { return cmp.Compare(a.Name, b.Name) })
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Name == sorted[i-1].Name {
			return nil, fmt.Errorf("list of members: %w: %q stands in it twice (%s and %s); give each a name of its own",
				deploy.ErrInvalid, sorted[i].Name, sorted[i-1].Address, sorted[i].Address)
		}
	}
	return &Static{sorted}, nil
}

// Join has nothing to do; a seed that is not on the list is refused, because a fixed list cannot learn of it.
func (s *Static) Join(ctx context.Context, seeds ...deploy.Address) error {
	for _, seed := range seeds {
		if !slices.ContainsFunc(s.members, func(m Member) bool { return m.Address == seed }) {
			return fmt.Errorf("join %s: %w: a fixed list of members takes no seeds; put it on the list", seed, deploy.ErrInvalid)
		}
	}
	return ctx.Err()
}

// Members gives the list.
func (s *Static) Members() []Member { return slices.Clone(s.members) }

// Watch has nothing to tell.
func (s *Static) Watch(ctx context.Context) <-chan Event {
	events := make(chan Event)
	context.AfterFunc(ctx, func() { close(events) })
	return events
}

// Leave has nobody to tell.
func (s *Static) Leave(ctx context.Context) error { return ctx.Err() }
