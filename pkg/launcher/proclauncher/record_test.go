//go:build linux

package proclauncher

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

func TestRecords(t *testing.T) {
	r := recordsIn(t.TempDir())
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h := holding{Digest: digestOf(ptr(fullSpec())), Durable: true, Handle: launcher.Handle{
		Launch: launchID(1), Owner: "app/1", PID: 7, State: deploy.ExecutorExited, Exit: deploy.Exit{Signal: 9, OOM: true}, Message: "why",
		StartedAt: time.Unix(100, 5).UTC(), EndedAt: time.Unix(200, 6).UTC(), Cursor: 12,
	}}
	for _, state := range []deploy.ExecutorState{deploy.ExecutorLaunching, deploy.ExecutorExited} {
		h.Handle.State = state
		if err := r.write(h); err != nil {
			t.Fatal(err)
		}
	}
	// What a crash of the machine or a stranger may leave is put aside and hinders nothing.
	for name, text := range map[string]string{"1-2.json": `{"Handle":`, "1-3.json": "", "1-4.json": `{"Handle":{"Launch":{"Epoch":9}}}`, "1-5.json.new": "x"} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		all, err := r.load()
		if err != nil || len(all) != 1 || all[0] != h {
			t.Fatalf("wrote %+v\nread %+v, %v", h, all, err)
		}
	}
	if aside, err := filepath.Glob(filepath.Join(r.dir, "*.damaged")); err != nil || len(aside) != 3 {
		t.Errorf("put aside: %v, %v", aside, err)
	}
	for range 2 {
		if err := r.remove(launchID(1)); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := r.load(); err != nil || len(all) != 0 {
		t.Errorf("after removal: %+v, %v", all, err)
	}
}

// A record must not hold what only the process may know.
func TestRecordsHoldNoSecrets(t *testing.T) {
	b := newBook(0, 10)
	s := fullSpec()
	s.Secrets[0].Value, s.Args, s.Env[0].Value = deploy.NewSecret("open-sesame"), []string{"--password=open-sesame"}, "open-sesame"
	if _, _, err := b.admit(orderOf(&s)); err != nil {
		t.Fatal(err)
	}
	r := recordsIn(t.TempDir())
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	h, _ := b.get(s.Launch)
	if err := r.write(h); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.path(s.Launch))
	if err != nil || strings.Contains(string(text), "sesame") {
		t.Errorf("the record is %s, %v", text, err)
	}
}
