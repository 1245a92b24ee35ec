package rpc

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
)

// Cluster asks whichever of several masters leads: it tries each, follows Standby answers, and remembers the leader. It is a Client for one
// question at a time of any number of goroutines. Requests with a RequestID may safely be asked again.
type Cluster struct {
	transport Transport
	masters   []deploy.Address
	patience  time.Duration

	mu     sync.Mutex
	leader deploy.Address
}

// NewCluster asks the masters named. For patience it goes on trying while none of them leads; 0 gives up after one round.
func NewCluster(t Transport, masters []deploy.Address, patience time.Duration) *Cluster {
	return &Cluster{transport: t, masters: masters, patience: patience}
}

// Call asks the leader one question.
func (c *Cluster) Call(ctx context.Context, req deploy.Message) (answer deploy.Message, err error) {
	err = c.atLeader(ctx, func(cl Client) error {
		answer, err = cl.Call(ctx, req)
		return err
	})
	return answer, err
}

// Watch gives rows of the leader. It ends with an error when that leader goes; call it again.
func (c *Cluster) Watch(ctx context.Context, q Query) iter.Seq2[Rows, error] {
	return stream(ctx, c, func(cl Client) iter.Seq2[Rows, error] { return cl.Watch(ctx, q) })
}

// Logs gives pieces of an output file through the leader.
func (c *Cluster) Logs(ctx context.Context, q LogQuery) iter.Seq2[LogChunk, error] {
	return stream(ctx, c, func(cl Client) iter.Seq2[LogChunk, error] { return cl.Logs(ctx, q) })
}

// Blobs gives the store of the leader of now.
func (c *Cluster) Blobs(ctx context.Context) (store artifact.Store, err error) {
	err = c.atLeader(ctx, func(cl Client) error {
		store = cl.Blobs()
		_, err := store.Has(ctx, deploy.Digest(strings.Repeat("0", 64))) // a standby refuses: the leader is found by asking
		return err
	})
	return store, err
}

// stream opens a stream at the leader; only a failure before its first element moves on to another master.
func stream[T any](ctx context.Context, c *Cluster, open func(Client) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		stopped, begun := false, false
		err := c.atLeader(ctx, func(cl Client) error {
			for v, err := range open(cl) {
				if err != nil && !begun {
					return err
				}
				begun = true
				if !yield(v, err) || err != nil {
					stopped = true
					return nil
				}
			}
			return nil
		})
		if err != nil && !stopped {
			yield(zero, err)
		}
	}
}

// atLeader runs ask at the leader, finding it first if need be.
func (c *Cluster) atLeader(ctx context.Context, ask func(Client) error) error {
	until := time.Now().Add(c.patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := c.round(ctx, ask)
		if err == nil || !retry(err) || ctx.Err() != nil || !time.Now().Add(wait).Before(until) {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return errors.Join(err, ctx.Err())
		case <-t.C:
		}
	}
}

// retry tells whether another master, or the same one later, may answer.
func retry(err error) bool {
	return errors.Is(err, deploy.ErrNotLeader) || errors.Is(err, deploy.ErrUnavailable) || errors.Is(err, deploy.ErrRecovering)
}

// round tries the remembered leader, then every master, then whom they name.
func (c *Cluster) round(ctx context.Context, ask func(Client) error) error {
	c.mu.Lock()
	queue := append([]deploy.Address{c.leader}, c.masters...)
	c.mu.Unlock()
	tried := map[deploy.Address]bool{{}: true}
	var errs []error
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if tried[at] {
			continue
		}
		tried[at] = true
		err := c.askOne(at, ask)
		if err == nil || !retry(err) {
			c.remember(at)
			return err
		}
		c.forget(at)
		errs = append(errs, fmt.Errorf("%s: %w", at, err))
		var other *NotLeader
		if errors.As(err, &other) {
			queue = append([]deploy.Address{other.Standby.Leader}, queue...)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("no leading master among %s: %w", c.names(), errors.Join(errs...))
}

func (c *Cluster) askOne(at deploy.Address, ask func(Client) error) error {
	cl, err := c.transport.Client(at)
	if err != nil {
		return err
	}
	return ask(cl)
}

func (c *Cluster) remember(at deploy.Address) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = at
}

func (c *Cluster) forget(at deploy.Address) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leader == at {
		c.leader = deploy.Address{}
	}
}

func (c *Cluster) names() string {
	names := make([]string, len(c.masters))
	for i, m := range c.masters {
		names[i] = m.String()
	}
	return strings.Join(names, ", ")
}
