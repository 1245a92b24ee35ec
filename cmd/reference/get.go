package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// kinds are the words `get` knows.
var kinds = map[string]deploy.RowKind{
	"apps": deploy.RowApp, "app": deploy.RowApp, "workers": deploy.RowWorker, "worker": deploy.RowWorker,
	"drivers": deploy.RowDriver, "driver": deploy.RowDriver, "executors": deploy.RowExecutor, "executor": deploy.RowExecutor,
	"masters": deploy.RowMaster, "master": deploy.RowMaster, "queues": deploy.RowQueue, "queue": deploy.RowQueue,
}

// lists are the words that help names.
var lists = []string{"apps", "workers", "drivers", "executors", "queues", "masters"}

func (a *app) getCommand() *cobra.Command {
	var state, ofApp string
	var ended bool
	cmd := &cobra.Command{
		Use:   "get " + strings.Join(lists, "|") + " [ID]",
		Short: "List what the cluster holds",
		Example: "  muster get apps\n  muster get executors --app app-20261120223045-0007 -o json\n" +
			"  muster get workers --state DEAD",
		Args: args(cobra.RangeArgs(1, 2)), ValidArgs: lists,
	}
	cmd.Flags().StringVar(&state, "state", "", "only this state")
	cmd.Flags().StringVar(&ofApp, "app", "", "executors of this application only")
	cmd.Flags().BoolVar(&ended, "ended", true, "finished applications and drivers too")
	addMasterFlag(cmd)
	cmd.RunE = a.withCluster(func(ctx context.Context, cmd *cobra.Command, c *client, words []string) error {
		kind, ok := kinds[words[0]]
		if !ok {
			return usage(cmd, fmt.Errorf("%q cannot be listed: %s", words[0], suggestKind(words[0])))
		}
		q := rpc.Query{Kind: kind, App: deploy.AppID(ofApp), State: state, Ended: ended}
		if len(words) == 2 {
			q.ID = words[1]
		}
		found, err := c.rows(ctx, q)
		if err != nil {
			return err
		}
		if q.ID != "" && len(found) == 0 {
			return fmt.Errorf("%s %q: %w", kind, q.ID, deploy.ErrNotFound)
		}
		slices.SortStableFunc(found, rootFirst)
		return a.show(sheetOf(kind, found))
	})
	return cmd
}

func suggestKind(word string) string {
	if near, ok := deploy.Suggest(word, lists); ok {
		return "did you mean " + near + "?"
	}
	return "say one of " + strings.Join(lists, ", ")
}

// rootFirst puts the root of the queues before the others and leaves everything else as it is.
func rootFirst(a, b deploy.Row) int {
	above := func(r deploy.Row) int {
		if q, ok := r.(deploy.QueueRow); ok && q.Name == "" {
			return 0
		}
		return 1
	}
	return above(a) - above(b)
}

// sheetOf lays rows of one kind out.
func sheetOf(kind deploy.RowKind, rows []deploy.Row) sheet {
	s := sheet{data: rows, columns: columns[kind]}
	if rows == nil {
		s.data = []deploy.Row{}
	}
	for _, r := range rows {
		s.cells = append(s.cells, cells(r))
		s.names = append(s.names, r.RowKey().ID)
	}
	return s
}

var columns = map[deploy.RowKind][]string{
	deploy.RowMaster:   {"NAME", "ADDRESS", "STATE", "EPOCH", "SINCE", "RECOVERY", "POLICY"},
	deploy.RowWorker:   {"ID", "ADDRESS", "STATE", "CORES", "MEMORY", "EXECUTORS", "DRIVERS", "RESERVED", "HEARD"},
	deploy.RowApp:      {"ID", "NAME", "USER", "STATE", "CORES", "EXECUTORS", "WAITING", "AGE"},
	deploy.RowDriver:   {"ID", "NAME", "STATE", "WORKER", "ATTEMPT", "EXIT", "WAITING", "AGE"},
	deploy.RowQueue:    {"QUEUE", "WEIGHT", "MIN", "QUOTA", "USED", "SHARE", "APPS", "DRIVERS", "NOTE"},
	deploy.RowExecutor: {"ID", "STATE", "WORKER", "CORES", "MEMORY", "EXIT", "AGE"},
}

func cells(r deploy.Row) []any {
	switch r := r.(type) {
	case deploy.MasterRow:
		return []any{r.Name, r.Address, r.State, r.Epoch, ago(r.Since), r.Recovery, r.Policy}
	case deploy.WorkerRow:
		return []any{r.Spec.ID, r.Spec.Address, r.State, fmt.Sprintf("%d/%d", r.Used.Cores, r.Spec.Cores),
			deploy.FormatMemory(r.Used.MemoryMiB) + "/" + deploy.FormatMemory(r.Spec.MemoryMiB), r.Executors, r.Drivers,
			dash(r.ReservedFor), heard(r)}
	case deploy.AppRow:
		return []any{r.ID, r.Name, dash(r.User), r.State, fmt.Sprintf("%d/%s", r.Cores, limitText(r.CoresMax)),
			fmt.Sprintf("%d", r.Running), waiting(r.Waiting), ago(r.SubmittedAt)}
	case deploy.DriverRow:
		exit := "-"
		if r.State.Terminal() {
			exit = exitText(r.Exit)
		}
		return []any{r.ID, r.Name, r.State, dash(r.Worker), r.Attempt, exit, waiting(r.Waiting), ago(r.SubmittedAt)}
	case deploy.QueueRow:
		return []any{r.RowKey().ID, strconv.FormatFloat(r.Weight, 'g', -1, 64), dash(deploy.FormatQuantities(r.Min)), dash(deploy.FormatQuantities(r.Quota)),
			dash(deploy.FormatQuantities(r.Used)), fmt.Sprintf("%.1f%%", 100*r.Share), r.Apps, r.Drivers, note(r)}
	case deploy.ExecutorRow:
		exit := "-"
		if r.State.Terminal() {
			exit = exitText(r.Exit)
		}
		return []any{r.ID, r.State, r.Worker, r.Need.Cores, deploy.FormatMemory(r.Need.MemoryMiB), exit, ago(r.StartedAt)}
	}
	return []any{r.RowKey().ID}
}

// note says what is special about a queue.
func note(r deploy.QueueRow) string {
	switch {
	case r.Closing:
		return "closing"
	case r.Dynamic:
		return "dynamic"
	}
	return "-"
}

func waiting(c deploy.ReasonCode) string {
	if c == deploy.ReasonNone {
		return "-"
	}
	return c.String()
}

// heard says when a worker was last heard: an ALIVE one just now, by what ALIVE means.
func heard(r deploy.WorkerRow) string {
	if r.State == deploy.WorkerAlive {
		return "now"
	}
	return ago(r.LastHeartbeat)
}
