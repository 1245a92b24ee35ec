package launchertest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// Store is one launcher and what it keeps: the same one each time it is opened.
type Store struct {
	Open  func(t testing.TB) launcher.ExecutorLauncher
	Close func(t testing.TB, l launcher.ExecutorLauncher)
	Keeps bool // what has an OrphanGrace lives on over Close and Open
}

// bench is a store under test, with its launcher open.
type bench struct {
	t     testing.TB
	store Store
	l     launcher.ExecutorLauncher
	self  string
	nonce string // in the environment of every process of this test
	dirs  string
	seq   uint64
}

func newBench(t testing.TB, store Store) *bench {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var name [12]byte
	if _, err := rand.Read(name[:]); err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, store: store, self: self, nonce: hex.EncodeToString(name[:]), dirs: t.TempDir()}
	b.open()
	t.Cleanup(b.leave)
	return b
}

func (b *bench) open() { b.l = b.store.Open(b.t) }

func (b *bench) close() {
	b.store.Close(b.t, b.l)
	b.l = nil
}

// leave stops what still runs. Nothing of the test may be alive afterwards.
func (b *bench) leave() {
	if b.l == nil {
		b.open()
	}
	ctx := context.Background()
	list, err := b.l.List(ctx)
	if err != nil {
		b.t.Errorf("list what is left: %v", err)
	}
	for _, h := range list {
		if err := b.l.Control(ctx, h.Launch, launcher.Stop{Grace: -1}); err != nil {
			b.t.Errorf("stop what is left: %v", err)
		}
	}
	Eventually(b.t, "everything has ended", func() bool {
		list, err := b.l.List(ctx)
		return err == nil && !slices.ContainsFunc(list, func(h launcher.Handle) bool { return !h.State.Terminal() })
	})
	if left := Alive(b.t, b.nonce); len(left) > 0 {
		b.t.Errorf("all launches have ended, and processes %v are alive", left)
	}
	b.store.Close(b.t, b.l)
}

// spec is a child that plays a part, with a new id.
func (b *bench) spec(part string, args ...string) launcher.Spec {
	b.seq++
	id := deploy.LaunchID{Epoch: 1, Seq: b.seq}
	return launcher.Spec{
		Launch: id, Owner: "app-20261120223045-0007/" + id.String(), Dir: filepath.Join(b.dirs, "work", id.String()),
		Program: b.self, Args: childArgs(part, args...), Env: []deploy.EnvVar{{Name: "SUITE", Value: b.nonce}},
		Outputs: launcher.Outputs{Stdout: "stdout", Stderr: "stderr"}, Grace: 200 * time.Millisecond,
	}
}

func (b *bench) launch(s launcher.Spec) launcher.Handle {
	b.t.Helper()
	h, err := b.l.Launch(b.t.Context(), s)
	if err != nil {
		b.t.Fatalf("launch %s: %v", s.Launch, err)
	}
	if h.Launch != s.Launch || h.Owner != s.Owner {
		b.t.Fatalf("launch %s of %s gave the handle %+v", s.Launch, s.Owner, h)
	}
	return h
}

func (b *bench) control(id deploy.LaunchID, c launcher.Control) {
	b.t.Helper()
	if err := b.l.Control(b.t.Context(), id, c); err != nil {
		b.t.Fatalf("%T of %s: %v", c, id, err)
	}
}

func (b *bench) list() []launcher.Handle {
	b.t.Helper()
	list, err := b.l.List(b.t.Context())
	if err != nil {
		b.t.Fatalf("list: %v", err)
	}
	return list
}

func (b *bench) handle(id deploy.LaunchID) launcher.Handle {
	b.t.Helper()
	for _, h := range b.list() {
		if h.Launch == id {
			return h
		}
	}
	b.t.Fatalf("launch %s is not listed", id)
	return launcher.Handle{}
}

func (b *bench) follow(after launcher.Cursor) *story { return follow(b.t, b.l, after) }

// read gives an output of a launch; empty while there is none.
func (b *bench) read(s launcher.Spec, name string) string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		b.t.Fatal(err)
	}
	return string(text)
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

type part struct {
	name string
	test func(t *testing.T, b *bench)
}

func runParts(t *testing.T, open func(t *testing.T) Store, parts []part) {
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.test(t, newBench(t, open(t))) })
	}
}

// RunContract holds a launcher to what the contract says of ids, events, cursors and errors.
func RunContract(t *testing.T, open func(t *testing.T) Store) {
	runParts(t, open, []part{
		{"Life", testLife},
		{"RepeatedLaunchIsOneProcess", testRepeat},
		{"OtherSpecIsConflict", testConflict},
		{"ControlErrors", testControlErrors},
		{"ListIsOrdered", testListOrder},
		{"WatchResumes", testWatchResumes},
		{"WatchOfWrongCursor", testWrongCursor},
		{"WatchEndsWithContext", testWatchEnds},
		{"WatchEndsWithLauncher", testWatchClosed},
		{"CancelledContext", testCancelled},
		{"ManyAtOnce", testMany},
		{"Closed", testClosed},
	})
}

// Run holds a launcher of processes to the whole contract.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Run("Contract", func(t *testing.T) { RunContract(t, open) })
	runParts(t, open, []part{
		{"ExitCodes", testExitCodes},
		{"Signals", testSignals},
		{"SignalOrder", testSignalOrder},
		{"StopGracefully", testStopGracefully},
		{"StopKillsTheDeaf", testStopDeaf},
		{"StopAtOnce", testStopNow},
		{"StopKillsDaemons", testStopFamily},
		{"EndTakesDaemonsAlong", testEndFamily},
		{"Environment", testEnvironment},
		{"Arguments", testArguments},
		{"Descriptors", testDescriptors},
		{"Session", testSession},
		{"FilesAndSecrets", testFiles},
		{"ProgramOfFiles", testProgramOfFiles},
		{"Outputs", testOutputs},
		{"OutputsShared", testSharedOutput},
		{"DirectoryTwice", testDirectoryTwice},
		{"BadSpecs", testBadSpecs},
		{"FailedStarts", testFailedStarts},
		{"UserUnknown", testUnknownUser},
		{"User", testUser},
		{"Reopen", testReopen},
		{"ReopenAdopts", testAdopt},
	})
}
