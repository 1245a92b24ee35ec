package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [ID]",
		Short: "Show one driver, application, executor or worker, or the cluster",
		Args:  args(cobra.MaximumNArgs(1)),
	}
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, _ *cobra.Command, c *client, words []string) error {
		if len(words) == 0 {
			found, err := c.rows(ctx, rpc.Query{Kind: deploy.RowMaster})
			if err != nil {
				return err
			}
			return a.show(sheetOf(deploy.RowMaster, found))
		}
		return a.statusOf(ctx, c, words[0])
	})
	return cmd
}

// statusOf finds the one thing of this id, whatever its kind.
func (a *app) statusOf(ctx context.Context, c *client, id string) error {
	for _, kind := range []deploy.RowKind{deploy.RowDriver, deploy.RowApp, deploy.RowExecutor, deploy.RowWorker} {
		r, err := row[deploy.Row](ctx, c, kind, id)
		if errors.Is(err, deploy.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		s := sheetOf(kind, []deploy.Row{r})
		s.data = r
		if a.output == "table" {
			return a.details(r)
		}
		return a.show(s)
	}
	return fmt.Errorf("%q: %w: no driver, application, executor or worker has this id", id, deploy.ErrNotFound)
}

// details shows one row as lines, with what a table has no room for.
func (a *app) details(r deploy.Row) error {
	kind := r.RowKey().Kind
	s := sheet{columns: []string{strings.ToUpper(kind.String()), ""}}
	values := cells(r)
	for i, c := range columns[kind] {
		s.cells = append(s.cells, []any{strings.ToLower(c), values[i]})
	}
	add := func(name string, v any) { s.cells = append(s.cells, []any{name, v}) }
	switch r := r.(type) {
	case deploy.DriverRow:
		add("program", r.Program)
		add("asked", r.Need)
		add("restarts", r.Restarts)
		placed(add, &r.Place)
		if r.Message != "" {
			add("message", r.Message)
		}
	case deploy.AppRow:
		add("driver", r.Driver)
		add("ended executors", r.Removed)
		placed(add, &r.Place)
		if gangs := gangsOf(r.Profiles); gangs != "" {
			add("gangs", gangs)
		}
		if r.Reason != "" {
			add("reason", r.Reason)
		}
	case deploy.ExecutorRow:
		add("launch", r.Launch)
		if r.Message != "" {
			add("message", r.Message)
		}
	case deploy.WorkerRow:
		add("version", r.Spec.Version)
		if r.ReservedFor != "" {
			add("reserved until", r.ReservedUntil.Format(time.DateTime))
		}
		if r.Reason != "" {
			add("reason", r.Reason)
		}
	}
	return a.table(s)
}

// placed adds the rules of a placement that say something; the queue always does.
func placed(add func(string, any), p *deploy.Placement) {
	queue := p.Queue
	if queue == "" {
		queue = deploy.RootQueue
	}
	add("queue", queue)
	if p.Priority != 0 {
		add("priority", p.Priority)
	}
	for i := range p.Require {
		add("requires", p.Require[i].String())
	}
	for i := range p.Prefer {
		add("prefers", p.Prefer[i].String())
	}
	if p.Apart != "" {
		add("apart by", p.Apart)
	}
	if p.MaxPerWorker != 0 {
		add("per worker", fmt.Sprintf("at most %d", p.MaxPerWorker))
	}
}

// gangsOf names the profiles whose executors start together.
func gangsOf(list []deploy.Profile) string {
	var ids []string
	for i := range list {
		if list[i].Gang {
			ids = append(ids, fmt.Sprintf("profile %d", list[i].ID))
		}
	}
	return strings.Join(ids, ", ")
}

func (a *app) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain APP|DRIVER",
		Short:   "Say why an application or a driver waits",
		Example: "  muster explain app-20261120223045-0007\n  muster explain driver-20261120223045-0001 -o json",
		Args:    args(cobra.ExactArgs(1)),
	}
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, _ *cobra.Command, c *client, words []string) error {
		found, err := c.rows(ctx, rpc.Query{Kind: deploy.RowDecision, App: deploy.AppID(words[0])})
		if err != nil {
			return err
		}
		list := present(found)
		if len(list) == 0 {
			return a.nothingWaits(ctx, c, words[0])
		}
		return a.show(decisionSheet(list))
	})
	return cmd
}

// present gives the newest decision about each profile that waits, in the order of profiles.
func present(rows []deploy.Row) []deploy.Decision {
	newest := map[int32]deploy.Decision{}
	for _, r := range rows {
		d, ok := r.(deploy.DecisionRow)
		if old, known := newest[d.Decision.Profile]; ok && (!known || d.Decision.Last.After(old.Last)) {
			newest[d.Decision.Profile] = d.Decision
		}
	}
	list := []deploy.Decision{}
	for _, profile := range slices.Sorted(maps.Keys(newest)) {
		if d := newest[profile]; d.Code != deploy.ReasonNone {
			list = append(list, d)
		}
	}
	return list
}

// decisionSheet lays decisions out, each with its causes below it.
func decisionSheet(list []deploy.Decision) sheet {
	s := sheet{columns: []string{"PROFILE", "CODE", "MISSING", "SINCE", "WHY"}, data: list}
	for i := range list {
		d := &list[i]
		s.names = append(s.names, d.Code.String())
		missing := "-"
		if d.Missing > 0 {
			missing = limitText(d.Missing)
		}
		s.cells = append(s.cells, []any{d.Profile, d.Code, missing, ago(d.Since), d.Text})
		for i := range d.Causes {
			s.cells = append(s.cells, []any{"", "  " + d.Causes[i].Code.String(), "", "", d.Causes[i].String()})
		}
	}
	return s
}

func (a *app) nothingWaits(ctx context.Context, c *client, id string) error {
	if _, err := row[deploy.AppRow](ctx, c, deploy.RowApp, id); errors.Is(err, deploy.ErrNotFound) {
		if _, err := row[deploy.DriverRow](ctx, c, deploy.RowDriver, id); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	return a.show(sheet{columns: []string{"CODE", "WHY"}, cells: [][]any{{"NONE", "nothing of it waits"}}, data: []deploy.Decision{}})
}
