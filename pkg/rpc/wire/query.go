package wire

import (
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// QueryToProto converts for the wire.
func QueryToProto(q rpc.Query) *pb.Query {
	return &pb.Query{
		Kind: enumTo[pb.RowKind](q.Kind), Id: q.ID, App: string(q.App), State: q.State, Limit: int32(min(q.Limit, 1<<31-1)), After: q.After,
		Follow: q.Follow, Ended: q.Ended,
	}
}

// QueryFromProto is the reverse of QueryToProto.
func QueryFromProto(p *pb.Query) (rpc.Query, error) {
	var r reader
	q := rpc.Query{
		Kind: r.rowKind(p.GetKind()), ID: p.GetId(), App: deploy.AppID(p.GetApp()), State: p.GetState(), Limit: int(p.GetLimit()), After: p.GetAfter(),
		Follow: p.GetFollow(), Ended: p.GetEnded(),
	}
	if q.Limit < 0 {
		r.fail("limit %d is negative; 0 is the server's page size", q.Limit)
	}
	return q, r.err
}

// RowsToProto converts for the wire.
func RowsToProto(d rpc.Rows) (*pb.Rows, error) {
	p := &pb.Rows{Next: d.Next, Whole: d.Whole, Rows: make([]*pb.Row, len(d.Rows))}
	for i, row := range d.Rows {
		var err error
		if p.Rows[i], err = RowToProto(row); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// RowsFromProto is the reverse of RowsToProto.
func RowsFromProto(p *pb.Rows) (rpc.Rows, error) {
	var r reader
	d := rpc.Rows{Rows: list(p.GetRows(), r.row), Next: p.GetNext(), Whole: p.GetWhole()}
	return d, r.err
}

// DecisionToProto converts for the wire.
func DecisionToProto(d deploy.Decision) *pb.Decision { return decisionTo(&d) }

// DecisionFromProto is the reverse of DecisionToProto.
func DecisionFromProto(p *pb.Decision) (deploy.Decision, error) {
	var r reader
	d := r.decision(p)
	return d, r.err
}

// LogQueryToProto converts for the wire.
func LogQueryToProto(q rpc.LogQuery) *pb.LogQuery {
	return &pb.LogQuery{
		Executor: orNil(q.Executor, executorIDTo), Driver: string(q.Driver), Attempt: uint32(q.Attempt), Stream: q.Stream,
		Offset: q.Offset, Limit: q.Limit, Follow: q.Follow,
	}
}

// LogQueryFromProto is the reverse of LogQueryToProto.
func LogQueryFromProto(p *pb.LogQuery) rpc.LogQuery {
	return rpc.LogQuery{
		Executor: executorIDFrom(p.GetExecutor()), Driver: deploy.DriverID(p.GetDriver()), Attempt: deploy.Attempt(p.GetAttempt()),
		Stream: p.GetStream(), Offset: p.GetOffset(), Limit: p.GetLimit(), Follow: p.GetFollow(),
	}
}
