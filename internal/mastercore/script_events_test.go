package mastercore

import (
	"strconv"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// The events of scripts. PEER is a number; words such as key=value may stand in any order.
//
//	begin                                        the first term; implied by the first other event
//	failover                                     a new term from what was persisted; all connections are gone
//	open PEER worker|app
//	close PEER [REASON]
//	tick                                         as every event: after the ticks that were due until now
//	late                                         one tick, by a loop that has slept until now
//	resync
//	plan [max=N]                                 first fit over what the placer was told, at most N units of each demand
//	grant DEMAND WORKER CORES [group=N] ...      a plan of the newest version, written by hand; version=N for another one
//	reserve DEMAND WORKER...                     a plan that keeps workers for a demand
//	why DEMAND CODE [position=N] [ahead=DEMAND] [queue=REF] [cause=CODE:RESOURCE:WORKERS[:NEAREST[:HAVE:WANT]]]... [fallback=CODE]   one that explains it
//	reconfigure                                  the scheduling is what config and queue lines say now
//	PEER worker ID/INCARNATION [at=HOST:PORT] [cores=N] [memory=N] [gpu=0,1] [label=KEY:VALUE]... [adopts] [LAUNCH=STATE[:EXIT]]...
//	PEER report LAUNCH STATE [exit=N] [lived=D] [message=TEXT] [as=ID/INCARNATION]
//	PEER beat N...
//	PEER leave [keeps]
//	PEER app NAME request=ID [id=APP] [token=T] [max=N] [profile=ID:CORES:MEMORY[:gpu=N|:gang]]... [target=ID:N]... [driver=HOST:PORT] [reports] [PLACEMENT]
//	PEER reached N...
//	PEER|call REQUEST request=ID ...             one of the requests below, on a session or as a client's question
//	  submit NAME [cores=N] [memory=N] [gpu=N] [supervise] [restarts=N] [PLACEMENT]
//	  kill-driver ID | kill-app ID | unregister ID [failure=TEXT] | hold ID [by=NAME] | release ID
//	  targets ID [profile=..]... [target=ID:N]... | kill-executors ID N...
func (s *script) event(f []string) []string {
	switch f[0] {
	case "begin", "failover":
		return s.takeOver()
	case "tick":
		return s.step(Tick{})
	case "late":
		return s.stepAt(s.now, Tick{})
	case "resync":
		return s.step(Resync{})
	case "plan":
		w := s.words(f[1:])
		return s.step(Planned{Plan: s.r.plan(int32(w.num("max", 100))), Policy: "first-fit"})
	case "grant":
		return s.grant(f[1:])
	case "reserve":
		return s.reserve(f[1:])
	case "why":
		return s.why(f[1:])
	case "reconfigure":
		return s.reconfigure()
	case "open":
		role := deploy.RoleWorker
		if f[2] == "app" {
			role = deploy.RoleApp
		}
		return s.step(Opened{Peer: s.peer(f[1]), Hello: deploy.Hello{Role: role}, From: deploy.Principal{Name: f[2]}})
	case "close":
		return s.step(Closed{Peer: s.peer(f[1]), Reason: strings.Join(f[2:], " ")})
	case "call":
		s.calls++
		return s.step(Received{Call: s.calls, From: deploy.Principal{Name: "client"}, Msgs: []deploy.Message{s.request(f[1:])}})
	}
	peer := s.peer(f[0])
	return s.step(Received{Peer: peer, At: s.now, Msgs: s.messages(peer, f[1:])})
}

func (s *script) peer(text string) deploy.PeerID {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		s.fail("%q is neither an event nor a peer", text)
	}
	return deploy.PeerID(n)
}

func (s *script) messages(peer deploy.PeerID, f []string) (out []deploy.Message) {
	switch w := s.words(f[1:]); f[0] {
	case "worker":
		m := s.registerWorker(w)
		s.workers[peer] = m
		return []deploy.Message{m}
	case "report":
		return []deploy.Message{s.report(peer, w)}
	case "beat":
		for _, n := range w.plain {
			out = append(out, deploy.Heartbeat{N: uint64(s.number(n))})
		}
		return out
	case "reached":
		var m deploy.ExecutorsReached
		for _, n := range w.plain {
			m.Nums = append(m.Nums, int32(s.number(n)))
		}
		return []deploy.Message{m}
	case "leave":
		k := s.workers[peer]
		return []deploy.Message{deploy.LeaveWorker{Worker: k.Worker.ID, Incarnation: k.Incarnation, Reason: "stopped", Keeps: w.has("keeps"), Stays: w.has("stays")}}
	case "app":
		spec := deploy.AppSpec{Name: w.plain[0], CoresMax: int32(w.num("max", 0)), Executor: deploy.Command{Program: "run"},
			Profiles: s.profiles(w), Targets: s.targets(w), Place: s.placement(w), Reports: w.has("reports")}
		if at := w.text("driver", ""); at != "" {
			spec.Driver = s.address(at)
		}
		if len(spec.Profiles) == 0 {
			spec.Profiles = []deploy.Profile{{Cores: 1, MemoryMiB: 100}}
		}
		m := deploy.RegisterApp{Request: deploy.RequestID(w.text("request", "")), App: deploy.AppID(w.text("id", "")), Spec: spec}
		if m.Token = s.tokens[m.App]; w.text("token", "") != "" {
			m.Token = deploy.NewSecret(w.text("token", ""))
		}
		return []deploy.Message{m}
	}
	return []deploy.Message{s.request(f)}
}

func (s *script) address(text string) deploy.Address {
	at, err := deploy.ParseAddress(text)
	if err != nil {
		s.fail("%v", err)
	}
	return at
}

func (s *script) registerWorker(w words) deploy.RegisterWorker {
	id, inc, _ := strings.Cut(w.plain[0], "/")
	m := deploy.RegisterWorker{Incarnation: deploy.Incarnation(s.number(inc)), Worker: deploy.WorkerSpec{ID: deploy.WorkerID(id), Address: s.address(w.text("at", id+":7001")),
		Cores: int32(w.num("cores", 4)), MemoryMiB: w.num("memory", 1024), Adopts: w.has("adopts"), Labels: s.labels(w)}}
	if gpu := w.text("gpu", ""); gpu != "" {
		m.Worker.Custom = []deploy.Addresses{{Name: "gpu", Units: strings.Split(gpu, ",")}}
	}
	for _, kv := range w.pairs {
		if launch, err := deploy.ParseLaunchID(kv[0]); err == nil {
			state, exit, _ := strings.Cut(kv[1], ":")
			rep := s.reportOf(launch, state)
			if exit != "" {
				rep.Exit.Code = int32(s.number(exit))
			}
			m.Launches = append(m.Launches, rep)
		}
	}
	return m
}

// reportOf makes a report from what was once ordered; of an unknown launch from nothing much.
func (s *script) reportOf(id deploy.LaunchID, state string) deploy.LaunchReport {
	s.seq++
	l := s.orders[id]
	rep := deploy.LaunchReport{Launch: id, Executor: l.Executor, Driver: l.Driver, Attempt: l.Attempt, Profile: l.Profile, Need: l.Need,
		Addresses: l.Addresses, Seq: s.seq}
	if l.ID.IsZero() {
		rep.Executor, rep.Need = deploy.ExecutorID{App: "app-unknown"}, deploy.Resources{Cores: 1, MemoryMiB: 100}
	}
	if err := rep.State.UnmarshalText([]byte(state)); err != nil {
		s.fail("%v", err)
	}
	return rep
}

func (s *script) report(peer deploy.PeerID, w words) deploy.Report {
	id, err := deploy.ParseLaunchID(w.plain[0])
	if err != nil {
		s.fail("%v", err)
	}
	rep := s.reportOf(id, w.plain[1])
	rep.Exit.Code, rep.Message = int32(w.num("exit", 0)), w.text("message", "")
	rep.Exit.Signal = int32(w.num("signal", 0))
	lived, err := time.ParseDuration(w.text("lived", "0s"))
	if err != nil {
		s.fail("%v", err)
	}
	rep.Lived = lived
	m := deploy.Report{Worker: s.workers[peer].Worker.ID, Incarnation: s.workers[peer].Incarnation, Launch: rep}
	if as := w.text("as", ""); as != "" {
		worker, inc, _ := strings.Cut(as, "/")
		m.Worker, m.Incarnation = deploy.WorkerID(worker), deploy.Incarnation(s.number(inc))
	}
	return m
}

func (s *script) request(f []string) deploy.Message {
	w := s.words(f[1:])
	id := deploy.RequestID(w.text("request", ""))
	name := ""
	if len(w.plain) > 0 {
		name = w.plain[0]
	}
	switch f[0] {
	case "submit":
		m := deploy.SubmitDriver{Request: id, Spec: deploy.DriverSpec{Name: name, Command: deploy.Command{Program: "run"}, Supervise: w.has("supervise"),
			MaxRestarts: int32(w.num("restarts", -1)), Need: deploy.Resources{Cores: int32(w.num("cores", 1)), MemoryMiB: w.num("memory", 100)}, Place: s.placement(w)}}
		if n := w.num("gpu", 0); n > 0 {
			m.Spec.Need.Custom = []deploy.Amount{{Name: "gpu", Count: int32(n)}}
		}
		return m
	case "kill-driver":
		return deploy.KillDriver{Request: id, Driver: deploy.DriverID(name)}
	case "kill-app":
		return deploy.KillApp{Request: id, App: deploy.AppID(name)}
	case "unregister":
		return deploy.UnregisterApp{Request: id, App: deploy.AppID(name), Failure: w.text("failure", "")}
	case "hold", "release":
		return deploy.Hold{Request: id, ID: name, By: w.text("by", ""), Off: f[0] == "release"}
	case "targets":
		return deploy.SetTargets{Request: id, App: deploy.AppID(name), Profiles: s.profiles(w), Targets: s.targets(w)}
	case "kill-executors":
		m := deploy.KillExecutors{Request: id, App: deploy.AppID(name)}
		for _, n := range w.plain[1:] {
			m.Nums = append(m.Nums, int32(s.number(n)))
		}
		return m
	}
	s.fail("no such event: %s", f[0])
	return nil
}

func (s *script) profiles(w words) (out []deploy.Profile) {
	for _, kv := range w.pairs {
		if kv[0] == "profile" {
			p := strings.SplitN(kv[1], ":", 4)
			made := deploy.Profile{ID: int32(s.number(p[0])), Cores: int32(s.number(p[1])), MemoryMiB: s.number(p[2])}
			if len(p) == 4 && p[3] == "gang" {
				made.Gang = true
			} else if len(p) == 4 {
				made.Custom = []deploy.Amount{{Name: "gpu", Count: int32(s.number(strings.TrimPrefix(p[3], "gpu=")))}}
			}
			out = append(out, made)
		}
	}
	return out
}

func (s *script) targets(w words) (out []deploy.Target) {
	for _, kv := range w.pairs {
		if kv[0] == "target" {
			id, n, _ := strings.Cut(kv[1], ":")
			out = append(out, deploy.Target{Profile: int32(s.number(id)), Total: int32(s.number(n))})
		}
	}
	return out
}

// grant writes a plan by hand.
func (s *script) grant(f []string) []string {
	w := s.words(f)
	plan := scheduler.Plan{Epoch: s.r.epoch, Version: uint64(w.num("version", int64(s.r.version)))}
	for p := w.plain; len(p) >= 3; p = p[3:] {
		plan.Grants = append(plan.Grants, scheduler.Grant{Demand: scheduler.DemandRef(s.number(p[0])), Worker: scheduler.WorkerRef(s.number(p[1])),
			Cores: int32(s.number(p[2])), Group: uint32(w.num("group", 0))})
	}
	return s.step(Planned{Plan: plan, Policy: "by-hand"})
}

// words are the arguments of an event: plain ones and pairs.
type words struct {
	s     *script
	plain []string
	pairs [][2]string
}

func (s *script) words(f []string) words {
	w := words{s: s}
	for _, word := range f {
		if k, v, ok := strings.Cut(word, "="); ok {
			w.pairs = append(w.pairs, [2]string{k, v})
		} else {
			w.plain = append(w.plain, word)
		}
	}
	return w
}

func (w words) text(key, other string) string {
	for _, kv := range w.pairs {
		if kv[0] == key {
			return kv[1]
		}
	}
	return other
}

func (w words) num(key string, other int64) int64 {
	if v := w.text(key, ""); v != "" {
		return w.s.number(v)
	}
	return other
}

func (w words) has(word string) bool {
	for _, p := range w.plain {
		if p == word {
			return true
		}
	}
	return false
}

func (s *script) number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		s.fail("%v", err)
	}
	return n
}
