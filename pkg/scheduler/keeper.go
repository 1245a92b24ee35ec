package scheduler

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// mostOverdue bounds the overdue demands that a plan looks at.
const mostOverdue = 1024

// keeper keeps workers for demands that have got nothing for too long, because what comes free is always taken by smaller ones first.
//
// Why nobody starves who is served when enough executors end: the workers kept for a demand take nobody else, so what is free on them only
// grows, and what the demand misses there only falls. If all that runs on them ends within the reservation, the demand fits by then at the
// latest. If not, the next reservation lasts twice as long, begins one worker further, and for a gang keeps one worker more, so that after
// as many tries as there are workers that never drain enough of them do. Whose turn it is goes by how long they have waited, less a time that doubles with each
// try: nobody who comes later is before them for ever, and a demand that cannot be helped comes up ever more seldom.
type keeper struct {
	late  []overdue
	spots []candidate
	refs  []WorkerRef
}

type overdue struct {
	ref  DemandRef
	turn int32
	from float64 // the milliseconds from which its wait counts
}

// candidate is a worker that a demand could run on.
type candidate struct {
	ref     WorkerRef
	turn    int32 // by id
	avoided int32 // 1 if it is
	missing float64
}

// keep proposes reservations until Max demands hold some.
func (k *keeper) keep(v View, o ReserveOptions) {
	if o.After <= 0 || v.Reserved() >= o.Max {
		return
	}
	k.late = k.late[:0]
	for d := range v.Overdue() {
		if len(k.late) == mostOverdue {
			break
		}
		row := v.Demand(d)
		later := float64(o.After.Milliseconds()) * float64(int64(1)<<min(row.Tries, 40))
		k.late = append(k.late, overdue{d, int32(len(k.late)), float64(row.Since.UnixMilli()) + later})
	}
	slices.SortFunc(k.late, func(a, b overdue) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.turn, b.turn)) })
	for _, x := range k.late {
		if v.Reserved() >= o.Max {
			return
		}
		if !k.reserve(v, x.ref) {
			return
		}
	}
}

// reserve keeps one worker for a single unit, and as many as hold it for a gang: those that miss least, beginning behind as many as there were
// tries. For a gang it keeps as many more as there were tries. It gives false if there would be enough but for those kept for others: then
// nobody else has his turn before these are served.
func (k *keeper) reserve(v View, d DemandRef) bool {
	row := v.Demand(d)
	units, more := int32(1), int32(0)
	if row.Gang {
		units, more = row.Units, row.Tries
	}
	if left, cores := v.Left(d); left < units || int64(cores) < int64(units)*int64(row.Need.Cores) {
		return true // its limits are what it waits for
	}
	k.rank(v, d, row)
	first := int(row.Tries)
	if mutant == triesIgnored {
		first = 0
	}
	k.refs = k.refs[:0]
	for i := 0; i < len(k.spots) && (units > 0 || more > 0); i++ {
		w := k.spots[(i+first)%len(k.spots)].ref
		if row.Gang && k.together(v, row.Apart, w) {
			continue
		}
		if units <= 0 {
			more--
		}
		k.refs = append(k.refs, w)
		units -= wholeUnits(v.Row(w), row)
	}
	switch {
	case (units > 0 || more > 0) && v.state.keptFromOthers(d):
		return false
	case units <= 0:
		v.Reserve(d, k.refs)
	}
	return true
}

// rank lists the candidates: not avoided before avoided, then by what they miss, then by id.
func (k *keeper) rank(v View, d DemandRef, row *DemandRow) {
	k.spots = k.spots[:0]
	for w := range v.Candidates(d) {
		c := candidate{ref: w, turn: int32(len(k.spots)), missing: missingOn(v.Free(w), v.Row(w), row)}
		if slices.Contains(row.Avoid, w) {
			c.avoided = 1
		}
		k.spots = append(k.spots, c)
	}
	slices.SortFunc(k.spots, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.avoided, b.avoided), cmp.Compare(a.missing, b.missing), cmp.Compare(a.turn, b.turn))
	})
}

// together tells whether a worker is where one of those kept already is, and the gang is to be apart.
func (k *keeper) together(v View, apart string, w WorkerRef) bool {
	if apart == "" {
		return false
	}
	domain, ok := Domain(v.Row(w), apart)
	return ok && slices.ContainsFunc(k.refs, func(other WorkerRef) bool {
		value, some := Domain(v.Row(other), apart)
		return some && value == domain
	})
}

// wholeUnits gives how many units of a demand a worker would take if nothing ran there.
func wholeUnits(w *WorkerRow, row *DemandRow) int32 {
	return min(unitsIn(&w.Total, &row.Need), row.perWorker())
}

// missingOn gives what a worker does not have free, in parts of what is needed there, of each resource from 0 to 1: of one unit, or of as many
// of a gang as it would hold.
func missingOn(free deploy.Resources, w *WorkerRow, row *DemandRow) float64 {
	n, units := &row.Need, int64(1)
	if row.Gang {
		units = int64(wholeUnits(w, row))
	}
	sum := part(int64(free.Cores), times(int64(n.Cores), units)) + part(free.MemoryMiB, times(n.MemoryMiB, units))
	for i := range n.Custom {
		sum += part(int64(free.Of(n.Custom[i].Name)), times(int64(n.Custom[i].Count), units))
	}
	return sum
}

// part gives how much of a need is missing.
func part(have, need int64) float64 {
	if have >= need {
		return 0
	}
	return float64(need-have) / float64(need)
}
