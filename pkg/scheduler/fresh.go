package scheduler

// Fresh gives one more instance of a built-in policy, with the same options: a policy serves one caller at a time, and a dry run is another.
// False for any other policy.
func Fresh(p SchedulerPolicy) (SchedulerPolicy, bool) {
	switch p := p.(type) {
	case *Spread:
		return NewSpread(p.fifo.opts), true
	case *Pack:
		return NewPack(p.fifo.opts), true
	case *Fair:
		return NewFair(p.fifo.opts), true
	}
	return nil, false
}
