package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/pkg/deploy"
)

// explanation is what `explain` is to show.
type explanation struct {
	profile int32
	workers bool
	history bool
}

func (a *app) explainCommand() *cobra.Command {
	var x explanation
	cmd := &cobra.Command{
		Use:   "explain APP|DRIVER",
		Short: "Say why an application or a driver waits, and on which workers",
		Long: "Say why an application or a driver waits: the main reason, how many workers do not serve for which cause and which of them misses least;\n" +
			"with --workers each worker with its one cause. The workers are looked at as they are now, the reason is the newest decision.\n\n" +
			"Exit code: 0 if there is such an application or driver, waiting or not, 4 if there is none.",
		Example: "  muster explain app-20261120223045-0007\n  muster explain app-20261120223045-0007 --workers --history\n" +
			"  muster explain driver-20261120223045-0001 -o json",
		Args: args(cobra.ExactArgs(1)),
	}
	f := cmd.Flags()
	f.Int32Var(&x.profile, "profile", deploy.FirstWaiting, "resource profile of the application (default all that wait)")
	f.BoolVar(&x.workers, "workers", false, "every worker, grouped by what keeps it from serving")
	f.BoolVar(&x.history, "history", false, "the last changed decisions, with how often each was taken")
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, _ *cobra.Command, c *client, words []string) error {
		found, err := x.ask(ctx, c, words[0])
		if err != nil {
			return err
		}
		return a.showExplanations(found, &x)
	})
	return cmd
}

// ask explains the profile named, or all that wait, or the first if none does.
func (x *explanation) ask(ctx context.Context, c *client, id string) ([]deploy.Explanation, error) {
	first, err := x.askOne(ctx, c, id, x.profile, x.history)
	if err != nil {
		return nil, err
	}
	found := []deploy.Explanation{first}
	for _, profile := range first.Waiting {
		if profile == first.Profile || x.profile != deploy.FirstWaiting {
			continue
		}
		next, err := x.askOne(ctx, c, id, profile, false)
		if err != nil {
			return nil, err
		}
		found = append(found, next)
	}
	return found, nil
}

// askOne explains one profile, with all pages of its workers in one list.
func (x *explanation) askOne(ctx context.Context, c *client, id string, profile int32, history bool) (deploy.Explanation, error) {
	q := deploy.Explain{ID: id, Profile: profile, History: history}
	if x.workers {
		q.Workers = deploy.MostListed
	}
	out, err := question[deploy.Explanation](ctx, c, q)
	for next := out.Next; err == nil && next != ""; {
		var page deploy.Explanation
		q.After, q.Profile, q.History = next, out.Profile, false
		page, err = question[deploy.Explanation](ctx, c, q)
		out.Workers, next = append(out.Workers, page.Workers...), page.Next
	}
	out.Next = ""
	return out, err
}

// question asks what changes nothing.
func question[A deploy.Message](ctx context.Context, c *client, req deploy.Message) (A, error) {
	var none A
	answer, err := c.Call(ctx, req)
	if err != nil {
		return none, err
	}
	a, ok := answer.(A)
	if !ok {
		return none, fmt.Errorf("unexpected answer %T: %w", answer, deploy.ErrMismatch)
	}
	return a, nil
}

func (a *app) showExplanations(found []deploy.Explanation, x *explanation) error {
	if a.output != "table" {
		s := sheet{data: found}
		for i := range found {
			s.names = append(s.names, found[i].Decision.Code.String())
		}
		return a.show(s)
	}
	for i := range found {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		if err := a.explainTable(&found[i], x); err != nil {
			return err
		}
	}
	if x.history {
		return a.section("The last changed decisions, the newest first:", historySheet(found[0].History))
	}
	return nil
}

// explainTable shows the main reason first, then the counts, then the workers.
func (a *app) explainTable(e *deploy.Explanation, x *explanation) error {
	head := fmt.Sprintf("%s %s", e.Subject, e.State)
	if e.Need.Cores > 0 {
		head += fmt.Sprintf(", profile %d wants %s", e.Profile, e.Need)
	}
	fmt.Fprintln(a.out, head)
	fmt.Fprintln(a.out, reasonLine(&e.Decision))
	if e.Total == 0 {
		return nil
	}
	if err := a.section("", causeSheet(e)); err != nil || !x.workers {
		return err
	}
	return a.section("", workerSheet(e.Workers))
}

// section shows a table behind a blank line and a title.
func (a *app) section(title string, s sheet) error {
	if title != "" {
		title += "\n"
	}
	if _, err := fmt.Fprint(a.out, "\n"+title); err != nil {
		return err
	}
	return a.table(s)
}

// reasonLine is a decision in one line: the code, how much waits since when, behind whom, and the sentence.
func reasonLine(d *deploy.Decision) string {
	if d.Code == deploy.ReasonNone {
		return d.Text
	}
	var parts []string
	if d.Missing > 0 {
		parts = append(parts, limitText(d.Missing)+" missing")
	}
	if !d.Since.IsZero() {
		parts = append(parts, "since "+ago(d.Since))
	}
	if d.Position > 1 && d.Ahead != "" {
		parts = append(parts, fmt.Sprintf("place %d behind %s", d.Position, d.Ahead))
	}
	if d.Policy != "" {
		parts = append(parts, "by "+d.Policy)
	}
	word := d.Code.String()
	if len(parts) > 0 {
		word += " (" + strings.Join(parts, ", ") + ")"
	}
	return word + ": " + d.Text
}

func causeSheet(e *deploy.Explanation) sheet {
	s := sheet{columns: []string{"CAUSE", "WORKERS", "NEAREST", "HAS", "WHICH"}}
	for i := range e.Causes {
		c := &e.Causes[i]
		s.cells = append(s.cells, []any{causeWord(c.Code, c.Resource), c.Workers, dash(c.Nearest), hasOf(c.Code, c.Have, c.Want), which(c)})
	}
	if e.Fits > 0 {
		s.cells = append(s.cells, []any{"fits", e.Fits, "-", "-", "-"})
	}
	return s
}

// which names some workers and counts the rest.
func which(c *deploy.Cause) string {
	const named = 3
	var ids []string
	for _, id := range c.Examples[:min(named, len(c.Examples))] {
		ids = append(ids, string(id))
	}
	out := strings.Join(ids, " ")
	if more := c.Workers - len(ids); more > 0 {
		out += fmt.Sprintf(" and %d more", more)
	}
	return out
}

func workerSheet(list []deploy.Obstacle) sheet {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b deploy.Obstacle) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Resource, b.Resource))
	})
	s := sheet{columns: []string{"CAUSE", "WORKER", "HAS"}}
	for _, o := range list {
		word := "fits"
		if o.Code != deploy.ReasonNone {
			word = causeWord(o.Code, o.Resource)
		}
		s.cells = append(s.cells, []any{word, o.Worker, hasOf(o.Code, o.Have, o.Want)})
	}
	return s
}

func causeWord(code deploy.ReasonCode, resource string) string {
	if resource == "" {
		return code.String()
	}
	return code.String() + ":" + resource
}

func hasOf(code deploy.ReasonCode, have, want int64) string {
	switch {
	case want == 0:
		return "-"
	case code == deploy.ReasonInsufficientMemory:
		return deploy.FormatMemory(have) + " of " + deploy.FormatMemory(want)
	}
	return fmt.Sprintf("%d of %d", have, want)
}

func historySheet(list []deploy.Decision) sheet {
	s := sheet{columns: []string{"SINCE", "LAST", "TIMES", "PROFILE", "CODE", "WHY"}}
	for i := range slices.Backward(list) {
		d := &list[i]
		s.cells = append(s.cells, []any{clock(d.Since), clock(d.Last), d.Times, d.Profile, d.Code.String(), d.Text})
	}
	return s
}

func clock(t time.Time) string { return t.Local().Format(time.TimeOnly) }
