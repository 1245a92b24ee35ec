package main

import (
	"context"
	"errors"
	"fmt"
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
