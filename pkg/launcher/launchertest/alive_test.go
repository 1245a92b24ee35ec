package launchertest_test

import (
	"crypto/rand"
	"os"
	"os/exec"
	"slices"
	"testing"

	"github.com/musterproject/muster/pkg/launcher/launchertest"
)

func TestAlive(t *testing.T) {
	nonce := rand.Text()
	if found := launchertest.Alive(t, nonce); len(found) != 0 {
		t.Fatalf("processes %v have a nonce that was just drawn", found)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, "launchertest-child", "wait")
	child.Env = []string{"SOME=x" + nonce + "y"}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	launchertest.Eventually(t, "the child is seen", func() bool { return slices.Equal(launchertest.Alive(t, nonce), []int{child.Process.Pid}) })
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	launchertest.Eventually(t, "the dead child, not waited for, is not counted", func() bool { return len(launchertest.Alive(t, nonce)) == 0 })
	if err := child.Wait(); err == nil {
		t.Error("the child was not killed")
	}
}

func TestDead(t *testing.T) {
	for stat, want := range map[string]bool{"7 (a b) S 1": false, "7 (x) Z) R 1": false, "7 (x) Z 1": true, "7 (x) X 1": true} {
		if launchertest.Dead([]byte(stat)) != want {
			t.Errorf("%q: want dead %v", stat, want)
		}
	}
}
