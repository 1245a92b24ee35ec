package recoverytest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/musterproject/muster/pkg/recovery"
)

func reopen(o *opened) {
	want := map[string][]byte{}
	for round := range 4 {
		m := o.open()
		epoch := o.begin(m)
		o.holds(o.load(m, epoch), want)
		for i := range 5 {
			mutation := put(fmt.Sprintf("worker/%d-%d", round, i), strings.Repeat("v", 100*i))
			o.apply(m, epoch, mutation)
			want[mutation.Key] = mutation.Value
		}
		gone := fmt.Sprintf("worker/%d-3", round)
		o.apply(m, epoch, drop(gone))
		delete(want, gone)
		o.holds(o.load(m, epoch), want)
		o.close(m)
	}
}

func putAndDelete(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	o.apply(m, epoch, put("a", "1"), put("b", "1"), put("c", "1"))
	o.apply(m, epoch, put("a", "22"), drop("b"), drop("never there"), put("d", "1"))
	o.holds(o.load(m, epoch), map[string][]byte{"a": []byte("22"), "c": []byte("1"), "d": []byte("1")})
	o.apply(m, epoch, put("b", "back"), drop("a"))
	o.apply(m, epoch, drop("a"), drop("c"), drop("d"))
	o.holds(o.load(m, epoch), map[string][]byte{"b": []byte("back")})
}

func emptyValue(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	o.apply(m, epoch, recovery.Mutation{Key: "empty", Value: []byte{}}, put("full", "1"))
	o.close(m)
	m = o.open()
	got := o.load(m, o.begin(m))
	o.holds(got, map[string][]byte{"empty": {}, "full": []byte("1")})
	if got["empty"] == nil {
		o.Fatal("an empty value came back as nil, which stands for a deletion")
	}
}

func everyByte(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	want := map[string][]byte{}
	names := []string{"app/.", "app/..", "app/../../x", "app//", "/", " ", "app/" + strings.Repeat("n", 200), "app/a", "app/a/", "app/a/b", "app", "APP/A", "app/A"}
	for b := range 256 {
		names = append(names, "byte/"+string([]byte{byte(b)}), "pair/x"+string([]byte{byte(b), byte(255 - b)})+"y")
	}
	for i, name := range names {
		mutation := recovery.Mutation{Key: name, Value: []byte{byte(i), 0, 0xff, '\n', byte(i >> 8)}}
		o.apply(m, epoch, mutation)
		want[name] = mutation.Value
	}
	o.close(m)
	m = o.open()
	epoch = o.begin(m)
	o.holds(o.load(m, epoch), want)
	for _, name := range names[:len(names)/2] {
		o.apply(m, epoch, drop(name))
		delete(want, name)
	}
	o.holds(o.load(m, epoch), want)
}

// ownership: a batch's bytes are the caller's once Apply returns, a loaded record's are the receiver's.
func ownership(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	mine := []byte("before")
	o.apply(m, epoch, recovery.Mutation{Key: "a", Value: mine})
	copy(mine, "after!")
	got := o.load(m, epoch)
	o.holds(got, map[string][]byte{"a": []byte("before")})
	copy(got["a"], "mine!!")
	o.holds(o.load(m, epoch), map[string][]byte{"a": []byte("before")})
}

func loadStops(o *opened) {
	m := o.open()
	epoch := o.begin(m)
	for i := range 20 {
		o.apply(m, epoch, put(fmt.Sprint("key", i), "v"))
	}
	for range 3 {
		for _, err := range m.Engine.Load(o.Context(), epoch) {
			if err != nil {
				o.Fatalf("load: %v", err)
			}
			break
		}
	}
	ctx, cancel := context.WithCancel(o.Context())
	seen := 0
	for _, err := range m.Engine.Load(ctx, epoch) {
		if err != nil {
			o.gets("load whose context ends", err, context.Canceled)
			break
		}
		seen++
		cancel()
	}
	cancel()
	o.apply(m, epoch, put("still", "works"))
	if got := o.load(m, epoch); len(got) != 21 {
		o.Fatalf("%d records after loads that stopped early, want 21", len(got))
	}
}

// allOrNothing cancels batches at whatever point they have reached; each must be there whole or not at all.
func allOrNothing(o *opened) {
	const rounds = 30
	m := o.open()
	size := 20
	if ops := m.Limits.BatchOps; ops > 0 {
		size = min(size, ops)
	}
	for round := range rounds {
		epoch := o.begin(m)
		batch := make([]recovery.Mutation, size)
		for i := range batch {
			batch[i] = put(fmt.Sprintf("%d/%d", round, i), strings.Repeat("x", 50))
		}
		ctx, cancel := context.WithCancel(o.Context())
		var wg sync.WaitGroup
		wg.Go(cancel)
		err := m.Engine.Apply(ctx, epoch, batch)
		wg.Wait()
		have := 0
		for key := range o.load(m, o.begin(m)) {
			if strings.HasPrefix(key, fmt.Sprintf("%d/", round)) {
				have++
			}
		}
		if have != 0 && have != size {
			o.Fatalf("round %d: %d of %d mutations were applied", round, have, size)
		}
		if err == nil && have != size {
			o.Fatalf("round %d: apply reported success and nothing is there", round)
		}
	}
}
