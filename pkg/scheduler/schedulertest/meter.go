package schedulertest

import (
	"maps"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// Sample is the cluster from one moment to the next. Parts are from 0 to 1.
type Sample struct {
	At         time.Duration
	Used       []float64 // of the capacity, by resource as in Report.Resources
	Waiting    int       // applications that want more and could have it
	Cores      int64     // that these want; what is without bound counts as the whole cluster
	Unfair     float64   // the most that a queue which wants more misses of its due part
	Jain       float64   // Jain's index of the queues' parts by what is due to them
	Fragmented float64   // of the cores: free, and of no use to the smallest request that waits
}

// meter looks at the cluster whenever something has changed.
type meter struct {
	resources []string
	samples   []Sample
	end       time.Duration
}

func newMeter(t *Trace) *meter {
	names := map[string]bool{}
	for _, m := range t.Machines {
		for _, a := range m.Capacity.Custom {
			names[a.Name] = true
		}
	}
	return &meter{resources: append([]string{deploy.ResourceCores, deploy.ResourceMemory}, slices.Sorted(maps.Keys(names))...)}
}

// advance says until when the last sample holds.
func (m *meter) advance(to time.Duration) { m.end = to }

func (m *meter) look(s *sim) {
	x := Sample{At: s.now, Jain: 1}
	total, free := map[string]int64{}, map[string]int64{}
	for i := range s.books.Workers {
		if w := &s.books.Workers[i]; !w.Gone {
			addResources(total, &w.Total)
			addResources(free, &w.Free)
		}
	}
	for _, name := range m.resources {
		x.Used = append(x.Used, part(total[name]-free[name], total[name]))
	}
	var smallest *scheduler.DemandRow
	wants := map[uint32]map[string]int64{}
	for i := range s.books.Demands {
		d := &s.books.Demands[i]
		if !s.wants(d) {
			continue
		}
		x.Waiting++
		if wants[d.Queue] == nil {
			wants[d.Queue] = map[string]int64{}
		}
		x.Cores += addWanted(wants[d.Queue], d, total)
		if smallest == nil || lessNeed(d, smallest) {
			smallest = d
		}
	}
	if smallest != nil {
		x.Fragmented = part(s.useless(smallest), total[deploy.ResourceCores])
		x.Unfair, x.Jain = fairness(s.books, wants, total)
	}
	m.samples = append(m.samples, x)
}

func addResources(sum map[string]int64, r *deploy.Resources) {
	sum[deploy.ResourceCores] += int64(r.Cores)
	sum[deploy.ResourceMemory] += r.MemoryMiB
	for _, a := range r.Custom {
		sum[a.Name] += int64(a.Count)
	}
}

// addWanted adds what a demand wants more, at most the whole cluster of each resource, and gives the cores.
func addWanted(sum map[string]int64, d *scheduler.DemandRow, total map[string]int64) int64 {
	units := int64(d.Units)
	if d.Grow { // cores are bounded by those of the application, the rest by executors
		units = max(1, min(units, total[deploy.ResourceCores]))
	} else {
		units = min(units, int64(d.Cores/d.Need.Cores))
	}
	cores := min(int64(d.Cores), total[deploy.ResourceCores])
	if !d.Grow {
		cores = min(cores, units*int64(d.Need.Cores))
	}
	sum[deploy.ResourceCores] += cores
	for name, n := range amountsOf(&d.Need, 0) {
		if name != deploy.ResourceCores {
			sum[name] += min(units*n, total[name])
		}
	}
	return cores
}

func part(of, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(of) / float64(whole)
}

// wants tells whether a demand waits for room and would use it: not for its own limits, a quota, or what no worker has.
func (s *sim) wants(d *scheduler.DemandRow) bool {
	if !wantsMore(d) {
		return false
	}
	why := s.reasons[d.Ref]
	return why != deploy.ReasonQuota && why != deploy.ReasonInfeasible && why != deploy.ReasonFilteredLabel && why != deploy.ReasonFilteredRule
}

// atOnce is what a demand must get together: the units of a gang, else one.
func atOnce(d *scheduler.DemandRow) int64 {
	if d.Gang {
		return int64(d.Units)
	}
	return 1
}

func lessNeed(a, b *scheduler.DemandRow) bool {
	x, y := atOnce(a)*int64(a.Need.Cores), atOnce(b)*int64(b.Need.Cores)
	return x < y || x == y && atOnce(a)*a.Need.MemoryMiB < atOnce(b)*b.Need.MemoryMiB
}

// useless counts the free cores that a demand cannot use: on workers where no unit of it fits, and what units of it would leave.
func (s *sim) useless(d *scheduler.DemandRow) int64 {
	free, units := int64(0), int64(0)
	for i := range s.books.Workers {
		w := &s.books.Workers[i]
		if w.Gone {
			continue
		}
		free += int64(w.Free.Cores)
		if w.Blocked == deploy.ReasonNone || keptFor(w, d) {
			units += roomIn(&w.Free, &d.Need)
		}
	}
	if units < atOnce(d) {
		units = 0
	}
	return free - units*int64(d.Need.Cores)
}
