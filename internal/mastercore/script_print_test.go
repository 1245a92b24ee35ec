package mastercore

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// print writes the effects of a step, one a line, in the order of doing.
func (s *script) print() (lines []string) {
	add := func(format string, args ...any) {
		lines = append(lines, strings.TrimRight(fmt.Sprintf(format, args...), " "))
	}
	for _, ch := range s.out.Persist {
		add("persist %s %s", ch.Key(), s.change(ch))
	}
	for _, e := range s.out.Send {
		to := fmt.Sprintf("to %d", e.To)
		switch {
		case e.To == 0:
			to = fmt.Sprintf("answer %d", e.Re)
		case e.Stamp.Seq > 0:
			to = fmt.Sprintf("order %d s%d#%d", e.To, e.Stamp.Session, e.Stamp.Seq)
		}
		add("%s %s %s", to, name(e.Msg), s.message(e.Msg))
	}
	for _, a := range s.out.Acks {
		add("ack %d heartbeat %d orders %d", a.To, a.Msg.N, a.Msg.Orders)
	}
	for _, h := range s.out.Hangup {
		add("hang up %d: %s", h.Peer, h.Reason)
	}
	if u := s.out.Place; u != nil {
		add("place %s", s.update(u))
	}
	for _, r := range s.out.Rows {
		add("row %s", row(r))
	}
	for _, f := range s.out.Facts {
		add("fact %s %s", name(f), fact(f))
	}
	return lines
}

// name is the type without its package.
func name(v any) string {
	_, n, _ := strings.Cut(fmt.Sprintf("%T", v), ".")
	return n
}

// since writes a time as the seconds from the start.
func (s *script) since(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return "@" + t.Sub(s.start).String()
}

func (s *script) change(ch deploy.Change) string {
	switch ch := ch.(type) {
	case deploy.PutWorker:
		return fmt.Sprintf("incarnation %d, %s", ch.Record.Incarnation, ch.Record.Spec.Capacity())
	case deploy.PutApp:
		r := ch.Record
		return fmt.Sprintf("order %d, executors below %d, targets %v%s", r.Order, r.Executors, r.Spec.Targets, held(r.Held))
	case deploy.PutDriver:
		r := ch.Record
		return fmt.Sprintf("%s attempt %d, restarts %d, launch %s on %q, lease %s, %+v%s %s", r.State, r.Attempt, r.Restarts, r.Launch, r.Worker,
			s.since(r.LeaseUntil), r.Exit, held(r.Held), r.Message)
	case deploy.PutBlock:
		return fmt.Sprintf("next %d", ch.Next)
	case deploy.PutAnswer:
		return fmt.Sprintf("id %s, code %d %s, killed %v, unknown %v", ch.Answer.ID, ch.Answer.Code, ch.Answer.Text, ch.Answer.Killed, ch.Answer.Unknown)
	}
	return "dropped"
}

func held(by string) string {
	if by == "" {
		return ""
	}
	return ", held by " + by
}

func (s *script) message(m deploy.Message) string {
	switch m := m.(type) {
	case deploy.WorkerRegistered:
		return fmt.Sprintf("kill %v, acknowledged %v", m.Kill, m.Acked)
	case deploy.WorkerRefused:
		return m.Fault.Error()
	case deploy.AppRefused:
		return m.Fault.Error()
	case deploy.AppRegistered:
		var list []string
		for _, e := range m.Executors {
			list = append(list, view(e))
		}
		return fmt.Sprintf("%s, executors [%s], targets %v", m.App, strings.Join(list, "; "), m.Targets)
	case deploy.ExecutorChanged:
		return view(m.Executor)
	case deploy.LaunchOrder:
		l := m.Launch
		if l.Driver != "" {
			return fmt.Sprintf("%s %s attempt %d, %s %v, leased %v", l.ID, l.Driver, l.Attempt, l.Need, l.Addresses, l.Leased)
		}
		return fmt.Sprintf("%s %s profile %d, %s %v", l.ID, l.Executor, l.Profile, l.Need, l.Addresses)
	case deploy.Waiting:
		return fmt.Sprintf("profile %d %s", m.Decision.Profile, m.Decision.String())
	case deploy.Refused:
		return fmt.Sprintf("%s: %s", m.Request, m.Fault.Error())
	}
	return fmt.Sprintf("%+v", m)
}

func view(e deploy.ExecutorView) string {
	text := fmt.Sprintf("%s %s on %s", e.Executor, e.State, e.Worker)
	if e.WorkerLost {
		text += " (worker lost)"
	}
	if !e.Exit.OK() || e.Message != "" {
		text += fmt.Sprintf(" exit %d: %s", e.Exit.Code, e.Message)
	}
	return text
}

func (s *script) update(u *scheduler.Update) string {
	text := fmt.Sprintf("%d to %d", u.From, u.To)
	if u.Full {
		text = fmt.Sprintf("all to %d", u.To)
	}
	if u.DriverSlots != deploy.NoLimit {
		text += fmt.Sprintf(", driver slots %d", u.DriverSlots)
	}
	for _, w := range u.Workers {
		if w.Gone {
			text += fmt.Sprintf("; worker %d gone", w.Ref)
		} else {
			text += fmt.Sprintf("; worker %d %s %s free %s", w.Ref, w.ID, w.Blocked, w.Free)
			if w.Blocked == deploy.ReasonReserved {
				text += fmt.Sprintf(" for demand %d", w.For)
			}
		}
	}
	for _, d := range u.Demands {
		if d.Gone {
			text += fmt.Sprintf("; demand %d gone", d.Ref)
			continue
		}
		text += fmt.Sprintf("; demand %d %s/%d order %d %s units %d cores %d", d.Ref, d.Subject, d.Profile, d.Order&(1<<orderBits-1), d.Blocked, d.Units, d.Cores)
		if len(d.Avoid) > 0 {
			text += fmt.Sprintf(" avoid %v", d.Avoid)
		}
		text += placementOf(&d)
	}
	for _, q := range u.Queues {
		if q.Gone {
			text += fmt.Sprintf("; queue %d gone", q.Ref)
		} else {
			text += fmt.Sprintf("; queue %d %q below %d weight %v min [%s] quota [%s] used [%s]", q.Ref, q.Name, q.Parent, q.Weight,
				deploy.FormatQuantities(q.Min), deploy.FormatQuantities(q.Quota), deploy.FormatQuantities(q.Used))
		}
	}
	for _, h := range u.Held {
		text += fmt.Sprintf("; share %d has %d on worker %d", h.Share, h.Executors, h.Worker)
	}
	return strings.ReplaceAll(text, fmt.Sprint(deploy.NoLimit), "any")
}

// placementOf writes what a demand says beyond its need, if it does.
func placementOf(d *scheduler.DemandRow) (text string) {
	if priority := orderPriority - int64(d.Order>>orderBits); priority != 0 {
		text += fmt.Sprintf(" priority %d", priority)
	}
	if d.Queue != 0 {
		text += fmt.Sprintf(" queue %d", d.Queue)
	}
	if len(d.Require) > 0 {
		text += " require " + selectorText(d.Require)
	}
	for i := range d.Prefer {
		text += " prefer " + d.Prefer[i].String()
	}
	if d.Apart != "" || d.MaxPerWorker > 0 {
		text += fmt.Sprintf(" share %d apart %q at most %d", d.Share, d.Apart, d.MaxPerWorker)
	}
	if d.Gang {
		text += " gang"
	}
	if d.Tries > 0 {
		text += fmt.Sprintf(" tries %d", d.Tries)
	}
	return text
}

func row(r deploy.Row) string {
	key := r.RowKey()
	text := fmt.Sprintf("%s %s ", key.Kind, key.ID)
	switch r := r.(type) {
	case deploy.MasterRow:
		return text + r.State.String()
	case deploy.WorkerRow:
		text += fmt.Sprintf("%s used %s, executors %d, drivers %d", r.State, r.Used, r.Executors, r.Drivers)
		if r.Reason != "" {
			text += ", " + r.Reason
		}
		if !r.PutAsideUntil.IsZero() {
			text += ", put aside"
		}
		if r.ReservedFor != "" {
			text += fmt.Sprintf(", kept for %s until %s", r.ReservedFor, r.ReservedUntil.Format("15:04:05"))
		}
		return text
	case deploy.AppRow:
		return text + fmt.Sprintf("%s cores %d, running %d, launching %d, removed %d, connected %v, waiting %s %s", r.State, r.Cores, r.Running,
			r.Launching, r.Removed, r.Connected, r.Waiting, r.Reason)
	case deploy.DriverRow:
		return text + fmt.Sprintf("%s attempt %d on %q, restarts %d, waiting %s %s", r.State, r.Attempt, r.Worker, r.Restarts, r.Waiting, r.Message)
	case deploy.ExecutorRow:
		return text + fmt.Sprintf("%s on %s, killing %v %s", r.State, r.Worker, r.Killing, r.Message)
	case deploy.DecisionRow:
		text += r.Decision.String()
		if r.Decision.Ahead != "" {
			text += ", behind " + r.Decision.Ahead
		}
		if r.Decision.Times > 1 {
			text += fmt.Sprintf(", %d times", r.Decision.Times)
		}
		return text
	case deploy.QueueRow:
		return text + fmt.Sprintf("used [%s], share %.3f, applications %d, drivers %d, closing %v", deploy.FormatQuantities(r.Used), r.Share, r.Apps, r.Drivers, r.Closing)
	}
	return text + "gone"
}

func fact(f Fact) string {
	if p, ok := f.(Placed); ok {
		var causes []string
		for cause, n := range p.Rejected {
			causes = append(causes, fmt.Sprintf("%s %d", cause, n))
		}
		slices.Sort(causes)
		text := fmt.Sprintf("version %d, granted %d, rejected %v", p.Version, p.Granted, causes)
		if p.Reserved > 0 {
			text += fmt.Sprintf(", reserved %d", p.Reserved)
		}
		return text
	}
	return fmt.Sprintf("%+v", f)
}
