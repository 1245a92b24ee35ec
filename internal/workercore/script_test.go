package workercore

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
	"github.com/musterproject/muster/pkg/rpc"
)

func scriptConfig() Config {
	cfg := DefaultConfig()
	cfg.Worker = deploy.WorkerSpec{ID: "worker-1", Address: deploy.Address{Host: "w1", Port: 7000}, Cores: 8, MemoryMiB: 8192}
	cfg.Incarnation, cfg.Seed = 1, 7
	cfg.Masters = []deploy.Address{{Host: "m1", Port: 7077}, {Host: "m2", Port: 7077}}
	return cfg
}

// words reads a line of a script: words in order, and key=value pairs anywhere.
type words struct {
	list []string
	keys map[string]string
}

func splitWords(line string) words {
	w := words{keys: map[string]string{}}
	for _, f := range strings.Fields(line) {
		if k, v, ok := strings.Cut(f, "="); ok {
			w.keys[k] = v
		} else {
			w.list = append(w.list, f)
		}
	}
	return w
}

func (w *words) next() string {
	if len(w.list) == 0 {
		return ""
	}
	first := w.list[0]
	w.list = w.list[1:]
	return first
}

func (w *words) has(flag string) bool {
	for i, f := range w.list {
		if f == flag {
			w.list = append(w.list[:i:i], w.list[i+1:]...)
			return true
		}
	}
	return false
}

func (w *words) rest() string { return strings.Join(w.list, " ") }

func (w *words) number(key string) uint64 {
	n, _ := strconv.ParseUint(w.keys[key], 10, 64)
	return n
}

func (w *words) length(key string) time.Duration {
	d, _ := time.ParseDuration(w.keys[key])
	return d
}

// parse makes an event of a line; nil means that the line set up the core instead.
func (s *stage) parse(line string) (Event, error) {
	w := splitWords(line)
	switch verb := w.next(); verb {
	case "config":
		return nil, s.configure(&w)
	case "begin":
		return parseBegun(&w)
	case "tick":
		s.now, _ = s.core.Deadline()
		return Tick{}, nil
	case "wait":
		d, err := time.ParseDuration(w.next())
		s.now = s.now.Add(d)
		return Tick{}, err
	case "opened":
		return parseOpened(&w)
	case "dialfailed":
		a, err := deploy.ParseAddress(w.next())
		return DialFailed{Address: a, Reason: w.rest()}, err
	case "closed":
		peer, err := parsePeer(w.next())
		return Closed{Peer: peer, Reason: w.rest()}, err
	case "recv":
		return s.parseReceived(strings.TrimPrefix(line, "recv "))
	case "leave":
		return Leave{Keep: w.has("keep"), Now: w.has("now"), Reason: w.rest()}, nil
	default:
		return s.parseProcess(verb, &w)
	}
}

func (s *stage) configure(w *words) error {
	if d := w.length("exit"); d > 0 {
		s.cfg.ExitWhenUnregistered = d
	}
	if e := w.number("seen"); e > 0 {
		s.cfg.Seen = []EpochSeen{{Epoch: deploy.Epoch(e)}}
	}
	s.core = New(s.cfg)
	return s.cfg.Validate()
}

func parsePeer(s string) (deploy.PeerID, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	return deploy.PeerID(n), err
}

// parseBegun reads handles such as 1-3:app-1/0:RUNNING or 1-4:driver-1:EXITED:leased.
func parseBegun(w *words) (Event, error) {
	var b Begun
	for _, f := range w.list {
		parts := strings.Split(f, ":")
		if len(parts) < 3 {
			return nil, fmt.Errorf("handle %q: write id:owner:STATE", f)
		}
		order, err := parseLaunch(parts[0], parts[1])
		if err != nil {
			return nil, err
		}
		order.Leased = len(parts) > 3
		h := launcher.Handle{Launch: order.ID, Owner: parts[1]}
		if err := h.State.UnmarshalText([]byte(parts[2])); err != nil {
			return nil, err
		}
		b.Handles = append(b.Handles, Held{Order: order, Handle: h})
	}
	return b, nil
}

func parseLaunch(id, owner string) (deploy.Launch, error) {
	launch, err := deploy.ParseLaunchID(id)
	if err != nil {
		return deploy.Launch{}, err
	}
	l := deploy.Launch{ID: launch, Need: deploy.Resources{Cores: 1, MemoryMiB: 64}}
	if driver, attempt, ok := strings.Cut(owner, "#"); ok || strings.HasPrefix(owner, "driver") {
		n, _ := strconv.Atoi(attempt)
		l.Driver, l.Attempt = deploy.DriverID(driver), deploy.Attempt(n)
		return l, nil
	}
	l.Executor, err = deploy.ParseExecutorID(owner)
	return l, err
}

func parseOpened(w *words) (Event, error) {
	inward := w.has("in")
	peer, err := parsePeer(w.next())
	if err != nil {
		return nil, err
	}
	a, err := deploy.ParseAddress(w.next())
	o := Opened{Peer: peer, Dialled: a, Hello: deploy.Hello{Role: deploy.RoleMaster, Address: a, Epoch: deploy.Epoch(w.number("epoch"))}}
	if inward {
		o.Dialled = deploy.Address{}
	}
	o.Hello.ClusterID[0] = byte(w.number("cluster"))
	return o, err
}

// parseReceived reads "peer epoch/session/seq verb ...", several items parted by ";".
func (s *stage) parseReceived(line string) (Event, error) {
	peerWord, rest, _ := strings.Cut(line, " ")
	peer, err := parsePeer(peerWord)
	if err != nil {
		return nil, err
	}
	r := Received{Peer: peer, At: s.now}
	for part := range strings.SplitSeq(rest, ";") {
		w := splitWords(part)
		item := rpc.Item{}
		if _, err := fmt.Sscanf(w.next(), "%d/%d/%d", &item.Stamp.Epoch, &item.Stamp.Session, &item.Stamp.Seq); err != nil {
			return nil, fmt.Errorf("stamp of %q: %w", part, err)
		}
		item.Stamp.Cluster[0] = byte(w.number("cluster"))
		if item.Msg, err = parseMessage(&w); err != nil {
			return nil, err
		}
		r.Items = append(r.Items, item)
	}
	return r, nil
}

func parseMessage(w *words) (deploy.Message, error) {
	switch verb := w.next(); verb {
	case "registered":
		m := deploy.WorkerRegistered{Heartbeat: time.Second, Lease: w.length("lease"), Acked: parseSeqs(w.keys["acked"])}
		for _, id := range splitList(w.keys["kill"]) {
			launch, err := deploy.ParseLaunchID(id)
			if err != nil {
				return nil, err
			}
			m.Kill = append(m.Kill, launch)
		}
		for _, a := range splitList(w.keys["masters"]) {
			addr, err := deploy.ParseAddress(a)
			if err != nil {
				return nil, err
			}
			m.Masters = append(m.Masters, addr)
		}
		return m, nil
	case "launch":
		leased := w.has("leased")
		l, err := parseLaunch(w.next(), w.next())
		l.Leased = leased
		return deploy.LaunchOrder{Launch: l}, err
	case "kill":
		id, err := deploy.ParseLaunchID(w.next())
		return deploy.KillOrder{Launch: id, Reason: w.rest()}, err
	case "appended":
		return deploy.AppEnded{App: deploy.AppID(w.next())}, nil
	case "ack":
		return deploy.ReportAck{Seqs: parseSeqs(w.next())}, nil
	case "beat":
		return deploy.HeartbeatAck{N: w.number("n"), Orders: w.number("orders")}, nil
	case "standby":
		a, err := deploy.ParseAddress(w.next())
		return deploy.Standby{Leader: a}, err
	case "refused":
		return deploy.WorkerRefused{Fault: deploy.Fault{Kind: deploy.ErrConflict, Text: w.rest()}}, nil
	case "again":
		return deploy.RegisterAgain{Reason: w.rest()}, nil
	case "removed":
		return deploy.AppRemoved{}, nil
	default:
		return nil, fmt.Errorf("message %q is unknown", verb)
	}
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

func parseSeqs(s string) (seqs []uint64) {
	for _, f := range splitList(s) {
		n, _ := strconv.ParseUint(f, 10, 64)
		seqs = append(seqs, n)
	}
	return seqs
}

// parseProcess reads what the launcher says.
func (s *stage) parseProcess(verb string, w *words) (Event, error) {
	id, err := deploy.ParseLaunchID(w.next())
	if err != nil {
		return nil, fmt.Errorf("event %q: %w", verb, err)
	}
	switch verb {
	case "prepared":
		return Prepared{Launch: id, Failure: w.rest()}, nil
	case "started":
		return Process{Event: launcher.Started{Launch: id, PID: 100, At: s.now}}, nil
	case "startfailed":
		return Process{Event: launcher.StartFailed{Launch: id, Message: w.rest(), At: s.now}}, nil
	case "oom":
		return Process{Event: launcher.OOMKilled{Launch: id, At: s.now}}, nil
	case "exited":
		e := launcher.Exited{Launch: id, Killed: w.has("killed"), Lived: w.length("lived"), At: s.now}
		e.Exit = deploy.Exit{Code: int32(w.number("code")), Signal: int32(w.number("signal"))}
		e.Message = w.rest()
		return Process{Event: e}, nil
	}
	return nil, fmt.Errorf("event %q is unknown", verb)
}
