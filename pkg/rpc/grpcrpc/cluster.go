package grpcrpc

import (
	"context"

	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	"github.com/musterproject/muster/pkg/rpc/wire"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// cluster answers the Cluster service from a rpc.Server.
type cluster struct {
	pb.UnimplementedClusterServer
	*server
}

// SubmitDriver asks for a driver to be run.
func (c *cluster) SubmitDriver(ctx context.Context, p *pb.SubmitDriver) (*pb.Accepted, error) {
	return c.call(ctx, p)
}

// KillDriver ends a submission.
func (c *cluster) KillDriver(ctx context.Context, p *pb.KillDriver) (*pb.Accepted, error) {
	return c.call(ctx, p)
}

// KillApp ends an application.
func (c *cluster) KillApp(ctx context.Context, p *pb.KillApp) (*pb.Accepted, error) {
	return c.call(ctx, p)
}

// Hold stops new placements or releases.
func (c *cluster) Hold(ctx context.Context, p *pb.Hold) (*pb.Accepted, error) { return c.call(ctx, p) }

// SetTargets changes executor counts.
func (c *cluster) SetTargets(ctx context.Context, p *pb.SetTargets) (*pb.Accepted, error) {
	return c.call(ctx, p)
}

// KillExecutors ends executors.
func (c *cluster) KillExecutors(ctx context.Context, p *pb.KillExecutors) (*pb.Accepted, error) {
	return c.call(ctx, p)
}

// Explain says why something waits.
func (c *cluster) Explain(ctx context.Context, p *pb.Explain) (*pb.Explanation, error) {
	return answered[*pb.Explanation](ctx, c, p)
}

// Plan says what would become of a request.
func (c *cluster) Plan(ctx context.Context, p *pb.Plan) (*pb.Outlook, error) {
	return answered[*pb.Outlook](ctx, c, p)
}

func (c *cluster) call(ctx context.Context, p proto.Message) (*pb.Accepted, error) {
	return answered[*pb.Accepted](ctx, c, p)
}

// answered asks the server. P is what the question's answer is written as.
func answered[P proto.Message](ctx context.Context, c *cluster, p proto.Message) (none P, err error) {
	if c.own.Call == nil {
		return none, rpc.Unanswered(c.own.Hello(), "requests of clients")
	}
	req, err := wire.RequestFromProto(p)
	if err != nil {
		return none, err
	}
	answer, err := c.own.Call(ctx, principal(ctx), req)
	if err != nil {
		return none, err
	}
	if answer, err = rpc.Answered(req, answer); err != nil {
		return none, err
	}
	out, err := wire.AnswerToProto(answer)
	if err != nil {
		return none, err
	}
	return out.(P), nil
}

// GetStatus gives the row of one thing.
func (c *cluster) GetStatus(ctx context.Context, p *pb.RowKey) (*pb.Row, error) {
	key, err := wire.RowKeyFromProto(p)
	if err != nil {
		return nil, err
	}
	page, err := c.page(ctx, rpc.Query{Kind: key.Kind, ID: key.ID, Ended: true})
	if err != nil {
		return nil, err
	}
	for _, row := range page.Rows {
		if row.RowKey() == key {
			return wire.RowToProto(row)
		}
	}
	return nil, fmt.Errorf("%s %q: %w: list what there is, it may have left the books", key.Kind, key.ID, deploy.ErrNotFound)
}

// List gives one page of rows.
func (c *cluster) List(ctx context.Context, p *pb.Query) (*pb.Rows, error) {
	q, err := wire.QueryFromProto(p)
	if err != nil {
		return nil, err
	}
	page, err := c.page(ctx, q)
	if err != nil {
		return nil, err
	}
	return wire.RowsToProto(page)
}

// ListDecisions explains why something waits.
func (c *cluster) ListDecisions(ctx context.Context, p *pb.ListDecisionsRequest) (*pb.ListDecisionsResponse, error) {
	page, err := c.page(ctx, rpc.Query{Kind: deploy.RowDecision, App: deploy.AppID(p.GetId())})
	if err != nil {
		return nil, err
	}
	answer := &pb.ListDecisionsResponse{}
	for _, row := range page.Rows {
		if d, ok := row.(deploy.DecisionRow); ok {
			answer.Decisions = append(answer.Decisions, wire.DecisionToProto(d.Decision))
		}
	}
	return answer, nil
}

// page gives the first page of a query.
func (c *cluster) page(ctx context.Context, q rpc.Query) (rpc.Rows, error) {
	if c.own.Watch == nil {
		return rpc.Rows{}, rpc.Unanswered(c.own.Hello(), "questions for rows")
	}
	q.Follow = false
	for page, err := range c.own.Watch(ctx, principal(ctx), q) {
		return page, err
	}
	return rpc.Rows{Whole: true}, ctx.Err()
}

// Watch sends rows as they come.
func (c *cluster) Watch(p *pb.Query, stream grpc.ServerStreamingServer[pb.Rows]) error {
	if c.own.Watch == nil {
		return rpc.Unanswered(c.own.Hello(), "questions for rows")
	}
	q, err := wire.QueryFromProto(p)
	if err != nil {
		return err
	}
	ctx := stream.Context()
	for rows, err := range c.own.Watch(ctx, principal(ctx), q) {
		if err != nil {
			return err
		}
		page, err := wire.RowsToProto(rows)
		if err != nil {
			return err
		}
		if err := sendRows(stream, page, c.cfg.MaxMessage); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// sendRows sends a page, in parts if it is larger than a message may be. What it says of the whole it says in its last part.
func sendRows(stream grpc.ServerStreamingServer[pb.Rows], page *pb.Rows, limit int) error {
	if len(page.Rows) > 1 && proto.Size(page) > limit {
		half := len(page.Rows) / 2
		if err := sendRows(stream, &pb.Rows{Rows: page.Rows[:half]}, limit); err != nil {
			return err
		}
		return sendRows(stream, &pb.Rows{Rows: page.Rows[half:], Next: page.Next, Whole: page.Whole}, limit)
	}
	return stream.Send(page)
}

// Logs sends pieces of an output file.
func (c *cluster) Logs(p *pb.LogQuery, stream grpc.ServerStreamingServer[pb.LogChunk]) error {
	if c.own.Logs == nil {
		return rpc.Unanswered(c.own.Hello(), "questions for logs")
	}
	ctx := stream.Context()
	for chunk, err := range c.own.Logs(ctx, principal(ctx), wire.LogQueryFromProto(p)) {
		if err != nil {
			return err
		}
		for data, offset := chunk.Data, chunk.Offset; len(data) > 0; {
			n := min(len(data), chunkBytes)
			if err := stream.Send(&pb.LogChunk{Offset: offset, Data: data[:n]}); err != nil {
				return err
			}
			data, offset = data[n:], offset+int64(n)
		}
	}
	return ctx.Err()
}

// blobs gives the store, or why there is none.
func (c *cluster) blobs() error {
	if c.own.Blobs == nil {
		return rpc.Unanswered(c.own.Hello(), "questions for blobs")
	}
	return nil
}
