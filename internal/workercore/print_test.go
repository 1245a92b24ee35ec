package workercore

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// printEffects gives one line per effect, in the order of doing.
func printEffects(e *Effects) (lines []string) {
	say := func(format string, args ...any) { lines = append(lines, "  "+fmt.Sprintf(format, args...)) }
	for _, p := range e.Persist {
		say("persist epoch %d", p.Epoch)
	}
	for _, a := range e.Dial {
		say("dial %s", a)
	}
	for _, m := range e.Send {
		say("send %d %s", m.To, printMessage(m.Msg))
	}
	for _, h := range e.Hangup {
		say("hangup %d: %s", h.Peer, h.Reason)
	}
	for _, l := range e.Start {
		say("start %s", l.ID)
	}
	for _, id := range e.Abandon {
		say("abandon %s", id)
	}
	for _, c := range e.Control {
		say("control %s %s", c.Launch, printControl(c.Control))
	}
	for _, a := range e.Clean {
		say("clean %s", a)
	}
	if e.Done != "" {
		say("done: %s", e.Done)
	}
	for _, f := range e.Facts {
		say("fact %s", printFact(f))
	}
	return lines
}

func printMessage(m deploy.Message) string {
	switch m := m.(type) {
	case deploy.RegisterWorker:
		s := fmt.Sprintf("RegisterWorker incarnation %d", m.Incarnation)
		for i := range m.Launches {
			s += " [" + printReport(&m.Launches[i]) + "]"
		}
		return s
	case deploy.Report:
		return "Report " + printReport(&m.Launch)
	case deploy.Heartbeat:
		return fmt.Sprintf("Heartbeat %d", m.N)
	}
	return fmt.Sprintf("%T %+v", m, m)
}

func printReport(r *deploy.LaunchReport) string {
	owner := string(r.Driver)
	if owner == "" {
		owner = r.Executor.String()
	}
	s := fmt.Sprintf("#%d %s %s %s", r.Seq, r.Launch, owner, r.State)
	if r.Exit != (deploy.Exit{}) {
		s += fmt.Sprintf(" %+v", r.Exit)
	}
	if r.Lived > 0 {
		s += " lived " + r.Lived.String()
	}
	if r.Message != "" {
		s += " (" + r.Message + ")"
	}
	return s
}

func printControl(c launcher.Control) string {
	switch c := c.(type) {
	case launcher.Stop:
		return "stop grace " + c.Grace.String()
	case launcher.Forget:
		return "forget"
	}
	return fmt.Sprintf("%T", c)
}

func printFact(f Fact) string {
	switch f := f.(type) {
	case Registered:
		return fmt.Sprintf("registered with %s epoch %d session %d, killed %d", f.Master, f.Epoch, f.Session, f.Killed)
	case Unregistered:
		return "unregistered: " + f.Reason
	case ProcessMoved:
		return fmt.Sprintf("%s %s: %s to %s (%s)", f.Launch, f.Owner, f.From, f.To, f.Reason)
	case OrderRefused:
		return fmt.Sprintf("refused %d/%d/%d: %s", f.Stamp.Epoch, f.Stamp.Session, f.Stamp.Seq, f.Reason)
	case RetryAt:
		return "next round in " + f.After + ": " + f.Reason
	}
	return fmt.Sprintf("%T", f)
}
