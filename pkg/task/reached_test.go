package task

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/musterproject/muster/pkg/deploy"
)

// TestReachedIsTold: the cluster hears once of each executor that has opened a session, not of its later ones.
func TestReachedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := echoProgram()
		err := play(t, p, func(_ context.Context, _ *Session, r *ring) error {
			r.hand(2)
			first := r.hand(1)
			first.conn.Close("broken")
			synctest.Wait()
			r.hand(1)
			synctest.Wait()
			r.mu.Lock()
			defer r.mu.Unlock()
			if want := []deploy.ExecutorID{ringID(2), ringID(1)}; !slices.Equal(r.reached, want) {
				t.Errorf("told of %v, want %v", r.reached, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
