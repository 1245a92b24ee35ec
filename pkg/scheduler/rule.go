package scheduler

import "github.com/musterproject/muster/pkg/deploy"

// RuleMaxPerWorker names the rule in a Cause of FILTERED_RULE; a rule to be apart is named by what DemandRow.Apart says.
const RuleMaxPerWorker = "maxPerWorker"

// tenant is the application with a share on a worker.
type tenant struct {
	share uint32
	held  int32 // executors by the books
	taken int32 // by this view
}

// ruleKey is a rule of placement and whom it binds.
type ruleKey struct {
	share uint32
	apart string
	most  int32 // executors per worker
}

// rule keeps the executors of a share apart. Rule 0 is none.
type rule struct {
	ruleKey
	demands int32
	next    int32            // the next of the same share, 0 if none
	eased   bool             // somewhere it allows more than a policy last saw
	domains map[string]int32 // executors by host or value of the label
}

// rules holds what keeps demands apart.
type rules struct {
	list    []rule
	byKey   map[ruleKey]int32
	unused  []int32
	tenants tree    // by (share, worker): who holds something by the books
	groups  tree    // by (rule, group): who waits
	eased   []int32 // rules
}

func newRules(f *forest) rules {
	return rules{list: make([]rule, 1), byKey: map[ruleKey]int32{}, tenants: newTree(f, false), groups: newTree(f, false)}
}

// pairKey stands behind pairStart of the same first.
func pairKey(first, second uint32) key { return key{uint64(first), 1<<32 | uint64(second)} }

func pairStart(first uint32) key { return key{hi: uint64(first)} }

// domain gives the host or the value that workers share. Who lacks the label is alone.
func (w *worker) domain(apart string) (string, bool) { return Domain(&w.row, apart) }

// Domain gives what keeps a worker's executors from those of others by DemandRow.Apart: its host, or its value of the label; false if it lacks
// the label and so shares a domain with no other.
func Domain(w *WorkerRow, apart string) (string, bool) {
	if apart == deploy.ApartHost {
		return w.Host, true
	}
	for i := range w.Labels {
		if w.Labels[i].Key == apart {
			return w.Labels[i].Value, true
		}
	}
	return "", false
}

// ruleOf counts a demand in and gives its rule, after its share.
func (s *State) ruleOf(row *DemandRow, share int32) int32 {
	if row.Apart == "" && row.MaxPerWorker == 0 {
		return 0
	}
	x := &s.rules
	k := ruleKey{row.Share, row.Apart, row.MaxPerWorker}
	i, ok := x.byKey[k]
	if !ok {
		i = int32(len(x.list))
		if n := len(x.unused); n > 0 {
			i, x.unused = x.unused[n-1], x.unused[:n-1]
		} else {
			x.list = append(x.list, rule{})
		}
		r := &x.list[i]
		*r = rule{ruleKey: k, next: s.shares[share].rule, domains: r.domains}
		s.shares[share].rule, x.byKey[k] = i, i
		s.fillDomains(r)
	}
	x.list[i].demands++
	return i
}

func (s *State) fillDomains(r *rule) {
	if r.apart == "" {
		return
	}
	if r.domains == nil {
		r.domains = map[string]int32{}
	}
	for k, ok := s.rules.tenants.next(pairStart(r.share), 0); ok && k.hi == uint64(r.share); k, ok = s.rules.tenants.next(k, 0) {
		w := &s.workers[k.ref()]
		if value, ok := w.domain(r.apart); ok {
			r.domains[value] += w.tenant(r.share).held
		}
	}
}

// unrule counts a demand out of its rule, before its share.
func (s *State) unrule(i, share int32) {
	x := &s.rules
	r := &x.list[i]
	if i == 0 {
		return
	}
	if r.demands--; r.demands > 0 {
		return
	}
	at := &s.shares[share].rule
	for *at != i {
		at = &x.list[*at].next
	}
	*at = r.next
	delete(x.byKey, r.ruleKey)
	clear(r.domains)
	*r = rule{domains: r.domains}
	x.unused = append(x.unused, i)
}

// tenant gives what a share has on a worker.
func (w *worker) tenant(share uint32) tenant {
	for i := range w.tenants {
		if w.tenants[i].share == share {
			return w.tenants[i]
		}
	}
	return tenant{}
}

// lodge adds to what a share has on a worker.
func (s *State) lodge(w *worker, share uint32, held, taken int32) {
	i := 0
	for i < len(w.tenants) && w.tenants[i].share != share {
		i++
	}
	if i == len(w.tenants) {
		w.tenants = append(w.tenants, tenant{share: share})
	}
	t := &w.tenants[i]
	t.held += held
	t.taken += taken
	if t.held == 0 && t.taken == 0 {
		w.tenants[i] = w.tenants[len(w.tenants)-1]
		w.tenants = w.tenants[:len(w.tenants)-1]
	}
	if mutant == apartForgets {
		taken = 0
	}
	s.settleIn(w, share, held+taken)
}

// settleIn adds to the domains of a worker for all rules of a share. Less than before eases them.
func (s *State) settleIn(w *worker, share uint32, n int32) {
	slot, ok := s.byShare[share]
	if !ok {
		return
	}
	for i := s.shares[slot].rule; i != 0; i = s.rules.list[i].next {
		r := &s.rules.list[i]
		if value, ok := w.domain(r.apart); ok && r.apart != "" {
			if r.domains[value] += n; r.domains[value] == 0 {
				delete(r.domains, value)
			}
		}
		if n < 0 {
			s.relax(i)
		}
	}
}

func (s *State) relax(i int32) {
	if r := &s.rules.list[i]; !r.eased {
		r.eased = true
		s.rules.eased = append(s.rules.eased, i)
	}
}

// applyHeld takes over one row.
func (s *State) applyHeld(row *HeldRow) {
	w := &s.workers[row.Worker]
	was := w.tenant(row.Share).held
	if was == row.Executors {
		return
	}
	s.history.add(change{version: s.version, ref: row.Share, worker: row.Worker, kind: ofHeld})
	s.lodge(w, row.Share, row.Executors-was, 0)
	switch k := pairKey(row.Share, uint32(row.Worker)); {
	case was == 0:
		s.rules.tenants.insert(k, 0)
	case row.Executors == 0:
		s.rules.tenants.remove(k)
	}
}

// moveOut takes what is held on a worker out of its domains before it changes them, and moveIn puts it into those it has then.
func (s *State) moveOut(w *worker) {
	for _, t := range w.tenants {
		s.settleIn(w, t.share, -t.held)
	}
}

func (s *State) moveIn(w *worker) {
	for _, t := range w.tenants {
		s.settleIn(w, t.share, t.held)
	}
}

// vacate forgets what is held on a worker that goes.
func (s *State) vacate(ref WorkerRef, w *worker) {
	s.moveOut(w)
	for _, t := range w.tenants {
		s.history.add(change{version: s.version, ref: t.share, worker: ref, kind: ofHeld}) // another one may come to the slot
		s.rules.tenants.remove(pairKey(t.share, uint32(ref)))
	}
	w.tenants = w.tenants[:0]
}

// untake forgets what this view has taken on a worker.
func (s *State) untake(w *worker) {
	for i := len(w.tenants) - 1; i >= 0; i-- {
		if t := w.tenants[i]; t.taken > 0 {
			s.lodge(w, t.share, 0, -t.taken)
		}
	}
}

// allows tells whether a rule bears one more executor on a worker.
func (s *State) allows(i int32, w *worker) bool { return i == 0 || s.spare(i, w) > 0 }

// spare gives how many more executors a rule bears on a worker.
func (s *State) spare(i int32, w *worker) int32 {
	if i == 0 {
		return deploy.NoLimit
	}
	r := &s.rules.list[i]
	t := w.tenant(r.share)
	here := t.held + t.taken
	if r.apart == "" {
		return max(0, r.most-here)
	}
	if value, ok := w.domain(r.apart); here > 0 || ok && r.domains[value] > 0 {
		return 0
	}
	return 1
}

// wakeEased wakes those that wait with a rule that allows more somewhere than before.
func (s *State) wakeEased() {
	x := &s.rules
	for _, i := range x.eased {
		x.list[i].eased = false
		for k, ok := x.groups.next(pairStart(uint32(i)), 0); ok && k.hi == uint64(i); k, ok = x.groups.next(k, 0) {
			if g := &s.waits.groups[k.ref()]; !g.woken && !g.watches {
				s.shapes.list[g.shape].groups.remove(g.key(int32(k.ref())))
				s.release(int32(k.ref()), g)
			}
		}
	}
	x.eased = x.eased[:0]
}
