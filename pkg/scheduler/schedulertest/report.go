package schedulertest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Report says how a policy did on a trace. Means are over time; those "while busy" over the time in which something waited for room.
type Report struct {
	Policy    string // the name of its type; set it to tell variants apart
	Trace     string
	Span      time.Duration // from the start to the last end
	Resources []Utilisation
	Waits     []Waits // all, then by queue, then by size
	Unfair    Level   // the most that a queue which wants more misses of its due part, while busy
	Jain      float64 // mean of Jain's index while busy: 1 is fair, 1/n is all for one of n
	Fragments Level   // of the cores: free, and of no use to the smallest request that waits, while busy
	Starved   []string
	Never     []string // applications that got nothing at all
	Plans     int
	Grants    int
	Decisions int // grants and reasons in all plans
	Most      int // decisions in one plan
	Reserved  int // workers that were proposed to be kept
	Samples   []Sample
}

// Level is a mean and the worst.
type Level struct{ Mean, Worst float64 }

// Utilisation is how much of one resource was in use.
type Utilisation struct {
	Resource          string
	Mean, Busy, Worst float64 // Busy: while something waited; Worst is the peak
}

// Waits are how long applications waited for their first executor.
type Waits struct {
	Group         string
	Apps          int // that got one
	P50, P95, Max time.Duration
	Turnaround    time.Duration // mean time from arrival to end
}

func (s *sim) report() Report {
	name := fmt.Sprintf("%T", s.policy)
	r := Report{
		Policy: strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]), Trace: s.trace.Name, Span: s.meter.end, Plans: s.tally.plans, Grants: s.tally.grants, Decisions: s.tally.grants + s.tally.reasons,
		Most: s.tally.most, Reserved: s.tally.reserved, Samples: s.meter.samples,
	}
	s.levels(&r)
	starve := cmp.Or(s.trace.Starve, time.Hour)
	for _, j := range s.jobs {
		switch {
		case j.arrived && !j.started:
			r.Never = append(r.Never, j.Name)
		case j.started && j.first-j.At >= starve:
			r.Starved = append(r.Starved, j.Name)
		}
	}
	r.Waits = append(r.Waits, s.waits("all", func(*job) bool { return true }))
	for _, path := range slices.Sorted(maps.Keys(s.queues)) {
		if w := s.waits("queue "+cmp.Or(path, deploy.RootQueue), func(j *job) bool { return j.Place.Queue == path }); w.Apps > 0 {
			r.Waits = append(r.Waits, w)
		}
	}
	from := int32(0)
	for _, to := range []int32{2, 8, 32, deploy.NoLimit} {
		name := fmt.Sprintf("%d to %d cores", from+1, to)
		if to == deploy.NoLimit {
			name = fmt.Sprintf("over %d cores", from)
		}
		low := from
		if w := s.waits(name, func(j *job) bool { return j.size() > low && j.size() <= to }); w.Apps > 0 {
			r.Waits = append(r.Waits, w)
		}
		from = to
	}
	return r
}

// levels takes the means of the samples, each by how long it held.
func (s *sim) levels(r *Report) {
	for _, name := range s.meter.resources {
		r.Resources = append(r.Resources, Utilisation{Resource: name})
	}
	busy := time.Duration(0)
	for i, x := range r.Samples {
		to := s.meter.end
		if i+1 < len(r.Samples) {
			to = r.Samples[i+1].At
		}
		held := to - x.At
		for k := range r.Resources {
			u := &r.Resources[k]
			u.Mean += x.Used[k] * float64(held)
			u.Worst = max(u.Worst, x.Used[k])
			if x.Waiting > 0 {
				u.Busy += x.Used[k] * float64(held)
			}
		}
		if x.Waiting == 0 || held == 0 {
			continue
		}
		busy += held
		r.Unfair.Mean += x.Unfair * float64(held)
		r.Unfair.Worst = max(r.Unfair.Worst, x.Unfair)
		r.Jain += x.Jain * float64(held)
		r.Fragments.Mean += x.Fragmented * float64(held)
		r.Fragments.Worst = max(r.Fragments.Worst, x.Fragmented)
	}
	for k := range r.Resources {
		r.Resources[k].Mean /= max(1, float64(s.meter.end))
		r.Resources[k].Busy /= max(1, float64(busy))
	}
	r.Unfair.Mean /= max(1, float64(busy))
	r.Fragments.Mean /= max(1, float64(busy))
	if r.Jain /= max(1, float64(busy)); busy == 0 {
		r.Jain = 1
	}
}

func (s *sim) waits(group string, in func(*job) bool) Waits {
	w := Waits{Group: group}
	var list []time.Duration
	ended := 0
	for _, j := range s.jobs {
		if !j.started || !in(j) {
			continue
		}
		list = append(list, j.first-j.At)
		if j.ended {
			ended++
			w.Turnaround += j.last - j.At
		}
	}
	if w.Apps = len(list); w.Apps == 0 {
		return w
	}
	slices.Sort(list)
	rank := func(percent int) time.Duration { return list[(len(list)*percent+99)/100-1] }
	w.P50, w.P95, w.Max = rank(50), rank(95), list[len(list)-1]
	w.Turnaround /= time.Duration(max(1, ended))
	return w
}

// String prints the report as a table.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s: %s; %d plans, %d decisions (%.1f per plan, at most %d), %d grants", r.Trace, r.Policy, short(r.Span), r.Plans, r.Decisions,
		float64(r.Decisions)/float64(max(1, r.Plans)), r.Most, r.Grants)
	if r.Reserved > 0 {
		fmt.Fprintf(&b, ", %d workers kept", r.Reserved)
	}
	fmt.Fprintf(&b, "\n%-20s %10s %10s %10s\n", "utilisation", "mean", "while busy", "peak")
	for _, u := range r.Resources {
		fmt.Fprintf(&b, "%-20s %10s %10s %10s\n", u.Resource, percent(u.Mean), percent(u.Busy), percent(u.Worst))
	}
	fmt.Fprintf(&b, "%-20s %10s %10s %10s %10s %10s\n", "wait", "apps", "p50", "p95", "max", "turnaround")
	for _, w := range r.Waits {
		fmt.Fprintf(&b, "%-20s %10d %10s %10s %10s %10s\n", w.Group, w.Apps, short(w.P50), short(w.P95), short(w.Max), short(w.Turnaround))
	}
	fmt.Fprintf(&b, "%-20s %s of a due part missed on average, %s at worst; Jain's index %.2f\n", "fairness", percent(r.Unfair.Mean), percent(r.Unfair.Worst), r.Jain)
	fmt.Fprintf(&b, "%-20s %s of the cores on average, %s at worst\n", "fragmentation", percent(r.Fragments.Mean), percent(r.Fragments.Worst))
	fmt.Fprintf(&b, "%-20s %d%s; %d never got anything%s\n", "starved", len(r.Starved), some(r.Starved), len(r.Never), some(r.Never))
	return b.String()
}

func percent(x float64) string { return fmt.Sprintf("%.1f%%", 100*x) }

// short rounds to what matters.
func short(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}

// some names the first few.
func some(names []string) string {
	switch {
	case len(names) == 0:
		return ""
	case len(names) > 3:
		return " (" + strings.Join(names[:3], ", ") + ", ...)"
	}
	return " (" + strings.Join(names, ", ") + ")"
}
