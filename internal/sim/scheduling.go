package sim

import (
	"fmt"
	"time"

	"github.com/musterproject/muster/internal/mastercore"
	"github.com/musterproject/muster/pkg/deploy"
)

// scheduling is what an operator has configured: the policy and the queues. It changes while the cluster runs.
type scheduling struct {
	policy       string
	queues       []deploy.Queue
	defaultQueue string
	reserveFor   time.Duration
}

// trees are the queues that an operator may come upon.
func trees() [][]deploy.Queue {
	cores := func(n int64) []deploy.Quantity { return []deploy.Quantity{{Resource: deploy.ResourceCores, Amount: n}} }
	memory := func(n int64) []deploy.Quantity {
		return []deploy.Quantity{{Resource: deploy.ResourceMemory, Amount: n}}
	}
	return [][]deploy.Queue{
		nil,
		{{Name: "prod", Weight: 3, Min: cores(4)}, {Name: "test", Weight: 1, Quota: cores(8)}},
		{{Name: "prod", Weight: 1, Quota: cores(14)}, {Name: "prod.etl", Weight: 2, Quota: memory(4096)}, {Name: "prod.web", Weight: 1, Min: cores(3)}, {Name: "test", Weight: 1}},
		{{Name: "users", Weight: 1, Quota: cores(10), Dynamic: true}, {Name: "prod", Weight: 2, Quota: []deploy.Quantity{{Resource: "gpu", Amount: 1}}}},
		{{Weight: 1, Quota: cores(20)}, {Name: "prod", Weight: 1}, {Name: "prod.etl", Weight: 1, Quota: cores(5)}},
	}
}

// drawScheduling draws what is configured next; the policy changes now and then.
func (w *World) drawScheduling() scheduling {
	s := scheduling{policy: w.p.Policy, queues: trees()[w.rng.IntN(len(trees()))], reserveFor: w.between(2*time.Second, 8*time.Second)}
	if w.rng.IntN(2) == 0 {
		s.policy = policyNames()[w.rng.IntN(len(policyNames()))]
	}
	if len(s.queues) > 0 && w.rng.IntN(2) == 0 {
		s.defaultQueue = s.queues[w.rng.IntN(len(s.queues))].Name
	}
	return s
}

// set writes s into a master's configuration.
func (s *scheduling) set(c *mastercore.Config) {
	c.Policy, c.Queues, c.DefaultQueue, c.ReserveFor = s.policy, s.queues, s.defaultQueue, s.reserveFor
}

// reconfigure lets the operator change his mind: each master hears of it in its own time, one that is down when it begins again.
func (w *World) reconfigure() {
	w.sched = w.drawScheduling()
	w.count("scheduling changed")
	for _, m := range w.masters {
		if m.up {
			m.after(w.between(0, 2*time.Second), m.reconfigured)
		}
	}
}

// reconfigured takes over what is configured now.
func (m *master) reconfigured() {
	s := &m.w.sched
	s.set(&m.cfg)
	if err := m.cfg.Validate(); err != nil {
		m.w.fail("setup", "%v", err)
		return
	}
	if t := m.term; t != nil {
		m.w.count("scheduling of a leader changed")
		t.placer.swap(s.policy)
		t.step(mastercore.Reconfigured{Policy: s.policy, Queues: s.queues, DefaultQueue: s.defaultQueue, ReserveFor: s.reserveFor})
	}
}

// drawQueue names a queue, mostly one that is there.
func (w *World) drawQueue() string {
	if n := len(w.sched.queues); n > 0 && w.rng.IntN(3) > 0 {
		q := &w.sched.queues[w.rng.IntN(n)]
		if q.Dynamic && w.rng.IntN(3) > 0 {
			return fmt.Sprintf("%s.u%d", q.Name, w.rng.IntN(3))
		}
		return q.Name
	}
	if w.rng.IntN(12) == 0 {
		return "nowhere"
	}
	return ""
}

// drawPlacement draws where and when something may run.
func (w *World) drawPlacement(driver bool) deploy.Placement {
	r := w.rng
	p := deploy.Placement{Queue: w.drawQueue(), Priority: int32(max(0, r.IntN(12)-9)) * 10}
	rack := func(op deploy.Operator) deploy.Requirement {
		return deploy.Requirement{Key: "rack", Operator: op, Values: []string{fmt.Sprint("r", r.IntN(3))}}
	}
	switch r.IntN(8) {
	case 0:
		p.Require = []deploy.Requirement{rack(deploy.OpNotIn)}
	case 1:
		p.Require = []deploy.Requirement{rack(deploy.OpIn)}
	case 2, 3:
		p.Prefer = []deploy.Preference{{Requirement: rack(deploy.OpIn), Weight: 5}}
	}
	if driver {
		return p
	}
	switch r.IntN(8) {
	case 0:
		p.Apart = deploy.ApartHost
	case 1:
		p.Apart = "rack"
	case 2:
		p.MaxPerWorker = int32(1 + r.IntN(2))
	}
	return p
}

// drawProfiles draws one or two kinds of executors: of fixed size or growing, all at once or one by one.
func (a *app) drawProfiles(s *deploy.AppSpec) {
	r := a.w.rng
	for id := range 1 + int32(r.IntN(4)/3) {
		p := deploy.Profile{ID: id, Cores: int32(1 + r.IntN(2)), MemoryMiB: int64(1+r.IntN(3)) * 256}
		if r.IntN(4) == 0 {
			p.Custom = []deploy.Amount{{Name: "gpu", Count: 1}}
		}
		switch r.IntN(8) {
		case 0:
			p.Cores = 0
		case 1, 2:
			p.Gang = true
		}
		s.Profiles = append(s.Profiles, p)
		s.Targets = append(s.Targets, deploy.Target{Profile: id, Total: int32(1 + r.IntN(3*a.w.p.Demand))})
	}
	if r.IntN(4) == 0 {
		s.CoresMax = int32(2 + r.IntN(6))
	}
}
