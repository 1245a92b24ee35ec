package mastercore

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// app is one application.
//
//	registers --> WAITING --first executor--> RUNNING --> FINISHED (unregisters), FAILED (driver lost, executors keep failing), KILLED
//	record --> UNKNOWN --registers again, or recovery ends--> WAITING or RUNNING
type app struct {
	rec      deploy.AppRecord
	token    deploy.Secret // rec.Token
	life     deploy.Life[deploy.AppState]
	profiles []*profile // in the order of rec.Spec.Profiles
	coresMax int32
	share    uint32 // what its demands carry to say that they share coresMax and rules
	queue    *queue
	scope    *scope            // nil: all workers
	held     map[*worker]int32 // executors by worker, if that matters

	session *session
	broken  moment // when the session ended; counts while ALIVE

	executors    []*executor // live, by number
	removed      []*executor // ended, oldest first, bounded
	removedTotal int
	cores        int64 // of live executors, those being killed too
	launching    int
	running      int
	nextNum      int32
	burnt        int32          // numbers below it may live on workers from before this epoch
	killed       map[int32]bool // numbers whose kill an earlier epoch acknowledged
	met          map[*worker]bool
	workers      []*worker // the same, in order: to be told of the end

	failures    int32
	lastFailure string
	backoff     time.Duration
	nextTry     int64 // no launch before it
	avoid       []*worker

	reason  string // of its end
	endedAt time.Time
	timer   timer
	dirty   bool // its row
}

// profile is one kind of executors of an application.
type profile struct {
	deploy.Profile
	target  int32
	live    int32 // launching and running ones that are not being killed
	begins  int32 // of all: launching ones
	reached int32 // of the live ones: have reached the driver
	late    int32 // of the live ones: have run for ReachAfter without
	gaveUp  int32 // ended because they could not, since one could
	demand  demand
}

func (a *app) state() deploy.AppState { return a.life.State() }
func (a *app) ended() bool            { return a.life.Terminal() }

func (a *app) profile(id int32) *profile {
	for _, p := range a.profiles {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// executor gives the live executor with a number, or nil.
func (a *app) executor(num int32) *executor {
	if i, ok := slices.BinarySearchFunc(a.executors, num, executorByNum); ok {
		return a.executors[i]
	}
	return nil
}

// coresLeft is what CoresMax still allows.
func (a *app) coresLeft() int32 {
	if a.coresMax == deploy.NoLimit {
		return deploy.NoLimit
	}
	return int32(max(0, int64(a.coresMax)-a.cores))
}

// meet remembers that a worker has run something of a.
func (a *app) meet(w *worker) {
	if !a.met[w] {
		if a.met == nil {
			a.met = map[*worker]bool{}
		}
		a.met[w] = true
		a.workers = append(a.workers, w)
	}
}

// newApp makes the books of an application from its record.
func (c *Core) newApp(rec deploy.AppRecord, state deploy.AppState) *app {
	a := &app{rec: rec, token: deploy.NewSecret(rec.Token), life: deploy.NewLife(state), coresMax: rec.Spec.CoresMax}
	a.timer.owner = a
	c.lastShare++
	a.share = c.lastShare
	if a.coresMax == 0 {
		a.coresMax = c.cfg.DefaultCores
	}
	c.readProfiles(a)
	a.queue = c.enterQueue(rec.Spec.Place.Queue, 1, 0)
	a.scope = c.enterScope(rec.Spec.Place.Require)
	c.apps[rec.ID] = a
	return a
}

// readProfiles takes over the profiles and targets of the record, new ones included.
func (c *Core) readProfiles(a *app) {
	for i := range a.rec.Spec.Profiles {
		want := &a.rec.Spec.Profiles[i]
		if a.profile(want.ID) == nil {
			p := &profile{Profile: *want, target: deploy.NoLimit}
			p.demand = demand{app: a, profile: p}
			a.profiles = append(a.profiles, p)
		}
	}
	for _, t := range a.rec.Spec.Targets {
		if p := a.profile(t.Profile); p != nil {
			p.target = t.Total
		}
	}
}

// registerApp takes in a new application, or one that comes back.
func (c *Core) registerApp(s *session, m *deploy.RegisterApp, at int64) {
	a, err := c.findApp(s, m)
	if err == nil && a == nil {
		a, err = c.admitApp(s, m)
	}
	if err != nil {
		c.say(s, deploy.AppRefused{Fault: deploy.NewFault(err)})
		c.fact(RequestRefused{From: s.from.Name, Message: "RegisterApp", Reason: err.Error()})
		return
	}
	if old := a.session; old != nil && old != s {
		c.replace(old, "the application registered on another connection")
	}
	s.app, a.session = a, s
	s.heard = c.heardAt(at)
	c.register(s)
	if a.state() == deploy.AppUnknown {
		c.recovery.apps--
		c.appReturns(a, "registered again")
	}
	if c.alive() || !a.restored() {
		c.welcome(a)
	} else {
		s.held = true // not all of its executors are known yet
	}
	c.armApp(a)
	c.touchApp(a)
	c.touchDemands(a)
}

// restored tells whether the application comes from an earlier epoch.
func (a *app) restored() bool { return a.burnt > 0 }

// findApp gives the application that a registration means; nil if it is a new one.
func (c *Core) findApp(s *session, m *deploy.RegisterApp) (*app, error) {
	if s.role != deploy.RoleApp || s.worker != nil {
		return nil, fmt.Errorf("register application %q: a %s cannot be one on this connection; open one as app: %w", m.Spec.Name, s.role, deploy.ErrDenied)
	}
	if err := cmp.Or(checkRequest(m.Request), checkNamed(string(m.App))); err != nil {
		return nil, err
	}
	a, kept := c.apps[m.App], c.answers.find(m.Request)
	switch {
	case a != nil:
		if !m.Token.Equal(a.token) {
			return nil, fmt.Errorf("application %s: the token is not the one given at its registration: %w", m.App, deploy.ErrDenied)
		}
	case m.App != "" && (kept == nil || kept.ID != string(m.App)):
		return nil, fmt.Errorf("application %s: this cluster does not know it: it has ended, or belongs to another cluster; register without an id: %w", m.App, deploy.ErrNotFound)
	case kept == nil:
		return nil, nil
	case kept.Code != 0:
		return nil, deploy.FaultFromCode(kept.Code, kept.Text)
	default:
		if a = c.apps[deploy.AppID(kept.ID)]; a == nil || a.rec.Request != m.Request {
			return nil, fmt.Errorf("register application %q: the request id %s was used for %s; draw a new one: %w", m.Spec.Name, m.Request, kept.ID, deploy.ErrConflict)
		}
	}
	if s.app != nil && s.app != a {
		return nil, fmt.Errorf("register application %s: this connection is held by application %s; open another one: %w", a.rec.ID, s.app.rec.ID, deploy.ErrConflict)
	}
	if a.ended() {
		return nil, a.endFault()
	}
	return a, nil
}

// endFault says that and how a has ended.
func (a *app) endFault() error {
	f := fmt.Errorf("application %s is %s: %w", a.rec.ID, a.state(), deploy.ErrAlreadyFinished)
	if a.reason != "" {
		f = fmt.Errorf("application %s is %s, %s: %w", a.rec.ID, a.state(), a.reason, deploy.ErrAlreadyFinished)
	}
	return f
}

// admitApp takes in a new application.
func (c *Core) admitApp(s *session, m *deploy.RegisterApp) (*app, error) {
	if s.app != nil {
		return nil, fmt.Errorf("register application %q: this connection is held by application %s; open another one: %w", m.Spec.Name, s.app.rec.ID, deploy.ErrConflict)
	}
	spec := m.Spec
	if err := c.checkApp(&spec); err != nil {
		return nil, err
	}
	id := c.nextAppID()
	a := c.newApp(deploy.AppRecord{
		ID: id, Spec: spec, Request: m.Request, Owner: s.from.Name, Order: c.take(&c.numbers.order), SubmittedAt: c.now,
		Executors: max(c.cfg.ExecutorBlock, 1), Token: c.tokenOf(id),
	}, deploy.AppWaiting)
	c.persist(deploy.PutApp{Record: a.rec})
	c.answers.pin(deploy.Answer{Request: m.Request, At: c.now, ID: string(id)})
	c.fact(AppChanged{App: id, Name: m.Spec.Name, From: deploy.AppWaiting, To: deploy.AppWaiting, Reason: "registered"})
	c.touchApp(a)
	return a, nil
}

// welcome answers a registration with the whole truth about the application.
func (c *Core) welcome(a *app) {
	a.session.held, a.session.welcomed = false, c.heardAt(c.at)
	views := make([]deploy.ExecutorView, 0, len(a.executors))
	for _, e := range a.executors {
		views = append(views, e.view())
	}
	c.order(a.session, deploy.AppRegistered{
		App: a.rec.ID, Session: a.session.id, Heartbeat: c.cfg.Heartbeat, Token: a.token,
		Executors: views, Targets: a.targets(), Masters: c.cfg.Masters,
	})
}

func (a *app) targets() []deploy.Target {
	out := make([]deploy.Target, 0, len(a.profiles))
	for _, p := range a.profiles {
		out = append(out, deploy.Target{Profile: p.ID, Total: p.target})
	}
	return out
}

// appReturns ends the doubt about a restored application.
func (c *Core) appReturns(a *app, reason string) {
	next := deploy.AppWaiting
	if len(a.executors) > 0 || a.removedTotal > 0 {
		next = deploy.AppRunning
	}
	c.appBecomes(a, next, reason)
}

func (c *Core) appBecomes(a *app, next deploy.AppState, reason string) {
	from := a.state()
	if a.life.To(next) == nil {
		c.touchApp(a)
		c.fact(AppChanged{App: a.rec.ID, Name: a.rec.Spec.Name, From: from, To: next, Reason: reason})
	}
}
