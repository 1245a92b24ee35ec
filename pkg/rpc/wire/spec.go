package wire

import (
	"github.com/musterproject/muster/pkg/deploy"
	pb "github.com/musterproject/muster/pkg/rpc/wire/muster/v1"
)

func amountTo(a deploy.Amount) *pb.Amount { return &pb.Amount{Name: a.Name, Count: a.Count} }

func amountFrom(p *pb.Amount) deploy.Amount {
	return deploy.Amount{Name: p.GetName(), Count: p.GetCount()}
}

func addressesTo(a deploy.Addresses) *pb.Addresses {
	return &pb.Addresses{Name: a.Name, Units: a.Units}
}

func addressesFrom(p *pb.Addresses) deploy.Addresses {
	return deploy.Addresses{Name: p.GetName(), Units: p.GetUnits()}
}

func resourcesTo(d deploy.Resources) *pb.Resources {
	return &pb.Resources{Cores: d.Cores, MemoryMib: d.MemoryMiB, Custom: list(d.Custom, amountTo)}
}

func resourcesFrom(p *pb.Resources) deploy.Resources {
	return deploy.Resources{Cores: p.GetCores(), MemoryMiB: p.GetMemoryMib(), Custom: list(p.GetCustom(), amountFrom)}
}

func profileTo(d deploy.Profile) *pb.Profile {
	return &pb.Profile{Id: d.ID, Cores: d.Cores, MemoryMib: d.MemoryMiB, Custom: list(d.Custom, amountTo), Gang: d.Gang}
}

func profileFrom(p *pb.Profile) deploy.Profile {
	return deploy.Profile{
		ID: p.GetId(), Cores: p.GetCores(), MemoryMiB: p.GetMemoryMib(), Custom: list(p.GetCustom(), amountFrom), Gang: p.GetGang(),
	}
}

func targetTo(d deploy.Target) *pb.Target { return &pb.Target{Profile: d.Profile, Total: d.Total} }

func targetFrom(p *pb.Target) deploy.Target {
	return deploy.Target{Profile: p.GetProfile(), Total: p.GetTotal()}
}

func artifactTo(d deploy.Artifact) *pb.Artifact {
	return &pb.Artifact{Digest: string(d.Digest), Name: d.Name, Size: d.Size, Executable: d.Executable}
}

func artifactFrom(p *pb.Artifact) deploy.Artifact {
	return deploy.Artifact{Digest: deploy.Digest(p.GetDigest()), Name: p.GetName(), Size: p.GetSize(), Executable: p.GetExecutable()}
}

func envVarTo(d deploy.EnvVar) *pb.EnvVar { return &pb.EnvVar{Name: d.Name, Value: d.Value} }

func envVarFrom(p *pb.EnvVar) deploy.EnvVar {
	return deploy.EnvVar{Name: p.GetName(), Value: p.GetValue()}
}

func commandTo(d *deploy.Command) *pb.Command {
	return &pb.Command{Program: d.Program, Args: d.Args, Env: list(d.Env, envVarTo), Artifacts: list(d.Artifacts, artifactTo)}
}

func commandFrom(p *pb.Command) deploy.Command {
	return deploy.Command{Program: p.GetProgram(), Args: p.GetArgs(), Env: list(p.GetEnv(), envVarFrom), Artifacts: list(p.GetArtifacts(), artifactFrom)}
}

func labelTo(d deploy.Label) *pb.Label { return &pb.Label{Key: d.Key, Value: d.Value} }

func labelFrom(p *pb.Label) deploy.Label { return deploy.Label{Key: p.GetKey(), Value: p.GetValue()} }

func workerSpecTo(d *deploy.WorkerSpec) *pb.WorkerSpec {
	return &pb.WorkerSpec{
		Id: string(d.ID), Address: d.Address.String(), Webui: d.WebUI, Cores: d.Cores, MemoryMib: d.MemoryMiB,
		Custom: list(d.Custom, addressesTo), Labels: list(d.Labels, labelTo), Adopts: d.Adopts, Version: d.Version,
	}
}

func (r *reader) workerSpec(p *pb.WorkerSpec) deploy.WorkerSpec {
	return deploy.WorkerSpec{
		ID: deploy.WorkerID(p.GetId()), Address: r.address("worker address", p.GetAddress()), WebUI: p.GetWebui(),
		Cores: p.GetCores(), MemoryMiB: p.GetMemoryMib(), Custom: list(p.GetCustom(), addressesFrom),
		Labels: list(p.GetLabels(), labelFrom), Adopts: p.GetAdopts(), Version: p.GetVersion(),
	}
}

func appSpecTo(d *deploy.AppSpec) *pb.AppSpec {
	return &pb.AppSpec{
		Name: d.Name, User: d.User, CoresMax: d.CoresMax, Profiles: list(d.Profiles, profileTo), Targets: list(d.Targets, targetTo),
		Executor: commandTo(&d.Executor), Driver: d.Driver.String(), Webui: d.WebUI, Place: placementTo(&d.Place), Reports: d.Reports,
	}
}

func (r *reader) appSpec(p *pb.AppSpec) deploy.AppSpec {
	return deploy.AppSpec{
		Name: p.GetName(), User: p.GetUser(), CoresMax: p.GetCoresMax(), Profiles: list(p.GetProfiles(), profileFrom),
		Targets: list(p.GetTargets(), targetFrom), Executor: commandFrom(p.GetExecutor()),
		Driver: r.address("driver address", p.GetDriver()), WebUI: p.GetWebui(), Place: r.placement(p.GetPlace()), Reports: p.GetReports(),
	}
}

func driverSpecTo(d *deploy.DriverSpec) *pb.DriverSpec {
	return &pb.DriverSpec{
		Name: d.Name, User: d.User, Command: commandTo(&d.Command), Need: resourcesTo(d.Need), Supervise: d.Supervise, MaxRestarts: d.MaxRestarts,
		Place: placementTo(&d.Place),
	}
}

func (r *reader) driverSpec(p *pb.DriverSpec) deploy.DriverSpec {
	return deploy.DriverSpec{
		Name: p.GetName(), User: p.GetUser(), Command: commandFrom(p.GetCommand()), Need: resourcesFrom(p.GetNeed()),
		Supervise: p.GetSupervise(), MaxRestarts: p.GetMaxRestarts(), Place: r.placement(p.GetPlace()),
	}
}

func exitTo(d deploy.Exit) *pb.Exit { return &pb.Exit{Code: d.Code, Signal: d.Signal, Oom: d.OOM} }

func exitFrom(p *pb.Exit) deploy.Exit {
	return deploy.Exit{Code: p.GetCode(), Signal: p.GetSignal(), OOM: p.GetOom()}
}

func executorIDTo(d deploy.ExecutorID) *pb.ExecutorID {
	return &pb.ExecutorID{App: string(d.App), Num: d.Num}
}

func executorIDFrom(p *pb.ExecutorID) deploy.ExecutorID {
	return deploy.ExecutorID{App: deploy.AppID(p.GetApp()), Num: p.GetNum()}
}

func launchIDTo(d deploy.LaunchID) *pb.LaunchID {
	return &pb.LaunchID{Epoch: uint64(d.Epoch), Seq: d.Seq}
}

func launchIDFrom(p *pb.LaunchID) deploy.LaunchID {
	return deploy.LaunchID{Epoch: deploy.Epoch(p.GetEpoch()), Seq: p.GetSeq()}
}

func launchTo(d *deploy.Launch) *pb.Launch {
	return &pb.Launch{
		Id: orNil(d.ID, launchIDTo), Executor: orNil(d.Executor, executorIDTo), Driver: string(d.Driver), Attempt: uint32(d.Attempt),
		Profile: d.Profile, Need: resourcesTo(d.Need), Addresses: list(d.Addresses, addressesTo), Command: commandTo(&d.Command),
		AppName: d.AppName, Leased: d.Leased, Token: d.Token.Reveal(),
	}
}

func launchFrom(p *pb.Launch) deploy.Launch {
	return deploy.Launch{
		ID: launchIDFrom(p.GetId()), Executor: executorIDFrom(p.GetExecutor()), Driver: deploy.DriverID(p.GetDriver()),
		Attempt: deploy.Attempt(p.GetAttempt()), Profile: p.GetProfile(), Need: resourcesFrom(p.GetNeed()),
		Addresses: list(p.GetAddresses(), addressesFrom), Command: commandFrom(p.GetCommand()), AppName: p.GetAppName(),
		Leased: p.GetLeased(), Token: deploy.NewSecret(p.GetToken()),
	}
}

func launchReportTo(d *deploy.LaunchReport) *pb.LaunchReport {
	return &pb.LaunchReport{
		Launch: orNil(d.Launch, launchIDTo), Executor: orNil(d.Executor, executorIDTo), Driver: string(d.Driver), Attempt: uint32(d.Attempt),
		Profile: d.Profile, Need: resourcesTo(d.Need), Addresses: list(d.Addresses, addressesTo), Seq: d.Seq,
		State: enumTo[pb.ExecutorState](d.State), Exit: orNil(d.Exit, exitTo), Message: text(d.Message), Lived: durationTo(d.Lived),
	}
}

func (r *reader) launchReport(p *pb.LaunchReport) deploy.LaunchReport {
	return deploy.LaunchReport{
		Launch: launchIDFrom(p.GetLaunch()), Executor: executorIDFrom(p.GetExecutor()), Driver: deploy.DriverID(p.GetDriver()),
		Attempt: deploy.Attempt(p.GetAttempt()), Profile: p.GetProfile(), Need: resourcesFrom(p.GetNeed()),
		Addresses: list(p.GetAddresses(), addressesFrom), Seq: p.GetSeq(), State: r.executorState(p.GetState()),
		Exit: exitFrom(p.GetExit()), Message: p.GetMessage(), Lived: r.duration("lived", p.GetLived()),
	}
}

func (r *reader) executorState(p pb.ExecutorState) deploy.ExecutorState {
	return enum[deploy.ExecutorState](r, "executor state", p, pb.ExecutorState_name)
}
