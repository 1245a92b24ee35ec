package membership

import (
	"context"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Health is what the detector believes of a member.
type Health uint8

// The beliefs.
const (
	Alive Health = iota
	Suspect
	Dead
	Left
)

var healthNames = [...]string{"alive", "suspect", "dead", "left"}

// String is a word.
func (h Health) String() string {
	if int(h) < len(healthNames) {
		return healthNames[h]
	}
	return fmt.Sprintf("health %d", uint8(h))
}

// Member is one process as the detector sees it.
type Member struct {
	Name     string // id and incarnation
	Role     deploy.Role
	Address  deploy.Address
	Epoch    deploy.Epoch // of the leader it has seen
	Protocol uint32
	Health   Health
}

// Event is a change of one member.
type Event struct{ Member Member }

// Membership is a hint about who is alive.
type Membership interface {
	// Join makes this process a member, known to the seeds; one that answers is enough.
	Join(ctx context.Context, seeds ...deploy.Address) error
	// Members gives who is known now, this process included.
	Members() []Member
	// Watch sends changes until ctx ends, then closes the channel.
	Watch(ctx context.Context) <-chan Event
	// Leave says goodbye, so that the others see Left and not Dead, and ends all work.
	Leave(ctx context.Context) error
}
