package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Look at the configuration"}
	var origin bool
	show := &cobra.Command{
		Use:     "show [PREFIX]",
		Short:   "Show every key, its value, and where it was set",
		Example: "  muster config show --origin\n  muster config show worker. -o json",
		Args:    args(cobra.MaximumNArgs(1)),
	}
	show.Flags().BoolVar(&origin, "origin", false, "show where each value was set and what it hides")
	addMasterFlag(show)
	show.RunE = func(cmd *cobra.Command, words []string) error {
		s, err := a.load(cmd, settings.NewTable(settings.Shared()))
		if err != nil {
			return err
		}
		out := sheet{columns: []string{"KEY", "VALUE"}}
		if origin {
			out.columns = append(out.columns, "ORIGIN", "HIDES")
		}
		rows := []settings.Row{}
		for _, r := range s.Rows() {
			if len(words) == 1 && !strings.HasPrefix(r.Key, words[0]) {
				continue
			}
			line := []any{r.Key, r.Value}
			if origin {
				line = append(line, r.Origin, strings.Join(r.Hides, ", "))
			}
			rows = append(rows, r)
			out.cells = append(out.cells, line)
			out.names = append(out.names, r.Key)
		}
		out.data = rows
		return a.show(out)
	}
	cmd.AddCommand(show)
	group(cmd)
	return cmd
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Show the version", Args: args(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			return a.show(sheet{columns: []string{"VERSION", "PROTOCOL"}, cells: [][]any{{version, deploy.ProtocolVersion}}, names: []string{version},
				data: map[string]any{"version": version, "protocol": deploy.ProtocolVersion}})
		},
	}
}
