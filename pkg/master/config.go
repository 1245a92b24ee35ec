package master

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// Rules are what the deciding core goes by: timings, limits, patterns.
type Rules = mastercore.Config

// Config is the plain data of a master.
type Config struct {
	Rules
	Version       string        // of the program, told at hello
	InboxEvents   int           // events that may wait for the loop; a sender beyond it waits
	PlaceTimeout  time.Duration // until a policy is given up for one plan and the fallback places
	CommitTimeout time.Duration // until a journal that does not answer ends the term
	RestAfter     time.Duration // how long a master whose journal failed lets others try first
}

// DefaultConfig gives the defaults of the reference master, with a freshly drawn seed of tokens.
func DefaultConfig() Config {
	rules := mastercore.DefaultConfig()
	rules.TokenSeed = []byte(rand.Text())
	return Config{
		Rules: rules, InboxEvents: 16_384, PlaceTimeout: 2 * time.Second,
		CommitTimeout: 10 * time.Second, RestAfter: 2 * time.Second,
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	errs := []error{c.Rules.Validate()}
	positive := func(name string, ok bool, got any) {
		if !ok {
			errs = append(errs, fmt.Errorf("master: %s is %v: it must be greater than zero", name, got))
		}
	}
	positive("InboxEvents", c.InboxEvents > 0, c.InboxEvents)
	positive("PlaceTimeout", c.PlaceTimeout > 0, c.PlaceTimeout)
	positive("CommitTimeout", c.CommitTimeout > 0, c.CommitTimeout)
	positive("RestAfter", c.RestAfter > 0, c.RestAfter)
	return errors.Join(errs...)
}

// Deps are a master's collaborators. All are needed but Log and Tracer.
type Deps struct {
	Mode      *recovery.Mode
	Transport rpc.Transport
	Listener  net.Listener // served until Run ends
	Policy    scheduler.SchedulerPolicy
	Fallback  scheduler.SchedulerPolicy // a built-in one: places when Policy fails or is late
	Blobs     artifact.Store
	Status    *status.Store
	Log       *slog.Logger // nil discards
	Tracer    Tracer       // hears of each plan; nil is nobody
}

func (d Deps) validate() error {
	var errs []error
	need := func(name string, ok bool) {
		if !ok {
			errs = append(errs, fmt.Errorf("master: Deps.%s is missing", name))
		}
	}
	need("Mode", d.Mode != nil && d.Mode.Engine != nil && d.Mode.Agent != nil)
	need("Transport", d.Transport != nil)
	need("Listener", d.Listener != nil)
	need("Policy", d.Policy != nil)
	need("Fallback", d.Fallback != nil)
	need("Blobs", d.Blobs != nil)
	need("Status", d.Status != nil)
	return errors.Join(errs...)
}
