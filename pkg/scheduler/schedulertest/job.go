package schedulertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/scheduler"
)

// mostRounds bounds the plans at one time: a policy that always grants something more cannot be.
const mostRounds = 10_000

// plan tells the replica what has changed, and books plans until one decides nothing.
func (s *sim) plan(ctx context.Context) error {
	for range mostRounds {
		if err := s.state.Apply(s.update()); err != nil {
			return fmt.Errorf("tell the replica: %w", err)
		}
		p, err := s.policy.Place(ctx, s.state.View(0))
		if err != nil {
			return fmt.Errorf("make a plan: %w", err)
		}
		if err := Check(s.books, p); err != nil {
			return fmt.Errorf("a plan breaks the contract: %w", err)
		}
		s.tally.count(&p)
		for _, w := range p.Waiting {
			s.reasons[w.Demand] = w.Reason.Code
		}
		if len(p.Grants)+len(p.Reserve) == 0 {
			return nil
		}
		s.books.AcceptPlan(p)
		for i, run := range s.books.Running[len(s.books.Running)-len(p.Grants):] {
			s.starts(s.byRef[p.Grants[i].Demand], run)
		}
	}
	return fmt.Errorf("%d plans at one time and still something to grant: want a policy that comes to rest", mostRounds)
}

// update is full at first, then what has changed.
func (s *sim) update() *scheduler.Update {
	if s.tally.plans > 0 {
		return s.books.Delta()
	}
	s.books.Delta()
	return s.books.Full()
}

func (t *tally) count(p *scheduler.Plan) {
	t.plans++
	t.grants += len(p.Grants)
	t.reasons += len(p.Waiting)
	t.reserved += len(p.Reserve)
	t.most = max(t.most, len(p.Grants)+len(p.Waiting))
}

// starts notes that an executor of a job runs from now on.
func (s *sim) starts(j *job, run Running) {
	if !j.started {
		j.started, j.first = true, s.now
	}
	s.byRun[run.ID] = j
	s.works(j)
	j.running[run.ID] = run.Cores
	j.rate += run.Cores
	if j.Run > 0 {
		s.unless(func() bool { return s.byRun[run.ID] == nil }, s.now+j.Run, func() { s.finish(j, run.ID) })
		return
	}
	s.guess(j)
}

// stops forgets an executor, which has ended or was lost.
func (s *sim) stops(j *job, id uint64) {
	s.works(j)
	j.rate -= j.running[id]
	delete(j.running, id)
	delete(s.byRun, id)
	if j.Work > 0 {
		s.guess(j)
	}
}

// works counts what a job has done until now.
func (s *sim) works(j *job) {
	j.done += time.Duration(j.rate) * (s.now - j.mark)
	j.mark = s.now
}

// guess says when a job will be through if nothing changes.
func (s *sim) guess(j *job) {
	j.guess++
	if j.rate == 0 {
		return
	}
	number, rate := j.guess, time.Duration(j.rate)
	void := func() bool { return j.guess != number }
	s.unless(void, s.now+max(0, (j.Work-j.done+rate-1)/rate), func() {
		if void() { // something of the same time came before
			return
		}
		for _, id := range slices.Sorted(maps.Keys(j.running)) {
			s.finish(j, id)
		}
		s.leave(j)
	})
}

// finish ends an executor that is through, unless it was lost meanwhile.
func (s *sim) finish(j *job, id uint64) {
	i, ok := s.books.Find(id)
	if !ok {
		return
	}
	s.books.Finish(i)
	s.stops(j, id)
	if j.Run > 0 {
		if j.left--; j.left == 0 {
			s.leave(j)
		}
	}
}

func (s *sim) leave(j *job) {
	j.ended, j.last = true, s.now
	j.guess++ // what was guessed before is void
	s.books.SetDemand(scheduler.DemandRow{Ref: j.demand, Gone: true})
	delete(s.byRef, j.demand)
	delete(s.reasons, j.demand)
}
