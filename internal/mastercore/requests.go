package mastercore

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// asker is who waits for an answer: a session, or a client's question.
type asker struct {
	session *session
	call    deploy.CallID
	from    deploy.Principal
}

// name says who asks, for people.
func (by asker) name() string {
	switch {
	case by.session != nil && by.session.app != nil:
		return string(by.session.app.rec.ID)
	case by.from.Name != "":
		return by.from.Name
	}
	return "a client"
}

// reply answers outside the sequence of orders.
func (c *Core) reply(by asker, m deploy.Message) {
	if by.session != nil {
		c.say(by.session, m)
		return
	}
	c.out.Send = append(c.out.Send, Envelope{Re: by.call, Msg: m})
}

// request carries out what a client or an application asks for, once per RequestID: a repeat gets the first answer.
func (c *Core) request(by asker, m deploy.Message) {
	id, about, err := checkAsked(m)
	if err != nil {
		c.refuse(by, id, m, err)
		return
	}
	if kept := c.answers.find(id); kept != nil && !mutantAnswerForgotten {
		c.answer(by, m, *kept)
		return
	}
	a, err := deploy.Answer{}, mayAsk(by, about)
	if err == nil {
		a, err = c.carryOut(by, m)
	}
	a.Request, a.At = id, c.now
	if err != nil {
		f := deploy.NewFault(err)
		if transient(err) {
			c.refuse(by, id, m, err)
			return
		}
		a.Code, a.Text = f.Code(), f.Error()
	}
	if _, submitted := m.(deploy.SubmitDriver); submitted && err == nil {
		c.answers.pin(a) // its record keeps it
	} else {
		c.answers.keep(c, a)
	}
	c.answer(by, m, a)
}

// transient tells whether asking again may lead to another answer, without harm: nothing has been looked up, or it was too early.
func transient(err error) bool {
	return errors.Is(err, deploy.ErrInvalid) || errors.Is(err, deploy.ErrTooLarge) || errors.Is(err, deploy.ErrDenied) ||
		errors.Is(err, deploy.ErrRecovering)
}

// carryOut does what m asks for. What it changes is persisted before its answer, so that no answer stands for what did not happen.
func (c *Core) carryOut(by asker, m deploy.Message) (deploy.Answer, error) {
	switch m := m.(type) {
	case deploy.SubmitDriver:
		return c.submitDriver(&m, by)
	case deploy.KillDriver:
		return c.killDriver(&m)
	case deploy.KillApp:
		return c.killApp(&m)
	case deploy.SetTargets:
		return c.setTargets(&m)
	case deploy.KillExecutors:
		return c.killExecutors(&m)
	case deploy.UnregisterApp:
		return c.unregisterApp(&m, by)
	case deploy.Hold:
		return c.setHold(&m, by)
	}
	return deploy.Answer{}, deploy.ErrInvalid
}

// checkAsked gives the id of a well-formed request and of what it is about.
func checkAsked(m deploy.Message) (id deploy.RequestID, about string, err error) {
	id, about, known := requestOf(m)
	if !known {
		return "", "", fmt.Errorf("%T: a master does not answer this message here: %w", m, deploy.ErrInvalid)
	}
	if err := cmp.Or(checkRequest(id), checkNamed(about)); err != nil {
		return "", "", err
	}
	return id, about, nil
}

// mayAsk lets clients ask for anything, and an application, on its session, for itself.
func mayAsk(by asker, about string) error {
	if by.session != nil && (by.session.app == nil || about != string(by.session.app.rec.ID)) {
		return fmt.Errorf("request about %q: on its session an application asks for itself, after its registration; ask as a client: %w", about, deploy.ErrDenied)
	}
	return nil
}

// requestOf gives the id of a request and of what it is about.
func requestOf(m deploy.Message) (id deploy.RequestID, about string, known bool) {
	switch m := m.(type) {
	case deploy.SubmitDriver:
		return m.Request, "", true
	case deploy.KillDriver:
		return m.Request, string(m.Driver), true
	case deploy.KillApp:
		return m.Request, string(m.App), true
	case deploy.SetTargets:
		return m.Request, string(m.App), true
	case deploy.KillExecutors:
		return m.Request, string(m.App), true
	case deploy.UnregisterApp:
		return m.Request, string(m.App), true
	case deploy.Hold:
		return m.Request, m.ID, true
	}
	return "", "", false
}

// answer tells what was kept under the request.
func (c *Core) answer(by asker, m deploy.Message, a deploy.Answer) {
	if a.Code != 0 {
		c.refuse(by, a.Request, m, deploy.FaultFromCode(a.Code, a.Text))
		return
	}
	c.reply(by, deploy.Accepted{Request: a.Request, ID: a.ID, Killed: a.Killed, Unknown: a.Unknown})
}

func (c *Core) refuse(by asker, id deploy.RequestID, m deploy.Message, err error) {
	c.reply(by, deploy.Refused{Request: id, Fault: deploy.NewFault(err)})
	c.fact(RequestRefused{From: by.name(), Message: fmt.Sprintf("%T", m), Reason: err.Error()})
}

// liveApp gives the running application that a request names.
func (c *Core) liveApp(id deploy.AppID) (*app, error) {
	a := c.apps[id]
	switch {
	case a == nil:
		return nil, fmt.Errorf("application %s: no such application; list them with get apps: %w", id, deploy.ErrNotFound)
	case a.ended():
		return nil, a.endFault()
	}
	return a, nil
}

// setTargets changes how many executors are wanted; new profiles come along.
func (c *Core) setTargets(m *deploy.SetTargets) (deploy.Answer, error) {
	a, err := c.liveApp(m.App)
	if err != nil {
		return deploy.Answer{}, err
	}
	spec := a.rec.Spec
	if spec.Profiles, spec.Targets, err = mergeTargets(&spec, a.coresMax, m); err != nil {
		return deploy.Answer{}, err
	}
	if err := c.checkSize("application "+string(a.rec.ID), appBytes(&spec)); err != nil {
		return deploy.Answer{}, err
	}
	a.rec.Spec = spec
	c.readProfiles(a)
	c.persist(deploy.PutApp{Record: a.rec})
	c.touchApp(a)
	c.touchDemands(a)
	return deploy.Answer{ID: string(m.App)}, nil
}

// killExecutors ends executors by number. The targets stay, so others replace them unless they were lowered before.
func (c *Core) killExecutors(m *deploy.KillExecutors) (deploy.Answer, error) {
	a, err := c.liveApp(m.App)
	switch {
	case err != nil:
		return deploy.Answer{}, err
	case !c.alive():
		return deploy.Answer{}, fmt.Errorf("application %s: its executors are not all known again yet; try again: %w", m.App, deploy.ErrRecovering)
	case len(m.Nums) > mostNumbers:
		return deploy.Answer{}, fmt.Errorf("application %s: %d executor numbers at once; send at most %d: %w", m.App, len(m.Nums), mostNumbers, deploy.ErrTooLarge)
	}
	out := deploy.Answer{ID: string(m.App)}
	nums := slices.Clone(m.Nums)
	slices.Sort(nums)
	for _, num := range slices.Compact(nums) {
		if e := a.executor(num); e != nil {
			c.kill(e.launch, "killed by request")
			out.Killed = append(out.Killed, num)
		} else {
			out.Unknown = append(out.Unknown, num)
		}
	}
	c.touchDemands(a)
	return out, nil
}

// setHold stops new placements for an application or a queued driver, or lets them go on.
func (c *Core) setHold(m *deploy.Hold, by asker) (deploy.Answer, error) {
	who := m.By
	if who == "" {
		who = by.name()
	}
	if err := deploy.CheckTitle("hold by", who, mostTitle); err != nil {
		return deploy.Answer{}, err
	}
	if m.Off {
		who = ""
	}
	if d := c.drivers[deploy.DriverID(m.ID)]; d != nil {
		switch {
		case d.done() || d.killing:
			return deploy.Answer{}, fmt.Errorf("driver %s: it is %s: %w", m.ID, d.endState(), deploy.ErrAlreadyFinished)
		case !m.Off && !d.queued():
			return deploy.Answer{}, fmt.Errorf("driver %s: it is launched already, only a queued driver can be held; kill it instead: %w", m.ID, deploy.ErrIllegalTransition)
		}
		d.rec.Held = who
		c.persistDriver(d)
		c.touchDriver(d)
		c.touchDemand(&d.demand)
		return deploy.Answer{ID: m.ID}, nil
	}
	a, err := c.liveApp(deploy.AppID(m.ID))
	if err != nil {
		return deploy.Answer{}, err
	}
	a.rec.Held = who
	c.persist(deploy.PutApp{Record: a.rec})
	c.touchApp(a)
	c.touchDemands(a)
	return deploy.Answer{ID: m.ID}, nil
}
