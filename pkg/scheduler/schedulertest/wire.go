package schedulertest

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/musterproject/muster/pkg/scheduler"
)

// wire is a replica and a policy that know of the books only what comes to them as bytes, as those in another process do.
type wire struct {
	conn net.Conn
	send *gob.Encoder
	recv *gob.Decoder
	done chan error
}

// reply is what comes back for an update. Gob has no errors, so their text goes.
type reply struct {
	Plan scheduler.Plan
	Err  string
}

// dial opens a policy at the far end. hangUp waits for its end.
func dial(ctx context.Context, p scheduler.SchedulerPolicy) *wire {
	near, far := net.Pipe()
	w := &wire{conn: near, send: gob.NewEncoder(near), recv: gob.NewDecoder(near), done: make(chan error, 1)}
	go func() { w.done <- errors.Join(answer(ctx, far, p), far.Close()) }()
	return w
}

func (w *wire) hangUp() error { return errors.Join(w.conn.Close(), <-w.done) }

// answer makes a plan for each update that comes.
func answer(ctx context.Context, conn net.Conn, p scheduler.SchedulerPolicy) error {
	from, to := gob.NewDecoder(conn), gob.NewEncoder(conn)
	state := scheduler.NewState(scheduler.Config{})
	for {
		var u scheduler.Update
		if err := from.Decode(&u); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read an update: %w", err)
		}
		var r reply
		err := state.Apply(&u)
		if err == nil {
			r.Plan, err = p.Place(ctx, state.View(0))
		}
		if err != nil {
			r.Err = err.Error()
		}
		if err := to.Encode(&r); err != nil {
			return fmt.Errorf("write a plan: %w", err)
		}
	}
}

// plan sends an update and gives what the far end plans on it.
func (w *wire) plan(u *scheduler.Update) (scheduler.Plan, error) {
	if err := w.send.Encode(u); err != nil {
		return scheduler.Plan{}, fmt.Errorf("send update %d: %w", u.To, err)
	}
	var r reply
	if err := w.recv.Decode(&r); err != nil {
		return scheduler.Plan{}, fmt.Errorf("receive the plan for update %d: %w", u.To, err)
	}
	if r.Err != "" {
		return scheduler.Plan{}, fmt.Errorf("the far end: %s", r.Err)
	}
	return r.Plan, nil
}

// equalOverTheWire compares a policy beside the books with one at the other end of a wire, through the same updates: byte for byte the same.
func equalOverTheWire(t *testing.T, open func() scheduler.SchedulerPolicy) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 19))
		b := draws()[seed%2](seed, 1+r.IntN(40), 1+r.IntN(30))
		near, far := newBench(t, b, open()), dial(t.Context(), open())
		update, mine := b.Full(), near.place()
		for round := range 8 {
			theirs, err := far.plan(update)
			if err != nil {
				t.Fatalf("seed %d round %d: %v", seed, round, err)
			}
			if text(mine) != text(theirs) {
				t.Fatalf("seed %d round %d: beside the books\n%s\nover the wire\n%s", seed, round, text(mine), text(theirs))
			}
			b.AcceptPlan(mine)
			b.Stir(r)
			update = b.Delta()
			near.apply(update)
			mine = near.place()
		}
		if err := far.hangUp(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}
