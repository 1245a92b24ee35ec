package wire

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

func (r *reader) reason(p pb.ReasonCode) deploy.ReasonCode {
	return enum[deploy.ReasonCode](r, "reason", p, pb.ReasonCode_name)
}

func causeTo(d deploy.Cause) *pb.Cause {
	return &pb.Cause{
		Code: enumTo[pb.ReasonCode](d.Code), Resource: d.Resource, Workers: int64(d.Workers), Nearest: string(d.Nearest),
		Have: d.Have, Want: d.Want, Examples: texts[string](d.Examples),
	}
}

func (r *reader) cause(p *pb.Cause) deploy.Cause {
	return deploy.Cause{
		Code: r.reason(p.GetCode()), Resource: p.GetResource(), Workers: int(p.GetWorkers()), Nearest: deploy.WorkerID(p.GetNearest()),
		Have: p.GetHave(), Want: p.GetWant(), Examples: texts[deploy.WorkerID](p.GetExamples()),
	}
}

func decisionTo(d *deploy.Decision) *pb.Decision {
	return &pb.Decision{
		Subject: d.Subject, Profile: d.Profile, Code: enumTo[pb.ReasonCode](d.Code), Text: text(d.Text), Causes: list(d.Causes, causeTo),
		Position: int64(d.Position), Missing: d.Missing, Policy: d.Policy, Cycle: d.Cycle,
		Since: timeTo(d.Since), Last: timeTo(d.Last), Times: int64(d.Times), Ahead: d.Ahead,
	}
}

func (r *reader) decision(p *pb.Decision) deploy.Decision {
	return deploy.Decision{
		Subject: p.GetSubject(), Profile: p.GetProfile(), Code: r.reason(p.GetCode()), Text: p.GetText(), Causes: list(p.GetCauses(), r.cause),
		Position: int(p.GetPosition()), Missing: p.GetMissing(), Policy: p.GetPolicy(), Cycle: p.GetCycle(),
		Since: r.time("since", p.GetSince()), Last: r.time("last", p.GetLast()), Times: int(p.GetTimes()), Ahead: p.GetAhead(),
	}
}

func masterRowTo(d *deploy.MasterRow) *pb.MasterRow {
	return &pb.MasterRow{
		Name: d.Name, Address: d.Address.String(), Webui: d.WebUI, State: enumTo[pb.MasterState](d.State), Epoch: uint64(d.Epoch),
		ClusterId: clusterIDTo(d.ClusterID), Cluster: d.Cluster, Since: timeTo(d.Since), Recovery: d.Recovery, Policy: d.Policy,
	}
}

func (r *reader) masterRow(p *pb.MasterRow) deploy.MasterRow {
	return deploy.MasterRow{
		Name: p.GetName(), Address: r.address("master address", p.GetAddress()), WebUI: p.GetWebui(), State: r.masterState(p.GetState()),
		Epoch: deploy.Epoch(p.GetEpoch()), ClusterID: r.clusterID(p.GetClusterId()), Cluster: p.GetCluster(),
		Since: r.time("since", p.GetSince()), Recovery: p.GetRecovery(), Policy: p.GetPolicy(),
	}
}

func workerRowTo(d *deploy.WorkerRow) *pb.WorkerRow {
	return &pb.WorkerRow{
		Spec: workerSpecTo(&d.Spec), State: enumTo[pb.WorkerState](d.State), Used: resourcesTo(d.Used),
		UsedAddresses: list(d.UsedAddresses, addressesTo), Executors: int64(d.Executors), Drivers: int64(d.Drivers),
		RegisteredAt: timeTo(d.RegisteredAt), LastHeartbeat: timeTo(d.LastHeartbeat), Reason: text(d.Reason), PutAsideUntil: timeTo(d.PutAsideUntil),
		ReservedFor: d.ReservedFor, ReservedUntil: timeTo(d.ReservedUntil),
	}
}

func (r *reader) workerRow(p *pb.WorkerRow) deploy.WorkerRow {
	return deploy.WorkerRow{
		Spec: r.workerSpec(p.GetSpec()), State: enum[deploy.WorkerState](r, "worker state", p.GetState(), pb.WorkerState_name),
		Used: resourcesFrom(p.GetUsed()), UsedAddresses: list(p.GetUsedAddresses(), addressesFrom),
		Executors: int(p.GetExecutors()), Drivers: int(p.GetDrivers()), RegisteredAt: r.time("registered_at", p.GetRegisteredAt()),
		LastHeartbeat: r.time("last_heartbeat", p.GetLastHeartbeat()), Reason: p.GetReason(),
		PutAsideUntil: r.time("put_aside_until", p.GetPutAsideUntil()),
		ReservedFor:   p.GetReservedFor(), ReservedUntil: r.time("reserved_until", p.GetReservedUntil()),
	}
}

func appRowTo(d *deploy.AppRow) *pb.AppRow {
	return &pb.AppRow{
		Id: string(d.ID), Name: d.Name, User: d.User, State: enumTo[pb.AppState](d.State), Reason: text(d.Reason), CoresMax: d.CoresMax,
		Cores: d.Cores, Profiles: list(d.Profiles, profileTo), Targets: list(d.Targets, targetTo), Running: int64(d.Running),
		Launching: int64(d.Launching), Removed: int64(d.Removed), Held: d.Held, Connected: d.Connected, Driver: d.Driver.String(),
		Webui: d.WebUI, SubmittedAt: timeTo(d.SubmittedAt), EndedAt: timeTo(d.EndedAt), Waiting: enumTo[pb.ReasonCode](d.Waiting),
		Place: placementTo(&d.Place),
	}
}

func (r *reader) appRow(p *pb.AppRow) deploy.AppRow {
	return deploy.AppRow{
		ID: deploy.AppID(p.GetId()), Name: p.GetName(), User: p.GetUser(), State: r.appState(p.GetState()), Reason: p.GetReason(),
		CoresMax: p.GetCoresMax(), Cores: p.GetCores(), Profiles: list(p.GetProfiles(), profileFrom), Targets: list(p.GetTargets(), targetFrom),
		Running: int(p.GetRunning()), Launching: int(p.GetLaunching()), Removed: int(p.GetRemoved()), Held: p.GetHeld(),
		Connected: p.GetConnected(), Driver: r.address("driver address", p.GetDriver()), WebUI: p.GetWebui(),
		SubmittedAt: r.time("submitted_at", p.GetSubmittedAt()), EndedAt: r.time("ended_at", p.GetEndedAt()), Waiting: r.reason(p.GetWaiting()),
		Place: r.placement(p.GetPlace()),
	}
}

func driverRowTo(d *deploy.DriverRow) *pb.DriverRow {
	return &pb.DriverRow{
		Id: string(d.ID), Name: d.Name, User: d.User, State: enumTo[pb.DriverState](d.State), Need: resourcesTo(d.Need),
		Addresses: list(d.Addresses, addressesTo), Worker: string(d.Worker), WorkerAddress: d.WorkerAddr.String(), Attempt: uint32(d.Attempt),
		Supervise: d.Supervise, Restarts: d.Restarts, Exit: orNil(d.Exit, exitTo), Message: text(d.Message), Program: d.Program, Held: d.Held,
		SubmittedAt: timeTo(d.SubmittedAt), StartedAt: timeTo(d.StartedAt), EndedAt: timeTo(d.EndedAt), NextTry: timeTo(d.NextTry),
		Waiting: enumTo[pb.ReasonCode](d.Waiting), Place: placementTo(&d.Place),
	}
}

func (r *reader) driverRow(p *pb.DriverRow) deploy.DriverRow {
	return deploy.DriverRow{
		ID: deploy.DriverID(p.GetId()), Name: p.GetName(), User: p.GetUser(),
		State: enum[deploy.DriverState](r, "driver state", p.GetState(), pb.DriverState_name), Need: resourcesFrom(p.GetNeed()),
		Addresses: list(p.GetAddresses(), addressesFrom), Worker: deploy.WorkerID(p.GetWorker()),
		WorkerAddr: r.address("worker address", p.GetWorkerAddress()), Attempt: deploy.Attempt(p.GetAttempt()), Supervise: p.GetSupervise(),
		Restarts: p.GetRestarts(), Exit: exitFrom(p.GetExit()), Message: p.GetMessage(), Program: p.GetProgram(), Held: p.GetHeld(),
		SubmittedAt: r.time("submitted_at", p.GetSubmittedAt()), StartedAt: r.time("started_at", p.GetStartedAt()),
		EndedAt: r.time("ended_at", p.GetEndedAt()), NextTry: r.time("next_try", p.GetNextTry()), Waiting: r.reason(p.GetWaiting()),
		Place: r.placement(p.GetPlace()),
	}
}

func executorRowTo(d *deploy.ExecutorRow) *pb.ExecutorRow {
	return &pb.ExecutorRow{
		Id: orNil(d.ID, executorIDTo), Launch: orNil(d.Launch, launchIDTo), Profile: d.Profile, Worker: string(d.Worker),
		WorkerAddress: d.WorkerAddr.String(), State: enumTo[pb.ExecutorState](d.State), Killing: d.Killing, Need: resourcesTo(d.Need),
		Addresses: list(d.Addresses, addressesTo), Exit: orNil(d.Exit, exitTo), Message: text(d.Message),
		StartedAt: timeTo(d.StartedAt), EndedAt: timeTo(d.EndedAt),
	}
}

func (r *reader) executorRow(p *pb.ExecutorRow) deploy.ExecutorRow {
	return deploy.ExecutorRow{
		ID: executorIDFrom(p.GetId()), Launch: launchIDFrom(p.GetLaunch()), Profile: p.GetProfile(), Worker: deploy.WorkerID(p.GetWorker()),
		WorkerAddr: r.address("worker address", p.GetWorkerAddress()), State: r.executorState(p.GetState()), Killing: p.GetKilling(),
		Need: resourcesFrom(p.GetNeed()), Addresses: list(p.GetAddresses(), addressesFrom), Exit: exitFrom(p.GetExit()),
		Message: p.GetMessage(), StartedAt: r.time("started_at", p.GetStartedAt()), EndedAt: r.time("ended_at", p.GetEndedAt()),
	}
}

// RowKeyToProto converts for the wire.
func RowKeyToProto(k deploy.RowKey) *pb.RowKey {
	return &pb.RowKey{Kind: enumTo[pb.RowKind](k.Kind), Id: k.ID}
}

// RowKeyFromProto is the reverse of RowKeyToProto.
func RowKeyFromProto(p *pb.RowKey) (deploy.RowKey, error) {
	var r reader
	k := r.rowKey(p)
	return k, r.err
}

func (r *reader) rowKey(p *pb.RowKey) deploy.RowKey {
	return deploy.RowKey{Kind: r.rowKind(p.GetKind()), ID: p.GetId()}
}

func (r *reader) rowKind(p pb.RowKind) deploy.RowKind {
	return enum[deploy.RowKind](r, "row kind", p, pb.RowKind_name)
}

// RowToProto converts for the wire; only a row that deploy does not have is an error.
func RowToProto(row deploy.Row) (*pb.Row, error) {
	switch d := row.(type) {
	case deploy.MasterRow:
		return &pb.Row{Row: &pb.Row_Master{Master: masterRowTo(&d)}}, nil
	case deploy.WorkerRow:
		return &pb.Row{Row: &pb.Row_Worker{Worker: workerRowTo(&d)}}, nil
	case deploy.AppRow:
		return &pb.Row{Row: &pb.Row_App{App: appRowTo(&d)}}, nil
	case deploy.DriverRow:
		return &pb.Row{Row: &pb.Row_Driver{Driver: driverRowTo(&d)}}, nil
	case deploy.ExecutorRow:
		return &pb.Row{Row: &pb.Row_Executor{Executor: executorRowTo(&d)}}, nil
	case deploy.DecisionRow:
		return &pb.Row{Row: &pb.Row_Decision{Decision: decisionTo(&d.Decision)}}, nil
	case deploy.QueueRow:
		return &pb.Row{Row: &pb.Row_Queue{Queue: queueRowTo(&d)}}, nil
	case deploy.GoneRow:
		return &pb.Row{Row: &pb.Row_Gone{Gone: RowKeyToProto(d.Gone)}}, nil
	}
	return nil, fmt.Errorf("row %T: %w: the wire has no such row", row, deploy.ErrInvalid)
}

// RowFromProto is the reverse of RowToProto.
func RowFromProto(p *pb.Row) (deploy.Row, error) {
	var r reader
	row := r.row(p)
	return row, r.err
}

func (r *reader) row(p *pb.Row) deploy.Row {
	switch d := p.GetRow().(type) {
	case *pb.Row_Master:
		return r.masterRow(d.Master)
	case *pb.Row_Worker:
		return r.workerRow(d.Worker)
	case *pb.Row_App:
		return r.appRow(d.App)
	case *pb.Row_Driver:
		return r.driverRow(d.Driver)
	case *pb.Row_Executor:
		return r.executorRow(d.Executor)
	case *pb.Row_Decision:
		return deploy.DecisionRow{Decision: r.decision(d.Decision)}
	case *pb.Row_Queue:
		return r.queueRow(d.Queue)
	case *pb.Row_Gone:
		return deploy.GoneRow{Gone: r.rowKey(d.Gone)}
	}
	r.fail("row is empty or of a kind that this build does not know: the peer is newer, use one version of the program")
	return nil
}

func (r *reader) masterState(p pb.MasterState) deploy.MasterState {
	return enum[deploy.MasterState](r, "master state", p, pb.MasterState_name)
}

func (r *reader) appState(p pb.AppState) deploy.AppState {
	return enum[deploy.AppState](r, "app state", p, pb.AppState_name)
}
