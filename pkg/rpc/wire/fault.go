package wire

import (
	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// FaultToProto converts for the wire; no fault is nil.
func FaultToProto(f deploy.Fault) *pb.Fault {
	if f.Kind == nil {
		return nil
	}
	return &pb.Fault{Kind: pb.FaultKind(f.Code()), Text: text(f.Text)}
}

// FaultFromProto is the reverse of FaultToProto. A kind that this build does not know is ErrInvalid: the sentence still stands.
func FaultFromProto(p *pb.Fault) deploy.Fault {
	if p == nil {
		return deploy.Fault{}
	}
	if p.GetKind() <= 0 {
		return deploy.Fault{Kind: deploy.ErrInvalid, Text: p.GetText()}
	}
	return deploy.FaultFromCode(uint32(p.GetKind()), p.GetText())
}

// StandbyToProto converts for the wire.
func StandbyToProto(d deploy.Standby) *pb.Standby {
	return &pb.Standby{State: enumTo[pb.MasterState](d.State), Leader: d.Leader.String(), Retry: durationTo(d.Retry)}
}

// StandbyFromProto is the reverse of StandbyToProto.
func StandbyFromProto(p *pb.Standby) (deploy.Standby, error) {
	var r reader
	d := r.standby(p)
	return d, r.err
}

func (r *reader) standby(p *pb.Standby) deploy.Standby {
	return deploy.Standby{State: r.masterState(p.GetState()), Leader: r.address("leader address", p.GetLeader()), Retry: r.duration("retry", p.GetRetry())}
}
