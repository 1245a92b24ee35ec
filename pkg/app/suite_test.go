package app_test

import (
	"testing"
	"testing/synctest"

	"github.com/musterproject/muster/pkg/app"
	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/backend/backendtest"
)

func TestBackend(t *testing.T) {
	for _, c := range backendtest.Checks() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				masters := newCluster(t, "m1")
				defer masters.stop()
				c.Run(t, func(t *testing.T) backendtest.Fixture {
					cfg := app.DefaultConfig()
					cfg.Masters = masters.addrs
					a, err := app.New(cfg, app.Deps{Transport: masters.transport()})
					if err != nil {
						t.Fatal(err)
					}
					return backendtest.Fixture{Backend: a, Application: backend.Application{Spec: spec(1, 2)}}
				})
			})
		})
	}
}
