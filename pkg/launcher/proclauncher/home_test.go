//go:build linux

package proclauncher

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

// A home that lost its name must not own the many processes without a nonce: what it owns is killed.
func TestNamelessHomeOwnsNobody(t *testing.T) {
	if (home{}).owns(os.Getpid()) || (home{Generation: "x"}).owns(os.Getpid()) {
		t.Fatal("a home owns a process that it did not start")
	}
	for _, text := range []string{"", "{}", `{"Generation":""}`, `{"Gener`, "null", "[]"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "keeper.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if h, err := readHome(dir); h != nil || err != nil {
			t.Errorf("%q gave the home %+v, %v", text, h, err)
		}
	}
}

func TestHomeOfAnotherBootIsLeftAlone(t *testing.T) {
	if err := sweep(home{Generation: "some", Boot: "another", Cgroup: "/no/such/group"}); err != nil {
		t.Error(err)
	}
}

// A keeper that cannot wait for its children ends, whoever still waits for one.
func TestKeeperWithoutReaperEnds(t *testing.T) {
	k := &keeper{runs: map[deploy.LaunchID]*run{launchID(1): {}}, changed: make(chan struct{}, 1)}
	reaped := make(chan error, 1)
	why := errors.New("no such call")
	reaped <- why
	if err := k.loop(t.Context(), nil, nil, nil, reaped); !errors.Is(err, why) {
		t.Errorf("it ended with %v", err)
	}
}
