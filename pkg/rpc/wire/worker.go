package wire

import (
	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// workerMessageTo sets the message if it belongs to worker and master.
func workerMessageTo(p *pb.Item, m deploy.Message) bool {
	switch m := m.(type) {
	case deploy.Heartbeat:
		p.Msg = &pb.Item_Heartbeat{Heartbeat: &pb.Heartbeat{N: m.N}}
	case deploy.HeartbeatAck:
		p.Msg = &pb.Item_HeartbeatAck{HeartbeatAck: &pb.HeartbeatAck{N: m.N, Orders: m.Orders}}
	case deploy.Standby:
		p.Msg = &pb.Item_Standby{Standby: StandbyToProto(m)}
	case deploy.RegisterWorker:
		p.Msg = &pb.Item_RegisterWorker{RegisterWorker: registerWorkerTo(&m)}
	case deploy.WorkerRegistered:
		p.Msg = &pb.Item_WorkerRegistered{WorkerRegistered: workerRegisteredTo(&m)}
	case deploy.WorkerRefused:
		p.Msg = &pb.Item_WorkerRefused{WorkerRefused: &pb.WorkerRefused{Fault: FaultToProto(m.Fault)}}
	case deploy.RegisterAgain:
		p.Msg = &pb.Item_RegisterAgain{RegisterAgain: &pb.RegisterAgain{Reason: text(m.Reason)}}
	case deploy.LaunchOrder:
		p.Msg = &pb.Item_LaunchOrder{LaunchOrder: &pb.LaunchOrder{Launch: launchTo(&m.Launch)}}
	case deploy.KillOrder:
		p.Msg = &pb.Item_KillOrder{KillOrder: &pb.KillOrder{Launch: orNil(m.Launch, launchIDTo), Reason: text(m.Reason)}}
	case deploy.Report:
		p.Msg = &pb.Item_Report{Report: &pb.Report{Worker: string(m.Worker), Incarnation: uint64(m.Incarnation), Launch: launchReportTo(&m.Launch)}}
	case deploy.ReportAck:
		p.Msg = &pb.Item_ReportAck{ReportAck: &pb.ReportAck{Seqs: m.Seqs}}
	case deploy.AppEnded:
		p.Msg = &pb.Item_AppEnded{AppEnded: &pb.AppEnded{App: string(m.App)}}
	case deploy.LeaveWorker:
		p.Msg = &pb.Item_LeaveWorker{LeaveWorker: leaveWorkerTo(&m)}
	default:
		return false
	}
	return true
}

// workerMessage gives the message if it belongs to worker and master, else nil.
func (r *reader) workerMessage(p *pb.Item) deploy.Message {
	switch m := p.GetMsg().(type) {
	case *pb.Item_Heartbeat:
		return deploy.Heartbeat{N: m.Heartbeat.GetN()}
	case *pb.Item_HeartbeatAck:
		return deploy.HeartbeatAck{N: m.HeartbeatAck.GetN(), Orders: m.HeartbeatAck.GetOrders()}
	case *pb.Item_Standby:
		return r.standby(m.Standby)
	case *pb.Item_RegisterWorker:
		return r.registerWorker(m.RegisterWorker)
	case *pb.Item_WorkerRegistered:
		return r.workerRegistered(m.WorkerRegistered)
	case *pb.Item_WorkerRefused:
		return deploy.WorkerRefused{Fault: FaultFromProto(m.WorkerRefused.GetFault())}
	case *pb.Item_RegisterAgain:
		return deploy.RegisterAgain{Reason: m.RegisterAgain.GetReason()}
	case *pb.Item_LaunchOrder:
		return deploy.LaunchOrder{Launch: launchFrom(m.LaunchOrder.GetLaunch())}
	case *pb.Item_KillOrder:
		return deploy.KillOrder{Launch: launchIDFrom(m.KillOrder.GetLaunch()), Reason: m.KillOrder.GetReason()}
	case *pb.Item_Report:
		return deploy.Report{
			Worker: deploy.WorkerID(m.Report.GetWorker()), Incarnation: deploy.Incarnation(m.Report.GetIncarnation()),
			Launch: r.launchReport(m.Report.GetLaunch()),
		}
	case *pb.Item_ReportAck:
		return deploy.ReportAck{Seqs: m.ReportAck.GetSeqs()}
	case *pb.Item_AppEnded:
		return deploy.AppEnded{App: deploy.AppID(m.AppEnded.GetApp())}
	case *pb.Item_LeaveWorker:
		return leaveWorkerFrom(m.LeaveWorker)
	}
	return nil
}

func registerWorkerTo(d *deploy.RegisterWorker) *pb.RegisterWorker {
	p := &pb.RegisterWorker{Worker: workerSpecTo(&d.Worker), Incarnation: uint64(d.Incarnation)}
	for i := range d.Launches {
		p.Launches = append(p.Launches, launchReportTo(&d.Launches[i]))
	}
	return p
}

func (r *reader) registerWorker(p *pb.RegisterWorker) deploy.RegisterWorker {
	return deploy.RegisterWorker{
		Worker: r.workerSpec(p.GetWorker()), Incarnation: deploy.Incarnation(p.GetIncarnation()), Launches: list(p.GetLaunches(), r.launchReport),
	}
}

func workerRegisteredTo(d *deploy.WorkerRegistered) *pb.WorkerRegistered {
	return &pb.WorkerRegistered{
		Session: uint64(d.Session), Heartbeat: durationTo(d.Heartbeat), Lease: durationTo(d.Lease), Kill: list(d.Kill, launchIDTo),
		Acked: d.Acked, Masters: list(d.Masters, deploy.Address.String),
	}
}

func (r *reader) workerRegistered(p *pb.WorkerRegistered) deploy.WorkerRegistered {
	return deploy.WorkerRegistered{
		Session: deploy.SessionID(p.GetSession()), Heartbeat: r.duration("heartbeat", p.GetHeartbeat()), Lease: r.duration("lease", p.GetLease()),
		Kill: list(p.GetKill(), launchIDFrom), Acked: p.GetAcked(), Masters: r.masters(p.GetMasters()),
	}
}

func (r *reader) masters(p []string) []deploy.Address {
	return list(p, func(s string) deploy.Address { return r.address("master address", s) })
}

func leaveWorkerTo(d *deploy.LeaveWorker) *pb.LeaveWorker {
	return &pb.LeaveWorker{Worker: string(d.Worker), Incarnation: uint64(d.Incarnation), Reason: text(d.Reason), Keeps: d.Keeps, Stays: d.Stays}
}

func leaveWorkerFrom(p *pb.LeaveWorker) deploy.LeaveWorker {
	return deploy.LeaveWorker{
		Worker: deploy.WorkerID(p.GetWorker()), Incarnation: deploy.Incarnation(p.GetIncarnation()), Reason: p.GetReason(), Keeps: p.GetKeeps(), Stays: p.GetStays(),
	}
}
