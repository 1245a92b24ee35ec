package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/musterproject/muster/cmd/reference/settings"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// askPatience is how long a command goes on asking while no master leads.
const askPatience = 15 * time.Second

// client is a command's way to the cluster.
type client struct {
	*rpc.Cluster
	transport rpc.Transport
	masters   []deploy.Address
}

// connect reads which masters to ask. It dials nothing yet.
func (a *app) connect(cmd *cobra.Command) (*client, error) {
	s, err := a.load(cmd, settings.NewTable(settings.Shared()))
	if err != nil {
		return nil, err
	}
	return a.clientOf(cmd, s)
}

func (a *app) clientOf(cmd *cobra.Command, s *settings.Settings) (*client, error) {
	text := s.Text("master")
	if text == "" {
		return nil, usage(cmd, errors.New("no master is named: give --master muster://HOST:7077 or set MUSTER_MASTER"))
	}
	url, err := deploy.ParseMasterURL(text)
	if err != nil {
		return nil, usage(cmd, fmt.Errorf("master (%s): %w", s.Get("master").Origin, err))
	}
	if url.Kind != deploy.KindStandalone {
		return nil, usage(cmd, fmt.Errorf("master %q runs inside a program: there is no cluster to ask; name one as muster://HOST:7077", text))
	}
	t := grpcrpc.New(grpcrpc.DefaultConfig())
	return &client{Cluster: rpc.NewCluster(t, url.Hosts, askPatience), transport: t, masters: url.Hosts}, nil
}

// withCluster gives a command its client and closes it afterwards.
func (a *app) withCluster(do func(ctx context.Context, cmd *cobra.Command, c *client, words []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, words []string) (err error) {
		c, err := a.connect(cmd)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.transport.Close()) }()
		return coded(do(cmd.Context(), cmd, c, words))
	}
}

// coded gives what does not exist its own exit code.
func coded(err error) error {
	var end *exitError
	if errors.Is(err, deploy.ErrNotFound) && !errors.As(err, &end) {
		return &exitError{code: exitAbsent, err: err}
	}
	return err
}

// newRequest draws an id that makes a request idempotent.
func newRequest() deploy.RequestID { return deploy.RequestID(rand.Text()) }

// rows gives all rows of a query, page after page.
func (c *client) rows(ctx context.Context, q rpc.Query) ([]deploy.Row, error) {
	var all []deploy.Row
	for {
		next := ""
		for page, err := range c.Watch(ctx, q) {
			if err != nil {
				return nil, err
			}
			all, next = append(all, page.Rows...), page.Next
		}
		if next == "" {
			return all, nil
		}
		q.After = next
	}
}

// row gives the one row of an id.
func row[R deploy.Row](ctx context.Context, c *client, kind deploy.RowKind, id string) (R, error) {
	var none R
	found, err := c.rows(ctx, rpc.Query{Kind: kind, ID: id, Ended: true})
	if err != nil {
		return none, err
	}
	for _, r := range found {
		if r, ok := r.(R); ok {
			return r, nil
		}
	}
	return none, fmt.Errorf("%s %q: %w: see `muster get %ss`", kind, id, deploy.ErrNotFound, kind)
}

// send asks for a change and gives what was accepted.
func (c *client) send(ctx context.Context, req deploy.Message) (deploy.Accepted, error) {
	answer, err := c.Call(ctx, req)
	if err != nil {
		return deploy.Accepted{}, err
	}
	ok, is := answer.(deploy.Accepted)
	if !is {
		return ok, fmt.Errorf("unexpected answer %T: %w", answer, deploy.ErrMismatch)
	}
	return ok, nil
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
