//go:build linux

package proclauncher

import (
	"reflect"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

func fullSpec() launcher.Spec {
	return launcher.Spec{
		Launch: deploy.LaunchID{Epoch: 3, Seq: 4}, Owner: "app/1", Dir: "/srv/app/1", Program: "java", Args: []string{"-a", "b"},
		Env: []deploy.EnvVar{{Name: "A", Value: "1"}}, Files: []launcher.File{{Source: "/cache/x", Name: "x", Executable: true}},
		Outputs: launcher.Outputs{Stdout: "stdout", Stderr: "stderr", Rolling: launcher.Rolling{By: launcher.RollBySize, MaxBytes: 5, Every: 6, Retain: 7}},
		Secrets: []launcher.Secret{{Name: "key", Value: deploy.NewSecret("s")}}, User: "nobody",
		Limits:    launcher.Limits{Cores: 1, MemoryMiB: 2, PIDs: 3},
		Addresses: []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1"}}},
		Grace:     time.Second, OrphanGrace: time.Minute, Isolation: launcher.Isolation{Want: "a", Required: "b"},
	}
}

// Every field counts: a spec that differs in any of them is another one.
func TestDigestCoversTheSpec(t *testing.T) {
	whole, equal := fullSpec(), fullSpec()
	if digestOf(&whole) != digestOf(&equal) {
		t.Fatal("equal specs have different digests")
	}
	seen := map[digest]string{digestOf(&whole): "the spec itself"}
	visit(reflect.ValueOf(&whole).Elem(), "Spec", func(path string) {
		d := digestOf(&whole)
		if other := seen[d]; other != "" {
			t.Errorf("a change of %s has the digest of %s", path, other)
		}
		seen[d] = "a change of " + path
	})
	if len(seen) < 30 {
		t.Errorf("only %d fields were changed", len(seen)-1)
	}
	left, right := fullSpec(), fullSpec()
	left.Args, right.Args = []string{"ab", "c"}, []string{"a", "bc"}
	if digestOf(&left) == digestOf(&right) {
		t.Error("texts run into each other")
	}
}

func ptr(s launcher.Spec) *launcher.Spec { return &s }

// visit changes each leaf of v in turn, calls look and changes it back.
func visit(v reflect.Value, path string, look func(path string)) {
	if v.Type() == reflect.TypeFor[deploy.Secret]() {
		old := v.Interface()
		v.Set(reflect.ValueOf(deploy.NewSecret("another")))
		look(path)
		v.Set(reflect.ValueOf(old))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			visit(v.Field(i), path+"."+v.Type().Field(i).Name, look)
		}
	case reflect.Slice:
		old := v.Interface()
		v.Set(reflect.Zero(v.Type()))
		look("empty " + path)
		v.Set(reflect.ValueOf(old))
		for i := range v.Len() {
			visit(v.Index(i), path+"[]", look)
		}
	case reflect.String:
		old := v.String()
		v.SetString(old + "+")
		look(path)
		v.SetString(old)
	case reflect.Bool:
		v.SetBool(!v.Bool())
		look(path)
		v.SetBool(!v.Bool())
	case reflect.Uint8, reflect.Uint64:
		v.SetUint(v.Uint() + 100)
		look(path)
		v.SetUint(v.Uint() - 100)
	default:
		v.SetInt(v.Int() + 100)
		look(path)
		v.SetInt(v.Int() - 100)
	}
}

// What goes to the keeper arrives whole, secrets too.
func TestOrderOnTheWire(t *testing.T) {
	ours, theirs := socketPair(t)
	o := orderOf(ptr(fullSpec()))
	w := newWire(ours)
	if err := w.send(&frame{Call: 7, Launch: o}); err != nil {
		t.Fatal(err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	f, err := newWire(theirs).receive()
	if err != nil || f.Call != 7 || !reflect.DeepEqual(f.Launch, o) {
		t.Errorf("sent %+v\ngot %+v, %v", o, f.Launch, err)
	}
	if o.Secrets[0].Text != "s" {
		t.Errorf("the secret is %+v", o.Secrets)
	}
}

// FuzzReceive: whatever comes out of the socket is a frame or an error.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{0xff, 0xff, 0xff, 0x7f, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		ours, theirs := socketPair(t)
		go func() {
			_, _ = ours.Write(text) // the reader may have given up
			_ = ours.Close()
		}()
		w := newWire(theirs)
		for {
			if _, err := w.receive(); err != nil {
				return
			}
		}
	})
}
