package mastercore

import (
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
	id, known := requestOf(m)
	if !known {
		c.refuse(by, id, m, fmt.Errorf("%T: a master does not answer this message here: %w", m, deploy.ErrInvalid))
		return
	}
	if err := checkRequest(id); err != nil {
		c.refuse(by, id, m, err)
		return
	}
	if by.session != nil && by.session.role == deploy.RoleWorker {
		c.refuse(by, id, m, fmt.Errorf("%T: a worker may not ask for this: %w", m, deploy.ErrDenied))
		return
	}
	if kept := c.answers.find(id); kept != nil && !mutantAnswerForgotten {
		c.answer(by, m, *kept)
		return
	}
	a, err := c.carryOut(by, m)
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
		return c.killApp(&m, by)
	case deploy.SetTargets:
		return c.setTargets(&m, by)
	case deploy.KillExecutors:
		return c.killExecutors(&m, by)
	case deploy.UnregisterApp:
		return c.unregisterApp(&m, by)
	case deploy.Hold:
		return c.setHold(&m, by)
	}
	return deploy.Answer{}, deploy.ErrInvalid
}

func requestOf(m deploy.Message) (deploy.RequestID, bool) {
	switch m := m.(type) {
	case deploy.SubmitDriver:
		return m.Request, true
	case deploy.KillDriver:
		return m.Request, true
	case deploy.KillApp:
		return m.Request, true
	case deploy.SetTargets:
		return m.Request, true
	case deploy.KillExecutors:
		return m.Request, true
	case deploy.UnregisterApp:
		return m.Request, true
	case deploy.Hold:
		return m.Request, true
	}
	return "", false
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

// liveApp gives the running application that a request names, if the asker may speak for it.
func (c *Core) liveApp(id deploy.AppID, by asker) (*app, error) {
	a := c.apps[id]
	switch {
	case by.session != nil && (by.session.app == nil || by.session.app != a):
		return nil, fmt.Errorf("application %s: only the application itself or a client may ask for this, on a registered connection: %w", id, deploy.ErrDenied)
	case a == nil:
		return nil, fmt.Errorf("application %s: no such application; list them with get apps: %w", id, deploy.ErrNotFound)
	case a.ended():
		return nil, a.endFault()
	}
	return a, nil
}

// setTargets changes how many executors are wanted; new profiles come along.
func (c *Core) setTargets(m *deploy.SetTargets, by asker) (deploy.Answer, error) {
	a, err := c.liveApp(m.App, by)
	if err != nil {
		return deploy.Answer{}, err
	}
	spec := a.rec.Spec
	if spec.Profiles, spec.Targets, err = mergeTargets(&spec, m); err != nil {
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
func (c *Core) killExecutors(m *deploy.KillExecutors, by asker) (deploy.Answer, error) {
	a, err := c.liveApp(m.App, by)
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
	a, err := c.liveApp(deploy.AppID(m.ID), by)
	if err != nil {
		return deploy.Answer{}, err
	}
	a.rec.Held = who
	c.persist(deploy.PutApp{Record: a.rec})
	c.touchApp(a)
	c.touchDemands(a)
	return deploy.Answer{ID: m.ID}, nil
}
