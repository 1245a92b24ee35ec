package schedulertest

import (
	"cmp"
	"slices"
)

// fairness compares what queues have with what is due to them: the whole cluster, dealt from the root by weight among the queues in which
// something runs or wants to, a queue's own demands as one more of weight 1. Nobody is due more than he has and wants; what he leaves is
// dealt among the others. It gives the most that one misses, and Jain's index of share by due part.
func fairness(b *Books, wants map[uint32]map[string]int64, total map[string]int64) (unfair, jain float64) {
	f := &deal{books: b, wants: wants, total: total, below: map[uint32][]uint32{}}
	for i := range b.Queues {
		if q := &b.Queues[i]; !q.Gone && i > 0 {
			f.below[q.Parent] = append(f.below[q.Parent], q.Ref)
		}
	}
	f.queue(0, 1)
	sum, squares := 0.0, 0.0
	for _, x := range f.parts {
		sum += x
		squares += x * x
	}
	if squares == 0 {
		return f.unfair, 1
	}
	return f.unfair, sum * sum / (float64(len(f.parts)) * squares)
}

// deal is one look at the tree of queues.
type deal struct {
	books  *Books
	wants  map[uint32]map[string]int64 // by queue and resource, what its own demands want more
	total  map[string]int64
	below  map[uint32][]uint32
	unfair float64
	parts  []float64 // share by due part, of all that have own demands
}

// child is a queue below, or the own demands of the queue.
type child struct {
	queue  uint32
	own    bool
	weight float64
	share  float64
	most   float64 // the share it would have with all that it wants
	due    float64
}

// queue deals what is due to a queue among what is in it.
func (f *deal) queue(ref uint32, due float64) {
	var list []child
	add := func(c child, used, wanted map[string]int64) {
		c.share = f.dominant(used, nil)
		c.most = f.dominant(used, wanted)
		if c.most > 0 {
			list = append(list, c)
		}
	}
	add(child{queue: ref, own: true, weight: 1}, f.own(ref), f.wants[ref])
	below := f.below[ref]
	slices.SortFunc(below, func(a, b uint32) int { return cmp.Compare(f.books.Queues[a].Name, f.books.Queues[b].Name) })
	for _, q := range below {
		used, wanted := map[string]int64{}, map[string]int64{}
		f.gather(q, used, wanted)
		add(child{queue: q, weight: f.books.Queues[q].Weight}, used, wanted)
	}
	pour(list, due)
	for _, c := range list {
		f.unfair = max(f.unfair, c.due-c.share)
		switch {
		case !c.own:
			f.queue(c.queue, c.due)
		case c.due > 0:
			f.parts = append(f.parts, c.share/c.due)
		}
	}
}

// pour deals by weight, nobody more than most; who reaches that leaves the rest to the others.
func pour(list []child, due float64) {
	open := make([]*child, len(list))
	for i := range list {
		open[i] = &list[i]
	}
	for len(open) > 0 {
		sum := 0.0
		for _, c := range open {
			sum += c.weight
		}
		rest, still := due, open[:0:0]
		for _, c := range open {
			if c.due = due * c.weight / sum; c.most <= c.due {
				c.due = c.most
				rest -= c.most
			} else {
				still = append(still, c)
			}
		}
		if len(still) == len(open) {
			return
		}
		open, due = still, rest
	}
}

func (f *deal) own(ref uint32) map[string]int64 {
	used := map[string]int64{}
	if int(ref) < len(f.books.Queues) {
		for _, a := range f.books.Queues[ref].Used {
			used[a.Resource] = a.Amount
		}
	}
	return used
}

// gather sums what a queue and all below it have and want.
func (f *deal) gather(ref uint32, used, wanted map[string]int64) {
	for name, n := range f.own(ref) {
		used[name] += n
	}
	for name, n := range f.wants[ref] {
		wanted[name] += n
	}
	for _, q := range f.below[ref] {
		f.gather(q, used, wanted)
	}
}

// dominant is the greatest part of any resource, at most all.
func (f *deal) dominant(used, wanted map[string]int64) float64 {
	most := 0.0
	for name, all := range f.total {
		most = max(most, part(used[name]+wanted[name], all))
	}
	return min(1, most)
}
