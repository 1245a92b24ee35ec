package recoverytest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Changes draws n changes as a busy master would make them: every kind, some records written again, some dropped. The same seed gives the same.
func Changes(seed uint64, n int) []deploy.Change {
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	out := make([]deploy.Change, 0, n)
	for range n {
		out = append(out, d.change())
	}
	return out
}

// dice draws what a change says. Numbers of things are small, so that the same record is written and dropped several times.
type dice struct{ *rand.Rand }

func (d dice) change() deploy.Change {
	const start = 1_790_000_000 // seconds, in 2026
	at := time.Unix(start+d.Int64N(1e6), d.Int64N(1e9)).UTC()
	switch d.IntN(12) {
	case 0:
		return deploy.DropWorker{ID: d.worker()}
	case 1:
		return deploy.DropApp{ID: d.app()}
	case 2:
		return deploy.DropDriver{ID: d.driver()}
	case 3:
		return deploy.DropAnswer{Request: d.request()}
	case 4:
		return deploy.PutBlock{Name: [...]string{"apps", "drivers", "order"}[d.IntN(3)], Next: d.Uint64N(1000)}
	case 5:
		return deploy.PutAnswer{Answer: deploy.Answer{Request: d.request(), At: at, ID: string(d.app()), Killed: []int32{d.Int32N(9)}, Code: d.Uint32N(12)}}
	case 6, 7:
		return d.putDriver(at)
	case 8, 9:
		return d.putWorker()
	}
	return d.putApp(at)
}

func (d dice) worker() deploy.WorkerID {
	return deploy.WorkerID(fmt.Sprintf("worker-20261120223045-10.0.0.%d-7078", d.IntN(40)))
}

func (d dice) app() deploy.AppID {
	return deploy.AppID(fmt.Sprintf("app-20261120223045-%04d", d.IntN(40)))
}

func (d dice) driver() deploy.DriverID {
	return deploy.DriverID(fmt.Sprintf("driver-20261120223045-%04d", d.IntN(40)))
}

func (d dice) request() deploy.RequestID {
	return deploy.RequestID(fmt.Sprintf("request-%d", d.IntN(40)))
}

func (d dice) putWorker() deploy.Change {
	return deploy.PutWorker{Record: deploy.WorkerRecord{
		Spec: deploy.WorkerSpec{ID: d.worker(), Address: deploy.Address{Host: "10.0.0.7", Port: 7078}, Cores: 1 + d.Int32N(64), MemoryMiB: 1 + d.Int64N(1<<20),
			Custom: []deploy.Addresses{{Name: "gpu", Units: []string{"0", "1"}}}, Labels: []deploy.Label{{Key: "zone", Value: "ü<&>\u2028\x00"}}},
		Incarnation: deploy.Incarnation(d.Uint64()), Decommissioned: d.IntN(2) == 0,
	}}
}

func (d dice) putApp(at time.Time) deploy.Change {
	return deploy.PutApp{Record: deploy.AppRecord{
		ID: d.app(), Request: d.request(), Owner: "ada", Order: d.Uint64(), SubmittedAt: at, Executors: d.Int32N(640), Token: "t",
		Spec: deploy.AppSpec{Name: "word count", CoresMax: d.Int32N(100), Driver: deploy.Address{Host: "::1", Port: 4040},
			Profiles: []deploy.Profile{{Cores: 2, MemoryMiB: 1024, Custom: []deploy.Amount{{Name: "gpu", Count: 1}}}}, Targets: []deploy.Target{{Total: deploy.NoLimit}},
			Executor: deploy.Command{Program: "wordcount", Args: []string{"--executor", "{{EXECUTOR_ID}}"}, Env: []deploy.EnvVar{{Name: "A", Value: "b\nc"}}}},
	}}
}

func (d dice) putDriver(at time.Time) deploy.Change {
	return deploy.PutDriver{Record: deploy.DriverRecord{
		ID: d.driver(), Request: d.request(), Order: d.Uint64(), SubmittedAt: at, State: deploy.DriverState(d.IntN(8)), Attempt: deploy.Attempt(d.Uint32N(9)),
		Launch: deploy.LaunchID{Epoch: deploy.Epoch(d.Uint64()), Seq: d.Uint64()}, Worker: d.worker(), LeaseUntil: at.Add(time.Minute), Exit: deploy.Exit{Code: d.Int32N(256), OOM: d.IntN(2) == 0},
		Spec: deploy.DriverSpec{Name: "nightly", Supervise: true, MaxRestarts: -1, Need: deploy.Resources{Cores: 1, MemoryMiB: 512},
			Command: deploy.Command{Program: "/bin/true", Artifacts: []deploy.Artifact{{Digest: "00ff", Name: "true", Size: d.Int64(), Executable: true}}}},
	}}
}
