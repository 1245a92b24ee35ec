package scheduler

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// check finds what is wrong with an update before anything is changed.
func (s *State) check(u *Update) error {
	switch {
	case !u.Full && u.To < u.From:
		return fmt.Errorf("version goes back: %w", ErrBadUpdate)
	case u.DriverSlots < 0:
		return fmt.Errorf("driver slots %d: %w: none is 0", u.DriverSlots, ErrBadUpdate)
	}
	s.update++
	if err := s.checkQueues(u); err != nil {
		return err
	}
	for i := range u.Workers {
		if err := s.checkWorker(&u.Workers[i]); err != nil {
			return fmt.Errorf("worker %d (%s): %w", u.Workers[i].Ref, u.Workers[i].ID, err)
		}
	}
	for i := range u.Demands {
		if err := s.checkDemand(u, &u.Demands[i]); err != nil {
			return fmt.Errorf("demand %d (%s): %w", u.Demands[i].Ref, u.Demands[i].Subject, err)
		}
	}
	for i := range u.Held {
		if err := s.checkHeld(u.Full, &u.Held[i]); err != nil {
			return fmt.Errorf("held by share %d on worker %d: %w", u.Held[i].Share, u.Held[i].Worker, err)
		}
	}
	return s.checkLeft(u)
}

// makeRoom makes the slots that a full update names, which were emptied after the check.
func (s *State) makeRoom(u *Update) {
	for i := range u.Queues {
		s.queueSlot(u.Queues[i].Ref)
	}
	for i := range u.Held {
		s.workerSlot(u.Held[i].Worker)
	}
	for i := range u.Workers {
		s.workerSlot(u.Workers[i].Ref)
	}
	for i := range u.Demands {
		s.demandSlot(u.Demands[i].Ref)
	}
}

func (s *State) workerSlot(ref WorkerRef) *worker {
	for int(ref) >= len(s.workers) {
		s.workers = append(s.workers, worker{})
	}
	return &s.workers[ref]
}

func (s *State) demandSlot(ref DemandRef) *demand {
	for int(ref) >= len(s.demands) {
		s.demands = append(s.demands, demand{})
	}
	return &s.demands[ref]
}

func (s *State) checkWorker(r *WorkerRow) error {
	if int64(r.Ref) >= int64(s.cfg.MaxWorkers) {
		return fmt.Errorf("slot beyond the limit of %d: %w", s.cfg.MaxWorkers, ErrBadUpdate)
	}
	w := s.workerSlot(r.Ref)
	if w.named == s.update {
		return fmt.Errorf("named twice: %w", ErrBadUpdate)
	}
	w.named, w.leaves = s.update, r.Gone
	if r.Gone {
		return nil
	}
	if r.ID == "" {
		return fmt.Errorf("no id: %w", ErrBadUpdate)
	}
	if r.Blocked == deploy.ReasonReserved && int64(r.For) >= int64(s.cfg.MaxDemands) {
		return fmt.Errorf("reserved for demand %d, the limit is %d: %w", r.For, s.cfg.MaxDemands, ErrBadUpdate)
	}
	if err := checkLabels(r.Labels); err != nil {
		return err
	}
	if err := checkAmounts(r.Total.Cores, r.Total.MemoryMiB, r.Total.Custom, nil, 0); err != nil {
		return fmt.Errorf("total: %w", err)
	}
	if err := checkAmounts(r.Free.Cores, r.Free.MemoryMiB, r.Free.Custom, &r.Total, 0); err != nil {
		return fmt.Errorf("free: %w", err)
	}
	if missing(r.Total.Custom, r.Free.Custom) >= 0 {
		return fmt.Errorf("more is free than there is: %s of %s: %w", r.Free, r.Total, ErrBadUpdate)
	}
	return nil
}

// checkLabels holds labels sorted by key, each named once.
func checkLabels(labels []deploy.Label) error {
	for i := range labels {
		if i > 0 && labels[i-1].Key >= labels[i].Key {
			return fmt.Errorf("label %q stands after %q: %w: name each once, sorted by key", labels[i].Key, labels[i-1].Key, ErrBadUpdate)
		}
	}
	return nil
}

// checkHeld holds what somebody has on a worker that is there.
func (s *State) checkHeld(full bool, r *HeldRow) error {
	switch {
	case r.Share == 0:
		return fmt.Errorf("%w: share 0 is nobody's", ErrBadUpdate)
	case r.Executors < 0:
		return fmt.Errorf("%d executors: %w: none is 0", r.Executors, ErrBadUpdate)
	case int64(r.Worker) >= int64(s.cfg.MaxWorkers):
		return fmt.Errorf("slot beyond the limit of %d: %w", s.cfg.MaxWorkers, ErrBadUpdate)
	}
	w := s.workerSlot(r.Worker)
	there := w.live && !full
	if w.named == s.update {
		there = !w.leaves
	}
	if r.Executors > 0 && !there {
		return fmt.Errorf("%d executors: %w: the worker is gone", r.Executors, ErrBadUpdate)
	}
	return nil
}

// checkAmounts holds resources between nothing and most, if that is given, custom ones sorted by name and with counts from least on.
func checkAmounts(cores int32, memory int64, custom []deploy.Amount, most *deploy.Resources, least int32) error {
	if cores < 0 || memory < 0 {
		return fmt.Errorf("less than nothing, %d cores and %d MiB: %w", cores, memory, ErrBadUpdate)
	}
	if most != nil && (cores > most.Cores || memory > most.MemoryMiB) {
		return fmt.Errorf("%d cores and %d MiB are more than the %d and %d there are: %w", cores, memory, most.Cores, most.MemoryMiB, ErrBadUpdate)
	}
	for i := range custom {
		if custom[i].Count < least || i > 0 && custom[i-1].Name >= custom[i].Name {
			return fmt.Errorf("custom resource %q: want names in ascending order and counts from %d on: %w", custom[i].Name, least, ErrBadUpdate)
		}
	}
	return nil
}

func (s *State) checkDemand(u *Update, r *DemandRow) error {
	if int64(r.Ref) >= int64(s.cfg.MaxDemands) {
		return fmt.Errorf("slot beyond the limit of %d: %w", s.cfg.MaxDemands, ErrBadUpdate)
	}
	d := s.demandSlot(r.Ref)
	if d.named == s.update {
		return fmt.Errorf("named twice: %w", ErrBadUpdate)
	}
	d.named = s.update
	if r.Gone {
		return nil
	}
	if err := checkAmounts(r.Need.Cores, r.Need.MemoryMiB, r.Need.Custom, nil, 1); err != nil {
		return fmt.Errorf("need: %w", err)
	}
	switch {
	case r.Need.Cores == 0:
		return fmt.Errorf("needs no core: %w: everything takes at least one", ErrBadUpdate)
	case s.after(u, r.Queue) == nil:
		return fmt.Errorf("queue %d is not there: %w: name it in the same update or before", r.Queue, ErrBadUpdate)
	case r.Gang && (r.Grow || r.Driver || r.Units == deploy.NoLimit):
		return fmt.Errorf("a gang of what grows, of drivers or without bound: %w: it is a number of executors of one size", ErrBadUpdate)
	case r.Grow && (r.Driver || r.Need.Cores != 1):
		return fmt.Errorf("only executors grow, and by one core: %w", ErrBadUpdate)
	case r.MaxPerWorker < 0:
		return fmt.Errorf("at most %d executors per worker: %w: 0 is no limit", r.MaxPerWorker, ErrBadUpdate)
	case (r.Apart != "" || r.MaxPerWorker > 0) && (r.Driver || r.Share == 0):
		return fmt.Errorf("apart %q, at most %d per worker: %w: such rules are for executors with a share", r.Apart, r.MaxPerWorker, ErrBadUpdate)
	case len(r.Prefer) > maxPrefer:
		return fmt.Errorf("%d preferred selectors: %w: at most %d", len(r.Prefer), ErrBadUpdate, maxPrefer)
	case r.Units < 0 || r.Cores < 0 || r.Profile < 0:
		return fmt.Errorf("%d units, %d cores, profile %d: %w: none is below 0", r.Units, r.Cores, r.Profile, ErrBadUpdate)
	}
	return checkSelectors(r)
}

// checkSelectors holds operators that are known and weights from 1 to 100.
func checkSelectors(r *DemandRow) error {
	for i := range r.Require {
		if r.Require[i].Operator > deploy.OpExists {
			return fmt.Errorf("required selector %d: operator %d is not known: %w", i, r.Require[i].Operator, ErrBadUpdate)
		}
	}
	for i := range r.Prefer {
		p := &r.Prefer[i]
		if p.Operator > deploy.OpExists || p.Weight < 1 || p.Weight > 100 {
			return fmt.Errorf("preferred selector %d: operator %d, weight %d: %w: want a known one and 1 to 100", i, p.Operator, p.Weight, ErrBadUpdate)
		}
	}
	return nil
}
