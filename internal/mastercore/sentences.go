package mastercore

import (
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/scheduler"
)

// mainText says a policy's main reason, with a way out.
func mainText(r *scheduler.Reason) string {
	switch r.Code {
	case deploy.ReasonQueueBehind:
		if r.Position > 0 {
			return fmt.Sprintf("position %d in the queue; others come first and take what is free: wait, or add workers", r.Position)
		}
		return "others come first and take what is free: wait, or add workers"
	case deploy.ReasonMaxDrivers:
		return "the cluster's limit of running drivers is reached; wait for one to end, or raise the limit"
	case deploy.ReasonQuota:
		return "the quota of its queue is used up; wait, or ask for more"
	case deploy.ReasonPluginError, deploy.ReasonPluginTimeout:
		return "the scheduling policy failed; its plug-in's log says why"
	case deploy.ReasonInsufficientCores, deploy.ReasonInsufficientMemory, deploy.ReasonInsufficientResource:
		return "no worker has enough free now; wait, ask for less, or add workers"
	case deploy.ReasonFilteredLabel, deploy.ReasonFilteredPlugin:
		return "no worker matches what it asks for; change the request"
	case deploy.ReasonWorkerDraining, deploy.ReasonWorkerUnhealthy, deploy.ReasonBlacklisted:
		return "the workers it would fit on take no work now; wait, or look at them"
	default: // the others need nothing here
	}
	return "waits for a worker"
}

// causeText counts the workers that do not serve for one reason.
func causeText(c *deploy.Cause) string {
	out := count(int64(c.Workers), "worker") + " " + causePhrase(c)
	if c.Nearest == "" {
		return out
	}
	if c.Want == 0 {
		return fmt.Sprintf("%s (%s)", out, c.Nearest)
	}
	return fmt.Sprintf("%s (best %s has %d of %d)", out, c.Nearest, c.Have, c.Want)
}

func causePhrase(c *deploy.Cause) string {
	switch c.Code {
	case deploy.ReasonInsufficientCores:
		return "with too few free cores"
	case deploy.ReasonInsufficientMemory:
		return "with too little free memory, in MiB"
	case deploy.ReasonInsufficientResource:
		return "with too few free " + c.Resource
	case deploy.ReasonFilteredLabel:
		return "without the label " + c.Resource
	case deploy.ReasonFilteredPlugin:
		return "filtered out by " + c.Resource
	case deploy.ReasonWorkerDraining:
		return "draining"
	case deploy.ReasonWorkerUnhealthy:
		return "unreachable"
	case deploy.ReasonBlacklisted:
		return "put aside after failures"
	default: // the others need nothing here
	}
	return c.Code.String()
}

// count says how many there are of something.
func count(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
