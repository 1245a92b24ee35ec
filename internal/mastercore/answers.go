package mastercore

import (
	"cmp"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// answers remembers what each request was told. The answer to a registration or submission is pinned while its record lives, which keeps it;
// all others are records of their own, of which the oldest go.
type answers struct {
	byID  map[deploy.RequestID]*answer
	queue []*answer // not pinned, oldest first, from head on
	head  int

	restored int // how many came from earlier epochs, perhaps under a larger limit
}

type answer struct {
	deploy.Answer
	pinned bool
}

func (as *answers) find(id deploy.RequestID) *deploy.Answer {
	if a := as.byID[id]; a != nil {
		return &a.Answer
	}
	return nil
}

// pin remembers an answer that a record keeps.
func (as *answers) pin(a deploy.Answer) { as.byID[a.Request] = &answer{Answer: a, pinned: true} }

// keep makes an answer durable.
func (as *answers) keep(c *Core, a deploy.Answer) {
	kept := &answer{Answer: a}
	as.byID[a.Request] = kept
	as.queue = append(as.queue, kept)
	c.persist(deploy.PutAnswer{Answer: a})
	for len(as.queue)-as.head > max(c.cfg.RetainedAnswers, 1) {
		old := as.queue[as.head].Request
		as.queue[as.head] = nil
		as.head++
		delete(as.byID, old)
		c.persist(deploy.DropAnswer{Request: old})
	}
	if as.head > len(as.queue)/2 {
		as.queue = slices.Delete(as.queue, 0, as.head)
		as.head = 0
	}
}

// unpin makes a pinned answer a record of its own, because the record that keeps it goes. end, if not nil, is what a repeat is told from now on.
func (as *answers) unpin(c *Core, id deploy.RequestID, end error) {
	a := as.byID[id]
	if a == nil || !a.pinned {
		return
	}
	kept := a.Answer
	if end != nil {
		f := deploy.NewFault(end)
		kept.Code, kept.Text = f.Code(), f.Error()
	}
	kept.At = c.now
	as.keep(c, kept)
}

// restore takes over the answers of earlier epochs, oldest first. Pinned ones are there already and win: their things live.
func (as *answers) restore(saved []deploy.Answer) {
	slices.SortFunc(saved, func(a, b deploy.Answer) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Request, b.Request))
	})
	for _, a := range saved {
		if as.byID[a.Request] == nil {
			kept := &answer{Answer: a}
			as.byID[a.Request] = kept
			as.queue = append(as.queue, kept)
		}
	}
	as.restored = len(as.queue)
}
