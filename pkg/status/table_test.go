package status

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestOrder(t *testing.T) {
	sorted := []string{"", "0", "00", "01", "1", "9", "10", "a", "a/", "a/1", "a/02", "a/2", "a/10", "a/b", "a-1", "a01", "a01/1", "a1", "a1/7", "a2", "a10", "a10b2", "a10b10",
		"app-20261120223045-0007", "app-20261120223045-0007/3", "app-20261120223045-9999", "app-20261120223045-10000", "app-20261120223046-0001", "b/d", "b/c/2", "b/c/10"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := compareIDs(a, b); got != cmp.Compare(i, j) {
				t.Errorf("%q and %q: %d, want %d", a, b, got, cmp.Compare(i, j))
			}
		}
	}
}

func FuzzOrder(f *testing.F) {
	f.Add("a/10", "a/9", "a/09")
	f.Add("x007", "x7", "x7/1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if compareIDs(a, b) != -compareIDs(b, a) || compareIDs(a, b) == 0 != (a == b) {
			t.Errorf("%q, %q: %d, and the other way %d", a, b, compareIDs(a, b), compareIDs(b, a))
		}
		if compareIDs(a, b) < 0 && compareIDs(b, c) < 0 && compareIDs(a, c) >= 0 {
			t.Errorf("%q < %q < %q, but not the first and the last", a, b, c)
		}
	})
}

// TestTableAgainstModel grows and shrinks a table over several blocks, in order and at random.
func TestTableAgainstModel(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	table, model := newTable(), map[string]deploy.Row{}
	check := func() {
		want := make([]string, 0, len(model))
		for id := range model {
			want = append(want, id)
		}
		slices.SortFunc(want, compareIDs)
		var got []string
		table.walk("", true, func(e *entry) bool {
			if e.row != model[e.id] {
				t.Fatalf("%s holds another row", e.id)
			}
			got = append(got, e.id)
			return true
		})
		if !slices.Equal(got, want) {
			t.Fatalf("walked %d rows in another order than the %d of the model", len(got), len(want))
		}
		from := fmt.Sprintf("app/%d", dice.IntN(9000))
		table.walk(from, false, func(e *entry) bool {
			if at := slices.IndexFunc(want, func(id string) bool { return compareIDs(id, from) > 0 }); want[at] != e.id {
				t.Fatalf("behind %s comes %s, want %s", from, e.id, want[at])
			}
			return false
		})
	}
	check()
	for i := range 3000 { // in order, as ids mostly come
		id := fmt.Sprintf("app/%d", i*3)
		row := &deploy.WorkerRow{Executors: i}
		if old := table.put(id, row); old != nil {
			t.Fatalf("%s was there: %v", id, old)
		}
		model[id] = row
	}
	check()
	for round := range 40_000 {
		id := fmt.Sprintf("app/%d", dice.IntN(9000))
		switch old := model[id]; {
		case dice.IntN(10) < 3+round/8000: // ever more deletions
			if got := table.remove(id); got != old {
				t.Fatalf("removed %v, want %v", got, old)
			}
			delete(model, id)
		default:
			row := &deploy.WorkerRow{Executors: round}
			if got := table.put(id, row); got != old {
				t.Fatalf("replaced %v, want %v", got, old)
			}
			model[id] = row
		}
		if round%4000 == 0 {
			check()
		}
	}
	for id := range model {
		table.remove(id)
		delete(model, id)
	}
	check()
}
