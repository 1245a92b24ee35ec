package master_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/musterproject/muster/pkg/artifact"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/election"
	"github.com/musterproject/muster/pkg/master"
	"github.com/musterproject/muster/pkg/recovery"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/memrpc"
	"github.com/musterproject/muster/pkg/scheduler"
	"github.com/musterproject/muster/pkg/status"
)

// What plan says comes true, explain says why not, and bad questions get a sentence; a policy of somebody else's is stood in for.
func TestQuestionsAreAnsweredBesideTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := begin(t, memory(), foreign{spread()})
		defer w.close()
		h := w.worker("w1", 4)
		synctest.Wait()
		plan := func(cores int32) deploy.Outlook {
			answer, err := w.ask.Call(t.Context(), deploy.Plan{Driver: &deploy.DriverSpec{Need: deploy.Resources{Cores: cores, MemoryMiB: 64}}})
			if err != nil {
				t.Fatal(err)
			}
			return answer.(deploy.Outlook)
		}
		if o := plan(3); o.Verdict != deploy.VerdictFits || o.Parts[0].Places[0].Worker != "w1" || o.Policy != "spread, standing in for spread" {
			t.Errorf("before: %+v", o)
		}
		if _, err := w.ask.Call(t.Context(), submit("first", 3)); err != nil {
			t.Fatal(err)
		}
		<-h.launches
		synctest.Wait()
		if o := plan(3); o.Verdict != deploy.VerdictWaits || len(o.Parts[0].Frees) != 1 {
			t.Errorf("behind it: %+v", o)
		}
		if o := plan(5); o.Verdict != deploy.VerdictNever || !strings.Contains(o.Text, "the largest worker, w1, has 4 cores") {
			t.Errorf("too large: %+v", o)
		}
		answer, err := w.ask.Call(t.Context(), submit("second", 2))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		why, err := w.ask.Call(t.Context(), deploy.Explain{ID: answer.(deploy.Accepted).ID, Profile: deploy.FirstWaiting, Workers: 10, History: true})
		if x, ok := why.(deploy.Explanation); err != nil || !ok || x.Decision.Code != deploy.ReasonInsufficientCores || len(x.Workers) != 1 || x.Causes[0].Have != 1 || len(x.History) == 0 {
			t.Errorf("got %+v, %v", why, err)
		}
		for _, bad := range []deploy.Plan{
			{}, {App: &deploy.AppSpec{}, Driver: &deploy.DriverSpec{}}, {App: &deploy.AppSpec{}}, {Driver: &deploy.DriverSpec{}},
			{App: &deploy.AppSpec{Profiles: []deploy.Profile{{MemoryMiB: 1, Gang: true}}}}, {App: &deploy.AppSpec{CoresMax: -1, Profiles: []deploy.Profile{{MemoryMiB: 1}}}},
			{App: &deploy.AppSpec{Profiles: []deploy.Profile{{MemoryMiB: 1}}, Place: deploy.Placement{Priority: 1000}}},
		} {
			if _, err := w.ask.Call(t.Context(), bad); !errors.Is(err, deploy.ErrInvalid) {
				t.Errorf("%+v gave %v", bad, err)
			}
		}
		if _, err := w.ask.Call(t.Context(), deploy.Explain{ID: "nobody"}); !errors.Is(err, deploy.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}

// foreign is a policy that cannot be had twice.
type foreign struct{ scheduler.SchedulerPolicy }

// BenchmarkCallsBesideQuestions measures a call through the loop and the committer while nobody asks, and while somebody always plans or explains
// on 100 000 workers with 10 000 applications that wait.
func BenchmarkCallsBesideQuestions(b *testing.B) {
	for _, asking := range []bool{false, true} {
		b.Run(fmt.Sprintf("asking=%v", asking), func(b *testing.B) {
			m, ask := crowded(b)
			ctx, cancel := context.WithCancel(b.Context())
			var others sync.WaitGroup
			answered := 0
			for range 3 {
				others.Go(func() {
					for asking && ctx.Err() == nil {
						_, err1 := m.Plan(ctx, deploy.Plan{App: &deploy.AppSpec{Profiles: []deploy.Profile{{Cores: 4, MemoryMiB: 1024}}, Targets: []deploy.Target{{Total: 100}}}})
						_, err2 := m.Explain(ctx, deploy.Explain{ID: "wait-00001"})
						if err := errors.Join(err1, err2); err != nil && ctx.Err() == nil {
							b.Error(err)
							return
						}
					}
				})
			}
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if _, err := ask.Call(ctx, deploy.KillDriver{Request: deploy.RequestID(fmt.Sprint("r", answered)), Driver: "nobody"}); !errors.Is(err, deploy.ErrNotFound) {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
				answered++
			}
			cancel()
			others.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(float64(took[len(took)-1].Microseconds()), "max-µs")
		})
	}
}

// crowded is a leading master whose readers see a large cluster.
func crowded(b *testing.B) (*master.Master, *rpc.Cluster) {
	b.Helper()
	network, at := &memrpc.Network{}, deploy.Address{Host: "master", Port: 7077}
	l, err := network.Listen(at)
	if err != nil {
		b.Fatal(err)
	}
	blobs, err := artifact.OpenFileStore(b.TempDir(), artifact.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	rows, cfg := status.NewStore(), master.DefaultConfig()
	cfg.Address = at
	m, err := master.New(cfg, master.Deps{
		Mode: recovery.NewNone(time.Now, election.NewMonarchy(at)), Transport: network.Transport(memrpc.DefaultOptions()), Listener: l,
		Policy: spread(), Fallback: spread(), Blobs: blobs, Status: rows,
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	ask := rpc.NewCluster(network.Transport(memrpc.DefaultOptions()), []deploy.Address{at}, 5*time.Second)
	if _, err := ask.Call(b.Context(), deploy.KillDriver{Request: "first", Driver: "nobody"}); !errors.Is(err, deploy.ErrNotFound) {
		b.Fatal(err)
	}
	var list []deploy.Row
	for i := range 100_000 {
		list = append(list, deploy.WorkerRow{State: deploy.WorkerAlive, Used: deploy.Resources{Cores: 30 * int32(min(1, i%100))}, Spec: deploy.WorkerSpec{
			ID: deploy.WorkerID(fmt.Sprintf("w%06d", i)), Address: deploy.Address{Host: fmt.Sprint("h", i), Port: 1}, Cores: 32, MemoryMiB: 128 << 10}})
	}
	for i := range 10_000 {
		id := fmt.Sprintf("wait-%05d", i)
		list = append(list, deploy.AppRow{ID: deploy.AppID(id), Connected: true, CoresMax: deploy.NoLimit, Profiles: []deploy.Profile{{Cores: 64, MemoryMiB: 1024}}},
			deploy.DecisionRow{Decision: deploy.Decision{Subject: id, Code: deploy.ReasonInsufficientCores, Missing: 5}})
	}
	rows.Apply(list)
	return m, ask
}
