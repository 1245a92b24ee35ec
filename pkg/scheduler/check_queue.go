package scheduler

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

const (
	mostDepth  = 16      // of the tree of queues
	mostUsed   = 1 << 46 // of a resource by one queue, so that sums do not overflow
	mostMemory = 1 << 42 // MiB of one worker that capacity counts, likewise
)

// checkQueues finds what is wrong with the queues of an update.
func (s *State) checkQueues(u *Update) error {
	reshaped := false
	for i := range u.Queues {
		r := &u.Queues[i]
		if int64(r.Ref) >= int64(s.cfg.MaxQueues) {
			return fmt.Errorf("queue %d (%s): slot beyond the limit of %d: %w", r.Ref, r.Name, s.cfg.MaxQueues, ErrBadUpdate)
		}
		q := s.queueSlot(r.Ref)
		if q.named == s.update {
			return fmt.Errorf("queue %d (%s): named twice: %w", r.Ref, r.Name, ErrBadUpdate)
		}
		q.named, q.nth = s.update, int32(i)
		if err := checkQueue(r); err != nil {
			return fmt.Errorf("queue %d (%s): %w", r.Ref, r.Name, err)
		}
		reshaped = reshaped || u.Full || r.Gone == q.live || q.row.Parent != r.Parent
	}
	for ref := range s.queues {
		if !reshaped {
			break
		}
		if r := s.after(u, uint32(ref)); r != nil {
			if err := s.checkPath(u, r); err != nil {
				return fmt.Errorf("queue %d (%s): %w", r.Ref, r.Name, err)
			}
		}
	}
	return nil
}

func checkQueue(r *QueueRow) error {
	switch {
	case r.Gone:
		return nil
	case r.Ref == 0 && r.Parent != 0:
		return fmt.Errorf("the root is below queue %d: %w: it has parent 0", r.Parent, ErrBadUpdate)
	case !(r.Weight > 0 && r.Weight < 1e300):
		return fmt.Errorf("weight %v: %w: want a number above 0", r.Weight, ErrBadUpdate)
	}
	for _, x := range []struct {
		what string
		list []deploy.Quantity
		most int64
	}{{"minimum", r.Min, 1<<63 - 1}, {"quota", r.Quota, 1<<63 - 1}, {"used", r.Used, mostUsed}} {
		for i, a := range x.list {
			if a.Amount < 0 || a.Amount > x.most || i > 0 && x.list[i-1].Resource >= a.Resource {
				return fmt.Errorf("%s, %s of %d: %w: want names in ascending order and amounts from 0 to %d", x.what, a.Resource, a.Amount, ErrBadUpdate, x.most)
			}
		}
	}
	return nil
}

// checkPath goes up to the root.
func (s *State) checkPath(u *Update, r *QueueRow) error {
	for depth := 0; r.Ref != 0; depth++ {
		above := s.after(u, r.Parent)
		if above == nil {
			return fmt.Errorf("queue %d above it is not there: %w: name it in the same update or before", r.Parent, ErrBadUpdate)
		}
		if r = above; depth == mostDepth {
			return fmt.Errorf("no root above it within %d levels: %w", mostDepth, ErrBadUpdate)
		}
	}
	return nil
}

// after gives the row of a queue as the update leaves it, nil if there will be none.
func (s *State) after(u *Update, ref uint32) *QueueRow {
	if int(ref) >= len(s.queues) {
		return nil
	}
	q := &s.queues[ref]
	switch {
	case ref == 0:
		return &q.row
	case q.named == s.update && u.Queues[q.nth].Gone:
		return nil
	case q.named == s.update:
		return &u.Queues[q.nth]
	case u.Full || !q.live:
		return nil
	}
	return &q.row
}

// checkLeft finds demands that stay in a queue that goes. Those that the update moves or ends have been checked.
func (s *State) checkLeft(u *Update) error {
	for i := range u.Queues {
		r := &u.Queues[i]
		if u.Full || !r.Gone || r.Ref == 0 || !s.queues[r.Ref].live {
			continue
		}
		stay := s.queues[r.Ref].members
		for j := range u.Demands {
			if d := &s.demands[u.Demands[j].Ref]; d.live && d.row.Queue == r.Ref {
				stay--
			}
		}
		if stay > 0 {
			return fmt.Errorf("queue %d (%s): %d demands still name it: %w: move or end them first", r.Ref, s.queues[r.Ref].row.Name, stay, ErrBadUpdate)
		}
	}
	return nil
}
