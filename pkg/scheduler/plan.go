package scheduler

import "slices"

// Clone gives a plan of its own memory.
func (p Plan) Clone() Plan {
	p.Grants = slices.Clone(p.Grants)
	p.Waiting = slices.Clone(p.Waiting)
	p.Reserve = slices.Clone(p.Reserve)
	for i := range p.Waiting {
		p.Waiting[i].Reason.Causes = slices.Clone(p.Waiting[i].Reason.Causes)
	}
	return p
}
