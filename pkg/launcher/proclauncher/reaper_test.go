//go:build linux

package proclauncher

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A program that cannot be executed is a child for a moment, and forking waits for it by itself: whoever takes exits must bear that it is gone.
func TestReaperBearsFailedStarts(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	r := newReaper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.run(ctx) }()
	attr := &syscall.ProcAttr{Files: []uintptr{0, 1, 2}}
	sleeper, asleep, err := r.start("/bin/sleep", []string{"sleep", "1000"}, attr) // a child all the time: exits are waited for all the time
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		stop()
		if err := syscall.Kill(sleeper, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Fatalf("exits are not taken any more: %v", err)
		}
		<-asleep
	}()
	for range 3000 {
		if _, _, err := r.start(text, []string{"text"}, attr); err == nil {
			t.Fatal("a text was executed")
		}
		if len(ended) > 0 {
			return
		}
	}
	_, exit, err := r.start("/bin/true", []string{"true"}, attr)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-exit:
	case <-time.After(10 * time.Second):
		t.Error("an exit was never taken")
	}
}
