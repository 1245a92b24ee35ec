package deploy

import "fmt"

// Advice says what a policy's main reason means and what to do about it. Position is the place in the queue, 0 if unknown.
func (c ReasonCode) Advice(position int) string {
	switch c {
	case ReasonQueueBehind:
		if position > 0 {
			return fmt.Sprintf("position %d in the queue; others come first and take what is free: wait, or add workers", position)
		}
		return "others come first and take what is free: wait, or add workers"
	case ReasonMaxDrivers:
		return "the cluster's limit of running drivers is reached; wait for one to end, or raise the limit"
	case ReasonQuota:
		return "the quota of its queue is used up; wait, or raise the quota"
	case ReasonPluginError, ReasonPluginTimeout:
		return "the scheduling policy failed; its plug-in's log says why"
	case ReasonInsufficientCores, ReasonInsufficientMemory, ReasonInsufficientResource:
		return "no worker has enough free now; wait, ask for less, or add workers"
	case ReasonFilteredLabel, ReasonFilteredPlugin:
		return "no worker matches what it asks for; change the request"
	case ReasonInfeasible:
		return "the workers that it may run on are too few or too small, whatever else runs; ask for less, or add workers"
	case ReasonFilteredRule:
		return "its own executors keep it off the workers it would fit on; wait, loosen the rule, or add workers"
	case ReasonReserved:
		return "the workers it would fit on are kept for a larger request that has waited long; wait, or add workers"
	case ReasonWorkerDraining, ReasonWorkerUnhealthy, ReasonBlacklisted:
		return "the workers it would fit on take no work now; wait, or look at them"
	default: // the others have sentences of their own
	}
	return "waits for a worker"
}

// String counts the workers that do not serve for one reason, and names the one that misses least.
func (c *Cause) String() string {
	switch c.Code {
	case ReasonPluginError:
		return "the policy " + c.Resource + " failed, and the built-in one placed; the master's log says why"
	case ReasonPluginTimeout:
		return "the policy " + c.Resource + " did not answer in time, and the built-in one placed"
	default: // the others count workers
	}
	if c.Resource == ResourceGang && c.Nearest == "" && c.Want > 0 {
		return fmt.Sprintf("%s with room for %d of the %d executors that start together (%s)", Count(int64(c.Workers), "worker"), c.Have, c.Want, c.Code)
	}
	out := Count(int64(c.Workers), "worker") + " " + c.phrase()
	switch {
	case c.Nearest == "", c.Code == ReasonFilteredRule:
		return out
	case c.Want == 0:
		return fmt.Sprintf("%s (%s)", out, c.Nearest)
	case c.Code == ReasonInsufficientMemory:
		return fmt.Sprintf("%s (best %s has %s of %s)", out, c.Nearest, FormatMemory(c.Have), FormatMemory(c.Want))
	}
	return fmt.Sprintf("%s (best %s has %d of %d)", out, c.Nearest, c.Have, c.Want)
}

func (c *Cause) phrase() string {
	switch c.Code {
	case ReasonInsufficientCores:
		return "with too few free cores"
	case ReasonInsufficientMemory:
		return "with too little free memory"
	case ReasonInsufficientResource:
		return "with too few free " + c.Resource
	case ReasonFilteredLabel:
		return "not matching " + c.Resource
	case ReasonFilteredRule:
		if c.Want > 0 {
			return fmt.Sprintf("with %d of its executors, the most it may have on one", c.Want)
		}
		return "where it has executors already, or has some with the same " + c.Resource
	case ReasonFilteredPlugin:
		return "filtered out by " + c.Resource
	case ReasonReserved:
		if c.Resource != "" {
			return "kept for larger requests, such as that of " + c.Resource
		}
		return "kept for a larger request"
	case ReasonWorkerDraining:
		return "draining"
	case ReasonWorkerUnhealthy:
		return "unreachable"
	case ReasonBlacklisted:
		return "put aside after failures"
	default: // the others are of the whole cluster
	}
	return c.Code.String()
}

// Infeasible says that something (what: an executor, the driver) wants more of a resource than the largest worker has. with names the
// selectors that it wants workers to meet, if any.
func Infeasible(what, with, resource string, want int64, largest WorkerID, has int64) string {
	named := "the largest worker"
	if with != "" {
		named = "the largest of the workers with " + with
	}
	if largest != "" {
		named += ", " + string(largest) + ","
	}
	return fmt.Sprintf("%s wants %s; %s has %s, so this can never run here: ask for less or add a larger worker",
		what, FormatAmount(resource, want), named, FormatAmount(resource, has))
}

// FormatAmount writes an amount of a resource for people: 4 cores, 2.0 GiB, 1 gpu.
func FormatAmount(resource string, n int64) string {
	switch resource {
	case ResourceCores:
		return Count(n, "core")
	case ResourceMemory:
		return FormatMemory(n)
	}
	return fmt.Sprintf("%d %s", n, resource)
}

// Count says how many there are of something: 1 worker, 2 workers.
func Count(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
