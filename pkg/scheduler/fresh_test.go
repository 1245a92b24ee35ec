package scheduler_test

import (
	"reflect"
	"testing"

	"github.com/musterproject/muster/pkg/scheduler"
)

// Every policy that Open knows can be had once more, with the options of the first and without its memory.
func TestFresh(t *testing.T) {
	for _, name := range scheduler.Names() {
		o := scheduler.DefaultOptions()
		o.Order = scheduler.ByWorkerID
		p, err := scheduler.Open(name, o)
		if err != nil {
			t.Fatal(err)
		}
		again, ok := scheduler.Fresh(p)
		if !ok || again == p || !reflect.DeepEqual(again, p) {
			t.Errorf("%s: got %T, %v", name, again, ok)
		}
	}
	if p, ok := scheduler.Fresh(nil); ok || p != nil {
		t.Errorf("of nothing: %v", p)
	}
}
