package localcluster_test

import (
	"log/slog"
	"testing"

	"github.com/musterproject/muster/pkg/backend"
	"github.com/musterproject/muster/pkg/backend/backendtest"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/localcluster"
)

func TestBackend(t *testing.T) {
	for _, c := range backendtest.Checks() {
		t.Run(c.Name, func(t *testing.T) {
			c.Run(t, func(t *testing.T) backendtest.Fixture {
				b, err := localcluster.Backend().Open(backend.Options{
					URL: deploy.MasterURL{Kind: deploy.KindLocalCluster, Workers: 1, CoresPerWorker: 1, MemoryPerWorkerMiB: 512}, Log: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatal(err)
				}
				return backendtest.Fixture{Backend: b, Application: backend.Application{Spec: deploy.AppSpec{
					Name: "suite", Driver: deploy.Address{Host: "127.0.0.1", Port: 1}, Profiles: []deploy.Profile{{Cores: 1, MemoryMiB: 64}},
					Executor: deploy.Command{Program: "sleep", Args: []string{"60"}},
				}}}
			})
		})
	}
}
