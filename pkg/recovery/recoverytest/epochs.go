package recoverytest

import (
	"context"
	"slices"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/recovery"
)

func epochsGrow(o *opened) {
	last := deploy.Epoch(0)
	for range 3 {
		m := o.open()
		for range 3 {
			epoch := o.begin(m)
			if epoch <= last {
				o.Fatalf("epoch %d began after epoch %d", epoch, last)
			}
			last = epoch
		}
		o.close(m)
	}
}

func oldEpochIsFenced(o *opened) {
	first := o.open()
	old := o.begin(first)
	o.apply(first, old, put("a", "1"))
	second := first
	if !o.store.Exclusive && !o.store.Forgets {
		second = o.open()
	}
	now := o.begin(second)
	o.gets("apply in the old epoch", first.Engine.Apply(o.Context(), old, []recovery.Mutation{put("a", "2"), put("b", "2")}), recovery.ErrFenced)
	o.gets("delete in the old epoch", first.Engine.Apply(o.Context(), old, []recovery.Mutation{drop("a")}), recovery.ErrFenced)
	o.gets("verify the old epoch", first.Engine.Apply(o.Context(), old, nil), recovery.ErrFenced)
	_, err := load(o.Context(), first.Engine, old)
	o.gets("load in the old epoch", err, recovery.ErrFenced)
	o.apply(second, now, put("c", "3"))
	if !o.store.Forgets {
		o.holds(o.load(second, now), map[string][]byte{"a": []byte("1"), "c": []byte("3")})
	}
}

func epochNobodyBegan(o *opened) {
	m := o.open()
	o.gets("apply before any epoch", m.Engine.Apply(o.Context(), 0, []recovery.Mutation{put("a", "1")}), recovery.ErrFenced)
	epoch := o.begin(m)
	for _, wrong := range []deploy.Epoch{0, epoch - 1, epoch + 1} {
		o.gets("apply in an epoch that nobody began", m.Engine.Apply(o.Context(), wrong, []recovery.Mutation{put("a", "1")}), recovery.ErrFenced)
		_, err := load(o.Context(), m.Engine, wrong)
		o.gets("load in an epoch that nobody began", err, recovery.ErrFenced)
	}
	if got := o.load(m, epoch); len(got) > 0 {
		o.Fatalf("%d records were written by epochs that nobody began", len(got))
	}
}

// openers: several begin at the same time. Each gets an epoch of its own and only the highest may write.
func openers(o *opened) {
	if o.store.Exclusive || o.store.Forgets {
		exclusiveOpeners(o)
		return
	}
	const n = 8
	var modes [n]*recovery.Mode
	var epochs [n]deploy.Epoch
	claim := election.Claim{}
	for i := range modes {
		modes[i] = o.open()
	}
	if o.store.Claim != nil {
		claim = o.claim(modes[0])
	}
	var wg sync.WaitGroup
	for i := range modes {
		wg.Go(func() {
			epoch, err := modes[i].Engine.Begin(o.Context(), claim)
			if err != nil {
				o.Errorf("opener %d: begin: %v", i, err)
			}
			epochs[i] = epoch
		})
	}
	wg.Wait()
	highest := slices.Max(epochs[:])
	for i, m := range modes {
		if j := slices.Index(epochs[:], epochs[i]); j != i {
			o.Fatalf("openers %d and %d both got epoch %d", j, i, epochs[i])
		}
		if epochs[i] == highest {
			o.apply(m, highest, put("winner", "1"))
			continue
		}
		o.gets("apply of an opener that is not the last", m.Engine.Apply(o.Context(), epochs[i], []recovery.Mutation{put("loser", "1")}), recovery.ErrFenced)
	}
}

func exclusiveOpeners(o *opened) {
	m := o.open()
	if o.store.Exclusive {
		if second, err := o.store.Open(); err == nil {
			_ = second.Engine.Close() // the failure below is what matters
			o.Fatal("the store opened a second time while it was open")
		}
	}
	o.apply(m, o.begin(m), put("a", "1"))
	o.close(m)
	again := o.open()
	o.apply(again, o.begin(again), put("b", "1"))
}

func claimIsChecked(o *opened) {
	if o.store.Claim == nil {
		return
	}
	m := o.open()
	epoch := o.begin(m)
	o.apply(m, epoch, put("a", "1"))
	_, err := m.Engine.Begin(o.Context(), election.Claim{Agent: "nobody", Proof: []byte("won nothing")})
	o.gets("begin with a claim that nobody won", err, recovery.ErrClaim)
	o.apply(m, epoch, put("b", "2")) // a refused claim fences nobody
}

func cancelledContext(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	ended, cancel := context.WithCancel(o.Context())
	cancel()
	_, err := m.Engine.Begin(ended, o.claim(m))
	o.gets("begin under an ended context", err, context.Canceled)
	_, err = load(ended, m.Engine, epoch)
	o.gets("load under an ended context", err, context.Canceled)
	o.gets("apply under an ended context", m.Engine.Apply(ended, epoch, []recovery.Mutation{put("a", "1"), put("b", "1")}), context.Canceled)
	got := o.load(m, o.begin(m))
	if len(got) == 1 {
		o.Fatalf("half of a batch was applied: %q", got)
	}
}

func closedEngine(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	o.close(m)
	o.close(m)
	o.gets("apply after close", m.Engine.Apply(o.Context(), epoch, nil), recovery.ErrClosed)
	_, err := load(o.Context(), m.Engine, epoch)
	o.gets("load after close", err, recovery.ErrClosed)
	_, err = m.Engine.Begin(o.Context(), election.Claim{})
	o.gets("begin after close", err, recovery.ErrClosed)
}

func keepsNothing(o *opened) {
	if !o.store.Forgets {
		return
	}
	m := o.open()
	epoch := o.begin(m)
	o.apply(m, epoch, put("a", "1"))
	o.holds(o.load(m, epoch), nil)
}
