package schedulertest

import (
	"fmt"
	"strings"
)

// Compare gives a Markdown table with a column for each report on the same trace.
func Compare(reports ...Report) string {
	var b strings.Builder
	row := func(name string, cell func(Report) string) {
		b.WriteString("| " + name)
		for _, r := range reports {
			b.WriteString(" | " + cell(r))
		}
		b.WriteString(" |\n")
	}
	row("", func(r Report) string { return r.Policy })
	b.WriteString("|---" + strings.Repeat("|--:", len(reports)) + "|\n")
	row("last end", func(r Report) string { return short(r.Span) })
	for i := range first(reports).Resources {
		row(first(reports).Resources[i].Resource+" in use while something waits", func(r Report) string { return percent(r.Resources[i].Busy) })
	}
	for i := range first(reports).Waits {
		group := first(reports).Waits[i].Group
		row("wait p50, p95, max: "+group, func(r Report) string {
			for _, w := range r.Waits {
				if w.Group == group {
					return fmt.Sprintf("%s, %s, %s", short(w.P50), short(w.P95), short(w.Max))
				}
			}
			return "never served"
		})
	}
	row("mean time from arrival to end", func(r Report) string {
		if len(r.Waits) == 0 {
			return ""
		}
		return short(r.Waits[0].Turnaround)
	})
	row("due part missed, mean, worst", func(r Report) string { return percent(r.Unfair.Mean) + ", " + percent(r.Unfair.Worst) })
	row("Jain's index", func(r Report) string { return fmt.Sprintf("%.2f", r.Jain) })
	row("free cores of no use, mean", func(r Report) string { return percent(r.Fragments.Mean) })
	row("starved, never served", func(r Report) string { return fmt.Sprintf("%d, %d", len(r.Starved), len(r.Never)) })
	row("plans, decisions per plan", func(r Report) string {
		return fmt.Sprintf("%d, %.1f", r.Plans, float64(r.Decisions)/float64(max(1, r.Plans)))
	})
	return b.String()
}

func first(reports []Report) Report {
	if len(reports) == 0 {
		return Report{}
	}
	return reports[0]
}
