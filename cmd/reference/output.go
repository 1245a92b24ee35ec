package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"go.yaml.in/yaml/v3"

	"github.com/musterproject/muster/pkg/deploy"
)

// sheet is a list to show: the same values as a table, as data, or by name alone.
type sheet struct {
	columns []string
	cells   [][]any
	data    any
	names   []string
}

// outputs are the forms that data is shown in.
var outputs = []string{"table", "json", "yaml", "name"}

func (a *app) show(s sheet) error {
	switch a.output {
	case "json":
		b, err := json.MarshalIndent(s.data, "", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.out, "%s\n", b)
		return err
	case "yaml":
		return a.yaml(s.data)
	case "name":
		for _, n := range s.names {
			if _, err := fmt.Fprintln(a.out, n); err != nil {
				return err
			}
		}
		return nil
	}
	return a.table(s)
}

// yaml goes through JSON, so that both show the same field names.
func (a *app) yaml(data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	var generic yaml.Node
	if err := yaml.Unmarshal(b, &generic); err != nil {
		return err
	}
	plainStyle(&generic)
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(&generic); err != nil {
		return err
	}
	_, err = a.out.Write(buf.Bytes())
	return err
}

func plainStyle(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		plainStyle(c)
	}
}

func (a *app) table(s sheet) error {
	w := table.NewWriter()
	w.SetStyle(table.StyleDefault)
	style := w.Style()
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft = ""
	style.Box.PaddingRight = "   "
	head := make(table.Row, len(s.columns))
	for i, c := range s.columns {
		head[i] = c
	}
	w.AppendHeader(head)
	for _, r := range s.cells {
		w.AppendRow(table.Row(r))
	}
	_, err := fmt.Fprintln(a.out, w.Render())
	return err
}

// ago says how long since t, as people say it.
func ago(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return span(time.Since(t))
}

func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return d.Truncate(time.Second).String()
	case d < time.Hour:
		return d.Truncate(time.Second).String()
	case d < 48*time.Hour:
		return d.Truncate(time.Minute).String()
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

func limitText(n int32) string {
	if n == deploy.NoLimit || n == 0 {
		return "all"
	}
	return fmt.Sprint(n)
}

func dash[T comparable](v T) any {
	var zero T
	if v == zero {
		return "-"
	}
	return v
}

// exitText says how a process ended.
func exitText(e deploy.Exit) string {
	switch {
	case e.OOM:
		return "out of memory"
	case e.Signal != 0:
		return fmt.Sprintf("signal %d", e.Signal)
	}
	return fmt.Sprint(e.Code)
}
