package wire

import (
	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

// appMessageTo sets the message if it belongs to application and master.
func appMessageTo(p *pb.Item, m deploy.Message) bool {
	switch m := m.(type) {
	case deploy.RegisterApp:
		p.Msg = &pb.Item_RegisterApp{RegisterApp: registerAppTo(&m)}
	case deploy.AppRegistered:
		p.Msg = &pb.Item_AppRegistered{AppRegistered: appRegisteredTo(&m)}
	case deploy.AppRefused:
		p.Msg = &pb.Item_AppRefused{AppRefused: &pb.AppRefused{Fault: FaultToProto(m.Fault)}}
	case deploy.ExecutorChanged:
		p.Msg = &pb.Item_ExecutorChanged{ExecutorChanged: &pb.ExecutorChanged{Executor: executorViewTo(&m.Executor)}}
	case deploy.SetTargets:
		p.Msg = &pb.Item_SetTargets{SetTargets: setTargetsTo(m)}
	case deploy.KillExecutors:
		p.Msg = &pb.Item_KillExecutors{KillExecutors: killExecutorsTo(m)}
	case deploy.UnregisterApp:
		p.Msg = &pb.Item_UnregisterApp{UnregisterApp: &pb.UnregisterApp{Request: string(m.Request), App: string(m.App), Failure: text(m.Failure)}}
	case deploy.ExecutorsReached:
		p.Msg = &pb.Item_ExecutorsReached{ExecutorsReached: &pb.ExecutorsReached{Nums: m.Nums}}
	case deploy.AppRemoved:
		p.Msg = &pb.Item_AppRemoved{AppRemoved: &pb.AppRemoved{App: string(m.App), State: enumTo[pb.AppState](m.State), Reason: text(m.Reason)}}
	case deploy.Waiting:
		p.Msg = &pb.Item_Waiting{Waiting: &pb.Waiting{Decision: decisionTo(&m.Decision)}}
	default:
		return false
	}
	return true
}

// appMessage gives the message if it belongs to application and master, else nil.
func (r *reader) appMessage(p *pb.Item) deploy.Message {
	switch m := p.GetMsg().(type) {
	case *pb.Item_RegisterApp:
		return r.registerApp(m.RegisterApp)
	case *pb.Item_AppRegistered:
		return r.appRegistered(m.AppRegistered)
	case *pb.Item_AppRefused:
		return deploy.AppRefused{Fault: FaultFromProto(m.AppRefused.GetFault())}
	case *pb.Item_ExecutorChanged:
		return deploy.ExecutorChanged{Executor: r.executorView(m.ExecutorChanged.GetExecutor())}
	case *pb.Item_SetTargets:
		return setTargetsFrom(m.SetTargets)
	case *pb.Item_KillExecutors:
		return killExecutorsFrom(m.KillExecutors)
	case *pb.Item_UnregisterApp:
		u := m.UnregisterApp
		return deploy.UnregisterApp{Request: deploy.RequestID(u.GetRequest()), App: deploy.AppID(u.GetApp()), Failure: u.GetFailure()}
	case *pb.Item_ExecutorsReached:
		return deploy.ExecutorsReached{Nums: m.ExecutorsReached.GetNums()}
	case *pb.Item_AppRemoved:
		a := m.AppRemoved
		return deploy.AppRemoved{App: deploy.AppID(a.GetApp()), State: r.appState(a.GetState()), Reason: a.GetReason()}
	case *pb.Item_Waiting:
		return deploy.Waiting{Decision: r.decision(m.Waiting.GetDecision())}
	}
	return nil
}

func registerAppTo(d *deploy.RegisterApp) *pb.RegisterApp {
	return &pb.RegisterApp{Request: string(d.Request), App: string(d.App), Spec: appSpecTo(&d.Spec), Token: d.Token.Reveal()}
}

func (r *reader) registerApp(p *pb.RegisterApp) deploy.RegisterApp {
	return deploy.RegisterApp{
		Request: deploy.RequestID(p.GetRequest()), App: deploy.AppID(p.GetApp()), Spec: r.appSpec(p.GetSpec()), Token: deploy.NewSecret(p.GetToken()),
	}
}

func appRegisteredTo(d *deploy.AppRegistered) *pb.AppRegistered {
	p := &pb.AppRegistered{
		App: string(d.App), Session: uint64(d.Session), Heartbeat: durationTo(d.Heartbeat), Token: d.Token.Reveal(),
		Targets: list(d.Targets, targetTo), Masters: list(d.Masters, deploy.Address.String),
	}
	for i := range d.Executors {
		p.Executors = append(p.Executors, executorViewTo(&d.Executors[i]))
	}
	return p
}

func (r *reader) appRegistered(p *pb.AppRegistered) deploy.AppRegistered {
	return deploy.AppRegistered{
		App: deploy.AppID(p.GetApp()), Session: deploy.SessionID(p.GetSession()), Heartbeat: r.duration("heartbeat", p.GetHeartbeat()),
		Token: deploy.NewSecret(p.GetToken()), Executors: list(p.GetExecutors(), r.executorView), Targets: list(p.GetTargets(), targetFrom),
		Masters: r.masters(p.GetMasters()),
	}
}

func executorViewTo(d *deploy.ExecutorView) *pb.ExecutorView {
	return &pb.ExecutorView{
		Executor: orNil(d.Executor, executorIDTo), Profile: d.Profile, Worker: string(d.Worker), Host: d.Host, Need: resourcesTo(d.Need),
		Addresses: list(d.Addresses, addressesTo), State: enumTo[pb.ExecutorState](d.State), Exit: orNil(d.Exit, exitTo),
		Message: text(d.Message), WorkerLost: d.WorkerLost,
	}
}

func (r *reader) executorView(p *pb.ExecutorView) deploy.ExecutorView {
	return deploy.ExecutorView{
		Executor: executorIDFrom(p.GetExecutor()), Profile: p.GetProfile(), Worker: deploy.WorkerID(p.GetWorker()), Host: p.GetHost(),
		Need: resourcesFrom(p.GetNeed()), Addresses: list(p.GetAddresses(), addressesFrom), State: r.executorState(p.GetState()),
		Exit: exitFrom(p.GetExit()), Message: p.GetMessage(), WorkerLost: p.GetWorkerLost(),
	}
}

func setTargetsTo(d deploy.SetTargets) *pb.SetTargets {
	return &pb.SetTargets{Request: string(d.Request), App: string(d.App), Profiles: list(d.Profiles, profileTo), Targets: list(d.Targets, targetTo)}
}

func setTargetsFrom(p *pb.SetTargets) deploy.SetTargets {
	return deploy.SetTargets{
		Request: deploy.RequestID(p.GetRequest()), App: deploy.AppID(p.GetApp()), Profiles: list(p.GetProfiles(), profileFrom),
		Targets: list(p.GetTargets(), targetFrom),
	}
}

func killExecutorsTo(d deploy.KillExecutors) *pb.KillExecutors {
	return &pb.KillExecutors{Request: string(d.Request), App: string(d.App), Nums: d.Nums}
}

func killExecutorsFrom(p *pb.KillExecutors) deploy.KillExecutors {
	return deploy.KillExecutors{Request: deploy.RequestID(p.GetRequest()), App: deploy.AppID(p.GetApp()), Nums: p.GetNums()}
}
