package deploy_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func quantities(t *testing.T, text string) []deploy.Quantity {
	t.Helper()
	list, err := deploy.ParseQuantities(text)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestParseQuantities(t *testing.T) {
	for text, want := range map[string][]deploy.Quantity{
		"": nil, " , ": nil,
		"cores=10":                                {{Resource: "cores", Amount: 10}},
		"memory=20g, gpu=2 ,cores = 0":            {{Resource: "cores"}, {Resource: "gpu", Amount: 2}, {Resource: "memory", Amount: 20480}},
		"memory=512":                              {{Resource: "memory", Amount: 512}},
		"example.org/fpga=9223372036854775807":    {{Resource: "example.org/fpga", Amount: math.MaxInt64}},
		"memory=0":                                {{Resource: "memory"}},
		"cores=1,memory=1024m,gpu=3,zz/a.b-c_d=4": {{Resource: "cores", Amount: 1}, {Resource: "gpu", Amount: 3}, {Resource: "memory", Amount: 1024}, {Resource: "zz/a.b-c_d", Amount: 4}},
	} {
		got, err := deploy.ParseQuantities(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q is read as %v, %v; want %v", text, got, err, want)
		}
		if again := quantities(t, deploy.FormatQuantities(got)); !slices.Equal(again, got) {
			t.Errorf("%q: %v is read again as %v", text, got, again)
		}
	}
	for text, want := range map[string]string{
		"cores": "write resource=amount", "10": "write resource=amount", "cores=": "no whole number", "cores=1.5": "no whole number", "cores=ten": "no whole number",
		"cores=-1": "use 0 or more", "cores=9223372036854775808": "no whole number", "memory=lots": "memory", "=5": "resource", "a b=5": "resource",
		"cores=1,cores=2": "once", "cores=1=2": "no whole number", strings.Repeat("x", 4000): "4000 bytes", strings.Repeat("x", 4000) + "=z": "4000 bytes",
	} {
		_, err := deploy.ParseQuantities(text)
		checkRefusal(t, text, err, want)
	}
}

func TestCheckQueuePath(t *testing.T) {
	for _, path := range []string{"", "prod", "prod.etl", "A-1_b.c", "a.b.c.d.e.f.g.h", strings.Repeat("q", 200), "rooted", "prod.root"} {
		if err := deploy.CheckQueuePath("queue", path); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	for path, want := range map[string]string{
		".": "no path", "a.": "no path", ".a": "no path", "a..b": "no path", "a b": "no path", "a/b": "no path", "ü": "no path", "a\n": "no path",
		"a.b.c.d.e.f.g.h.i": "9 levels", strings.Repeat("q", 201): "at most 200", "root": "leave root away", "root.prod": "leave root away",
	} {
		checkRefusal(t, path, deploy.CheckQueuePath("queue", path), "queue ", want)
	}
	for path, want := range map[string]string{"": "", "prod": "", "prod.etl": "prod", "a.b.c": "a.b"} {
		q := deploy.Queue{Name: path}
		if got := q.Parent(); got != want {
			t.Errorf("above %q is %q, want %q", path, got, want)
		}
	}
}

func TestQueueCheck(t *testing.T) {
	ok := deploy.Queue{Name: "prod", Weight: 0.5, Min: quantities(t, "cores=10"), Quota: quantities(t, "cores=10,gpu=0"), Dynamic: true}
	if err := ok.Check(); err != nil {
		t.Error(err)
	}
	for want, q := range map[string]deploy.Queue{
		"weight 0;": {Name: "p"}, "weight -1": {Weight: -1}, "weight NaN": {Weight: math.NaN()}, "weight +Inf": {Weight: math.Inf(1)}, "weight 2e+06": {Weight: 2e6},
		"levels": {Name: "a.b.c.d.e.f.g.h.i", Weight: 1}, "minimum": {Weight: 1, Min: []deploy.Quantity{{Resource: "a", Amount: -1}}},
		"quota":              {Weight: 1, Quota: []deploy.Quantity{{Resource: "b"}, {Resource: "a"}}},
		"could never have":   {Weight: 1, Min: quantities(t, "cores=5,gpu=2"), Quota: quantities(t, "gpu=1")},
		"quota: resource \"": {Weight: 1, Quota: []deploy.Quantity{{}}},
	} {
		checkRefusal(t, want, q.Check(), "queue ", want)
	}
}

func TestQueueTree(t *testing.T) {
	tree, err := deploy.QueueTree([]deploy.Queue{{Name: "b.c.d", Weight: 3}, {Name: "a", Weight: 2, Dynamic: true}, {Name: "b-x", Weight: 1}})
	var names []string
	for i, q := range tree {
		names = append(names, q.Name)
		if at, ok := deploy.FindQueue(tree, q.Name); !ok || at != i {
			t.Errorf("%q is found at %d, %v", q.Name, at, ok)
		}
		if at, ok := deploy.FindQueue(tree, q.Parent()); !ok || at > i {
			t.Errorf("the parent of %q is at %d, %v", q.Name, at, ok)
		}
	}
	if err != nil || !slices.Equal(names, []string{"", "a", "b", "b-x", "b.c", "b.c.d"}) {
		t.Fatalf("%q, %v", names, err)
	}
	if tree[2].Weight != 1 || tree[5].Weight != 3 || tree[0].Weight != 1 || !tree[1].Dynamic {
		t.Errorf("%+v", tree)
	}
	again, err := deploy.QueueTree(tree)
	if err != nil || !reflect.DeepEqual(again, tree) {
		t.Errorf("a tree made anew is %+v, %v", again, err)
	}
	_, err = deploy.QueueTree([]deploy.Queue{{Name: "a", Weight: 1}, {Name: "a", Weight: 2}, {Name: "b"}, {Name: "c d", Weight: 1}})
	for _, want := range []string{`"a" is there twice`, `"b": weight 0`, `"c d"`} {
		if !errors.Is(err, deploy.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
	if _, err := deploy.QueueTree(make([]deploy.Queue, 5000)); !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("5000 queues: %v", err)
	}

	for path, want := range map[string]string{
		"": "", "a": "", "a.new": "", "b.c.d": "", "b.c.x": "b.c.d", "prd": "there are a, b, b-x, b.c, b.c.d", "a.new.x": "a", "bx": "did you mean b", "a..b": "no path", "root": "leave root",
	} {
		err := deploy.CheckQueueKnown("application", tree, path)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", path, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "application: queue")):
			t.Errorf("%q: %v lacks %q", path, err, want)
		}
	}
	none, err := deploy.QueueTree(nil)
	if err != nil || len(none) != 1 {
		t.Fatalf("no queues: %+v, %v", none, err)
	}
	if err := deploy.CheckQueueKnown("driver", none, "prod"); !errors.Is(err, deploy.ErrNotFound) || !strings.Contains(err.Error(), "scheduler.queue.prod.weight") {
		t.Errorf("without queues: %v", err)
	}
}

// FuzzQueue: what is accepted has a parent that is accepted, and quantities are read as they are written.
func FuzzQueue(f *testing.F) {
	for _, s := range []string{"prod.etl", "cores=10, memory=20g", "a..b", "root.x", "gpu=0", "memory=1.5t,a=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := deploy.CheckQueuePath("queue", text); err != nil {
			checkRefusal(t, text, err)
		} else if tree, err := deploy.QueueTree([]deploy.Queue{{Name: text, Weight: 1}}); err != nil || tree[0].Name != "" || tree[len(tree)-1].Name != text {
			t.Fatalf("%q: %+v, %v", text, tree, err)
		}
		list, err := deploy.ParseQuantities(text)
		if err != nil {
			checkRefusal(t, text, err)
			return
		}
		if again, err := deploy.ParseQuantities(deploy.FormatQuantities(list)); err != nil || !slices.Equal(again, list) {
			t.Fatalf("%q was read as %v, then as %v, %v", text, list, again, err)
		}
	})
}
