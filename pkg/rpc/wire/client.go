package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// clientMessageTo sets the message if it belongs to client and master.
func clientMessageTo(p *pb.Item, m deploy.Message) bool {
	switch m := m.(type) {
	case deploy.SubmitDriver:
		p.Msg = &pb.Item_SubmitDriver{SubmitDriver: submitDriverTo(m)}
	case deploy.KillDriver:
		p.Msg = &pb.Item_KillDriver{KillDriver: killDriverTo(m)}
	case deploy.KillApp:
		p.Msg = &pb.Item_KillApp{KillApp: killAppTo(m)}
	case deploy.Hold:
		p.Msg = &pb.Item_Hold{Hold: holdTo(m)}
	case deploy.Accepted:
		p.Msg = &pb.Item_Accepted{Accepted: AcceptedToProto(m)}
	case deploy.Refused:
		p.Msg = &pb.Item_Refused{Refused: &pb.Refused{Request: string(m.Request), Fault: FaultToProto(m.Fault)}}
	default:
		return false
	}
	return true
}

// clientMessage gives the message if it belongs to client and master, else nil.
func (r *reader) clientMessage(p *pb.Item) deploy.Message {
	switch m := p.GetMsg().(type) {
	case *pb.Item_SubmitDriver:
		return r.submitDriver(m.SubmitDriver)
	case *pb.Item_KillDriver:
		return killDriverFrom(m.KillDriver)
	case *pb.Item_KillApp:
		return killAppFrom(m.KillApp)
	case *pb.Item_Hold:
		return holdFrom(m.Hold)
	case *pb.Item_Accepted:
		return AcceptedFromProto(m.Accepted)
	case *pb.Item_Refused:
		return deploy.Refused{Request: deploy.RequestID(m.Refused.GetRequest()), Fault: FaultFromProto(m.Refused.GetFault())}
	}
	return nil
}

// RequestToProto converts a question that a client may ask in a unary call.
func RequestToProto(m deploy.Message) (proto.Message, error) {
	switch m := m.(type) {
	case deploy.SubmitDriver:
		return submitDriverTo(m), nil
	case deploy.KillDriver:
		return killDriverTo(m), nil
	case deploy.KillApp:
		return killAppTo(m), nil
	case deploy.Hold:
		return holdTo(m), nil
	case deploy.SetTargets:
		return setTargetsTo(m), nil
	case deploy.KillExecutors:
		return killExecutorsTo(m), nil
	case deploy.Explain:
		return explainTo(m), nil
	case deploy.Plan:
		return planTo(m), nil
	}
	return nil, fmt.Errorf("call with %T: %w: it is no question of a client; send it in a session", m, deploy.ErrInvalid)
}

// RequestFromProto is the reverse of RequestToProto.
func RequestFromProto(p proto.Message) (deploy.Message, error) {
	switch p := p.(type) {
	case *pb.SubmitDriver:
		var r reader
		m := r.submitDriver(p)
		return m, r.err
	case *pb.KillDriver:
		return killDriverFrom(p), nil
	case *pb.KillApp:
		return killAppFrom(p), nil
	case *pb.Hold:
		return holdFrom(p), nil
	case *pb.SetTargets:
		return setTargetsFrom(p), nil
	case *pb.KillExecutors:
		return killExecutorsFrom(p), nil
	case *pb.Explain:
		return explainFrom(p), nil
	case *pb.Plan:
		var r reader
		m := r.plan(p)
		return m, r.err
	}
	return nil, fmt.Errorf("request %T: %w: it is no question of a client", p, deploy.ErrInvalid)
}

// AcceptedToProto converts for the wire.
func AcceptedToProto(d deploy.Accepted) *pb.Accepted {
	return &pb.Accepted{Request: string(d.Request), Id: d.ID, Killed: d.Killed, Unknown: d.Unknown}
}

// AcceptedFromProto is the reverse of AcceptedToProto.
func AcceptedFromProto(p *pb.Accepted) deploy.Accepted {
	return deploy.Accepted{Request: deploy.RequestID(p.GetRequest()), ID: p.GetId(), Killed: p.GetKilled(), Unknown: p.GetUnknown()}
}

func submitDriverTo(d deploy.SubmitDriver) *pb.SubmitDriver {
	return &pb.SubmitDriver{Request: string(d.Request), Spec: driverSpecTo(&d.Spec)}
}

func (r *reader) submitDriver(p *pb.SubmitDriver) deploy.SubmitDriver {
	return deploy.SubmitDriver{Request: deploy.RequestID(p.GetRequest()), Spec: r.driverSpec(p.GetSpec())}
}

func killDriverTo(d deploy.KillDriver) *pb.KillDriver {
	return &pb.KillDriver{Request: string(d.Request), Driver: string(d.Driver)}
}

func killDriverFrom(p *pb.KillDriver) deploy.KillDriver {
	return deploy.KillDriver{Request: deploy.RequestID(p.GetRequest()), Driver: deploy.DriverID(p.GetDriver())}
}

func killAppTo(d deploy.KillApp) *pb.KillApp {
	return &pb.KillApp{Request: string(d.Request), App: string(d.App), Reason: text(d.Reason)}
}

func killAppFrom(p *pb.KillApp) deploy.KillApp {
	return deploy.KillApp{Request: deploy.RequestID(p.GetRequest()), App: deploy.AppID(p.GetApp()), Reason: p.GetReason()}
}

func holdTo(d deploy.Hold) *pb.Hold {
	return &pb.Hold{Request: string(d.Request), Id: d.ID, By: d.By, Off: d.Off}
}

func holdFrom(p *pb.Hold) deploy.Hold {
	return deploy.Hold{Request: deploy.RequestID(p.GetRequest()), ID: p.GetId(), By: p.GetBy(), Off: p.GetOff()}
}
