package scheduler

import (
	"iter"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// View is what a policy sees of a State while it makes one plan: the books less what the plan has taken so far. It is valid until the next
// Apply or View; after that it finds and takes nothing.
type View struct {
	state  *State
	number uint64
}

// View opens a view that asks at most max demands, all if max is 0. What a bounded view did not ask is asked by the next.
func (s *State) View(max int) View {
	s.planned = false
	s.settle()
	s.wakeTimed()
	s.wakeFitting()
	s.view++
	s.open = true
	s.startWalk(max)
	if s.buf == &s.bufs[0] {
		s.buf = &s.bufs[1]
	} else {
		s.buf = &s.bufs[0]
	}
	clear(s.buf.waiting)
	s.buf.grants, s.buf.waiting, s.buf.causes, s.buf.reserve = s.buf.grants[:0], s.buf.waiting[:0], s.buf.causes[:0], s.buf.reserve[:0]
	s.back, s.failed, s.groups, s.lists = s.back[:0], s.failed[:0], 0, s.lists[:0]
	return View{s, s.view}
}

// valid tells whether v is the open view of its state.
func (v View) valid() bool { return v.state.open && v.state.view == v.number }

// Asked gives the demands to decide on, in order: drivers, then executors, each by (Order, Profile). These are the new and changed ones and
// those whose wake has come. A demand that waits for room is left out if by its turn nothing fits it: its reason stands.
func (v View) Asked() iter.Seq[DemandRef] {
	return func(yield func(DemandRef) bool) {
		for {
			d, ok := v.ask()
			if !ok || !yield(d) {
				return
			}
		}
	}
}

func (v View) ask() (DemandRef, bool) {
	if !v.valid() {
		return 0, false
	}
	s := v.state
	if s.walk.kind == 0 {
		if d, ok := s.nextAsked(0); ok {
			return d, true
		}
		s.walk.kind = 1
	}
	return s.nextAsked(1)
}

// Take grants cores of w to one unit of d, if w has room and d may have it: exactly Need.Cores, or, if d grows, so many or more; then d gets
// no second grant there in this plan. What breaks a quota is refused, and so is a unit of a gang outside the one group of the gang. The takes
// of one group other than 0 hold all together: once one fails, all are taken back.
func (v View) Take(d DemandRef, w WorkerRef, cores int32, group uint32) bool {
	if !v.valid() {
		return false
	}
	ok := v.state.take(d, w, cores, group)
	if !ok && group != 0 && !slices.Contains(v.state.failed, group) {
		v.state.fail(group)
	}
	return ok
}

// Wait leaves d waiting with a reason until its wake. The last word on a demand counts.
func (v View) Wait(d DemandRef, r Reason, until Wake) {
	if !v.valid() || int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return
	}
	s := v.state
	x := &s.demands[d]
	if x.waited < 0 {
		x.waited = int32(len(s.buf.waiting))
		s.buf.waiting = append(s.buf.waiting, Waiting{})
	}
	s.buf.waiting[x.waited] = Waiting{d, r, until}
	if s.due(&until) {
		s.late = append(s.late, d)
	}
}

// Plan gives what was decided. It may be read until the next but one View of the State; Clone it to keep it.
func (v View) Plan() Plan {
	if !v.valid() {
		return Plan{}
	}
	s := v.state
	s.planned = true
	return Plan{Epoch: s.epoch, Version: s.version, Grants: s.buf.grants, Waiting: s.buf.waiting, Reserve: s.buf.reserve}
}

// Free gives what w has free now. Its Custom is not to be changed or kept.
func (v View) Free(w WorkerRef) deploy.Resources {
	if int(w) >= len(v.state.workers) {
		return deploy.Resources{}
	}
	return v.state.workers[w].free
}

// Row gives the books' row of w, without what the view has taken; Gone if there is none.
func (v View) Row(w WorkerRef) *WorkerRow {
	if int(w) >= len(v.state.workers) || !v.state.workers[w].live {
		return &WorkerRow{Ref: w, Gone: true}
	}
	return &v.state.workers[w].row
}

// Demand gives the books' row of d, without what the view has granted; Gone if there is none.
func (v View) Demand(d DemandRef) *DemandRow {
	if int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return &DemandRow{Ref: d, Gone: true}
	}
	return &v.state.demands[d].row
}

// Left gives the units d may still get and the cores its application may, as far as they want them and the quotas of its queue and those
// above leave room, less what the view has granted; NoLimit is without bound. Only Explain tells whether d wants more than it may get.
func (v View) Left(d DemandRef) (units, cores int32) {
	if int(d) >= len(v.state.demands) || !v.state.demands[d].live {
		return 0, 0
	}
	x := &v.state.demands[d]
	return v.state.within(x, x.left, v.state.coresLeft(x))
}

// DriverSlots gives how many more drivers may run, less those placed by the view.
func (v View) DriverSlots() int32 { return v.state.slots }

// Workers counts the workers that take work.
func (v View) Workers() int {
	v.state.flush()
	return v.state.shapes.list[0].free.cores.n
}

// Worker gives the worker that takes work and has i such before it in order of id.
func (v View) Worker(i int) WorkerRef {
	x := &v.state.shape(0).free
	v.state.order(x, ByWorkerID, 0)
	return WorkerRef(x.names.at(i).ref())
}

// Seed gives the seed of the update that the view stands on, as Now and Version give its time and version.
func (v View) Seed() uint64 { return v.state.seed }

// Now gives the time of the update.
func (v View) Now() time.Time { return v.state.now }

// Version gives epoch and version of the books.
func (v View) Version() (epoch, version uint64) { return v.state.epoch, v.state.version }
