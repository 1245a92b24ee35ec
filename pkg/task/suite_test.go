package task

import (
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/musterproject/muster/pkg/backend/backendtest"
	"github.com/musterproject/muster/pkg/deploy"
)

// The local backend dials a driver that the checks do not have; it must bear that as it bears a slow one.
func TestLocalBackend(t *testing.T) {
	for _, c := range backendtest.Checks() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c.Run(t, func(t *testing.T) backendtest.Fixture {
					url, err := deploy.ParseMasterURL("local[2]")
					if err != nil {
						t.Fatal(err)
					}
					at, err := openLocal(NewProgram("suite"), DefaultConfig(), url, options{log: slog.New(slog.DiscardHandler)})
					if err != nil {
						t.Fatal(err)
					}
					return backendtest.Fixture{Backend: at.backend, Application: at.spec}
				})
			})
		})
	}
}
