package scheduler

import (
	"iter"

	"github.com/musterproject/muster/pkg/deploy"
)

// Drivers gives the drivers to be asked, in order, as Asked does before it gives executors.
func (v View) Drivers() iter.Seq[DemandRef] {
	return func(yield func(DemandRef) bool) {
		for v.valid() {
			d, ok := v.state.nextAsked(0)
			if !ok || !yield(d) {
				return
			}
		}
	}
}

// NextOf gives the next executor demand to ask of this very queue, not of those below; false if there is none. It and Asked go on where the
// other has stopped. Drivers come first, so be through with them.
func (v View) NextOf(queue uint32) (DemandRef, bool) {
	if !v.valid() {
		return 0, false
	}
	return v.state.nextOf(queue)
}

// Queues gives the queues, the root first, others after those above them and by name. Rows are as in the books, without what the view has
// granted, and not to be changed.
func (v View) Queues() iter.Seq[*QueueRow] {
	return func(yield func(*QueueRow) bool) {
		for _, ref := range v.state.ranked {
			if !yield(&v.state.queues[ref].row) {
				return
			}
		}
	}
}

// Asking gives the queues of which NextOf may give somebody, in no order.
func (v View) Asking() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		if !v.valid() {
			return
		}
		for _, ref := range v.state.waits.busy[1] {
			if !yield(ref) {
				return
			}
		}
	}
}

// Queue gives the row of a queue as Queues does, Gone if there is none.
func (v View) Queue(ref uint32) *QueueRow {
	if int(ref) >= len(v.state.queues) || !v.state.queues[ref].live {
		return &QueueRow{Ref: ref, Gone: true}
	}
	return &v.state.queues[ref].row
}

// Usage gives what a queue has, the takes of the view included: its own demands, or they and all below. There is one amount per resource: cores,
// MiB of memory, then each custom resource by name. It follows the takes and is not to be changed.
func (v View) Usage(queue uint32, below bool) []int64 {
	s := v.state
	switch {
	case int(queue) >= len(s.queues) || !s.queues[queue].live:
		return s.none
	case below:
		return s.queues[queue].all
	}
	return s.queues[queue].own
}

// Capacity gives what all live workers have in all, by resource as Usage. It is not to be changed.
func (v View) Capacity() []int64 { return v.state.capacity }

// Quantities gives a list by resource as Usage, -1 where it names none. What no worker and no queue has ever named is left out. It is valid as
// long as the view.
func (v View) Quantities(list []deploy.Quantity) []int64 {
	s := v.state
	from := len(s.lists)
	s.lists = append(s.lists, s.none...)
	vector := s.lists[from:len(s.lists):len(s.lists)]
	s.fill(vector, list, -1)
	return vector
}

// Group gives a number for a group that no take of this view has.
func (v View) Group() uint32 {
	v.state.groups++
	return v.state.groups
}
