package sim

import "time"

// wreak begins the first phase: every kind of fault of the profile comes again and again.
func (w *World) wreak() {
	again := func(mean time.Duration, do func()) {
		if mean == 0 {
			return
		}
		var next func()
		next = func() {
			if w.healed {
				return
			}
			do()
			w.after(w.between(0, 2*mean), next)
		}
		w.after(w.between(0, 2*mean), next)
	}
	p := &w.p
	again(p.Break, w.breakSession)
	again(p.Partition, w.partition)
	again(p.Unseat, w.unseat)
	again(p.CrashMaster, w.crashMaster)
	again(p.CrashWorker, w.crashWorker)
	again(p.CrashApp, w.crashApp)
	again(p.Leave, w.leave)
	again(p.Reconfigure, w.reconfigure)
	again(p.PauseMaster, func() { w.pause(w.masters[w.rng.IntN(len(w.masters))].node) })
	again(p.PauseWorker, func() { w.pause(w.workers[w.rng.IntN(len(w.workers))].node) })
	again(p.StoreOutage, w.storeOutage)
}

func (w *World) breakSession() {
	n := w.nodes[w.rng.IntN(len(w.nodes))]
	if len(n.ends) == 0 {
		return
	}
	w.count("session broken")
	e := n.ends[w.rng.IntN(len(n.ends))]
	e.tellOther("connection reset")
	e.closeFrom("connection reset")
}

// partition cuts one node or a random half of them off from the others, both ways or one way, masters sometimes from ballot and store too.
func (w *World) partition() {
	inside := map[int]bool{}
	if w.chance(.6) {
		inside[w.rng.IntN(len(w.masters)+len(w.workers))] = true
	} else {
		for _, n := range w.nodes {
			inside[n.index] = w.chance(.5)
		}
	}
	oneWay := w.chance(w.p.OneWay)
	kind := "partition"
	if oneWay {
		kind = "one-way partition"
	}
	w.count(kind)
	w.trace(w.nodes[0], kind, uint64(len(inside)), 0)
	var cut [][2]int
	for _, a := range w.nodes {
		for _, b := range w.nodes {
			if inside[a.index] && !inside[b.index] {
				cut = append(cut, [2]int{a.index, b.index})
				if !oneWay {
					cut = append(cut, [2]int{b.index, a.index})
				}
			}
		}
	}
	for _, pair := range cut {
		w.cut[pair] = true
	}
	w.after(w.between(w.p.CutFor/4, w.p.CutFor), w.cutOff(inside, cut))
}

// cutOff keeps some of the masters inside from the ballot or the store as well. It gives what joins everything again.
func (w *World) cutOff(inside map[int]bool, cut [][2]int) func() {
	var joins []func()
	for _, m := range w.masters {
		for _, off := range [...]map[int]bool{w.offBallot, w.offStore} {
			if inside[m.index] && w.chance(.4) {
				off[m.index] = true
				joins = append(joins, func() { delete(off, m.index) })
			}
		}
	}
	return func() {
		for _, pair := range cut {
			delete(w.cut, pair)
		}
		for _, join := range joins {
			join()
		}
	}
}

// unseat gives the ballot to another master although its holder lives.
func (w *World) unseat() {
	m := w.masters[w.rng.IntN(len(w.masters))]
	if m.up && w.ballot.holder != nil && w.ballot.holder != m {
		w.count("leader unseated")
		w.ballot.holder, w.ballot.until = m, w.now+ballotLease
	}
}

func (w *World) crashMaster() {
	m := w.masters[w.rng.IntN(len(w.masters))]
	if w.ballot.holder != nil && w.chance(.5) {
		m = w.ballot.holder
	}
	if !m.up {
		return
	}
	w.count("master crashed")
	m.crash()
	w.after(w.between(0, w.p.Down), func() {
		if !m.up {
			m.begin()
		}
	})
}

func (w *World) crashWorker() {
	k := w.workers[w.rng.IntN(len(w.workers))]
	if k.up {
		w.count("worker crashed")
		k.crash(w.between(0, w.p.Down))
	}
}

func (w *World) crashApp() {
	a := w.apps[w.rng.IntN(len(w.apps))]
	if a.up && !a.over {
		w.count("application crashed")
		a.crash()
	}
}

func (w *World) pause(n *node) {
	if n.up && !n.paused {
		w.count("paused")
		n.pause(w.between(0, w.p.PauseFor))
	}
}

func (w *World) storeOutage() {
	w.count("store outage")
	w.store.outage = true
	w.after(w.between(time.Second, 10*time.Second), func() { w.store.outage = false })
}

// heal ends all faults: what is cut is joined, who is down comes back, who is paused goes on. What was under way for long is lost.
func (w *World) heal() {
	w.healed, w.healedAt = true, w.now
	clear(w.cut)
	clear(w.offBallot)
	clear(w.offStore)
	w.store.outage = false
	for _, n := range w.nodes {
		if n.paused {
			n.goOn()
		}
	}
	for _, m := range w.masters {
		if !m.up {
			m.begin()
		}
	}
	for _, a := range w.apps {
		a.settle()
	}
}
