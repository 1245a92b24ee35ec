package mastercore

import (
	"slices"
	"strconv"
	"strings"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// queue writes one of the configured queues anew, or takes it out.
func (s *script) queue(f []string) {
	w, q := s.words(f[1:]), deploy.Queue{Name: f[0], Weight: 1}
	if q.Name == deploy.RootQueue {
		q.Name = ""
	}
	s.cfg.Queues = slices.DeleteFunc(slices.Clone(s.cfg.Queues), func(old deploy.Queue) bool { return old.Name == q.Name })
	if w.has("gone") {
		return
	}
	var err error
	if text := w.text("weight", ""); text != "" {
		if q.Weight, err = strconv.ParseFloat(text, 64); err != nil {
			s.fail("%v", err)
		}
	}
	if q.Min, err = deploy.ParseQuantities(w.text("min", "")); err != nil {
		s.fail("%v", err)
	}
	if q.Quota, err = deploy.ParseQuantities(w.text("quota", "")); err != nil {
		s.fail("%v", err)
	}
	q.Dynamic = w.has("dynamic")
	s.cfg.Queues = append(s.cfg.Queues, q)
}

func (s *script) reconfigure() []string {
	if err := s.cfg.Validate(); err != nil {
		s.fail("%v", err)
	}
	return s.step(Reconfigured{Policy: s.cfg.Policy, Queues: s.cfg.Queues, DefaultQueue: s.cfg.DefaultQueue, ReserveFor: s.cfg.ReserveFor})
}

// placement reads [queue=PATH] [priority=N] [require=SELECTOR]... [prefer=WEIGHT:SELECTOR]... [apart=host|LABEL] [perworker=N].
func (s *script) placement(w words) deploy.Placement {
	p := deploy.Placement{Queue: w.text("queue", ""), Priority: int32(w.num("priority", 0)), Apart: w.text("apart", ""), MaxPerWorker: int32(w.num("perworker", 0))}
	for _, kv := range w.pairs {
		var err error
		switch kv[0] {
		case "require":
			var list []deploy.Requirement
			list, err = deploy.ParseSelector(kv[1])
			p.Require = append(p.Require, list...)
		case "prefer":
			var list []deploy.Preference
			list, err = deploy.ParsePreferences(kv[1])
			p.Prefer = append(p.Prefer, list...)
		}
		if err != nil {
			s.fail("%v", err)
		}
	}
	return p
}

// labels reads label=KEY:VALUE..., sorted.
func (s *script) labels(w words) (out []deploy.Label) {
	for _, kv := range w.pairs {
		if kv[0] == "label" {
			key, value, _ := strings.Cut(kv[1], ":")
			out = append(out, deploy.Label{Key: key, Value: value})
		}
	}
	slices.SortFunc(out, func(a, b deploy.Label) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// reserve writes a plan by hand that keeps workers.
func (s *script) reserve(f []string) []string {
	w := s.words(f)
	plan := s.emptyPlan(w)
	for _, worker := range w.plain[1:] {
		plan.Reserve = append(plan.Reserve, scheduler.Reservation{Demand: scheduler.DemandRef(s.number(w.plain[0])), Worker: scheduler.WorkerRef(s.number(worker))})
	}
	return s.step(Planned{Plan: plan, Policy: "by-hand"})
}

// why writes a plan by hand that explains one demand.
func (s *script) why(f []string) []string {
	w := s.words(f)
	plan := s.emptyPlan(w)
	reason := scheduler.Reason{Code: s.code(w.plain[1]), Position: int(w.num("position", 0)), Queue: uint32(w.num("queue", 0)),
		Ahead: scheduler.DemandRef(w.num("ahead", int64(scheduler.NoDemand)))}
	for _, kv := range w.pairs {
		if kv[0] != "cause" {
			continue
		}
		c := strings.Split(kv[1]+":::::", ":")
		cause := scheduler.Cause{Code: s.code(c[0]), Resource: c[1], Workers: int(s.number(c[2])), Nearest: scheduler.NoWorker}
		if c[3] != "" {
			cause.Nearest = scheduler.WorkerRef(s.number(c[3]))
		}
		if c[4] != "" {
			cause.Have, cause.Want = s.number(c[4]), s.number(c[5])
		}
		reason.Causes = append(reason.Causes, cause)
	}
	plan.Waiting = []scheduler.Waiting{{Demand: scheduler.DemandRef(s.number(w.plain[0])), Reason: reason}}
	return s.step(Planned{Plan: plan, Policy: "by-hand", Fallback: s.code(w.text("fallback", "NONE"))})
}

func (s *script) emptyPlan(w words) scheduler.Plan {
	return scheduler.Plan{Epoch: s.r.epoch, Version: uint64(w.num("version", int64(s.r.version)))}
}

func (s *script) code(word string) (code deploy.ReasonCode) {
	if err := code.UnmarshalText([]byte(word)); err != nil {
		s.fail("%v", err)
	}
	return code
}
