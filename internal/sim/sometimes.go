package sim

// Sometimes names what must happen in a run of many seeds: every kind of fault, every state that a recovery leads through. A counter that
// stays at zero means that the simulator does not test what it says.
func Sometimes() []string {
	return []string{
		// faults
		"frame lost", "frame repeated", "frame overtaken", "frame cut off", "frame after the end", "delay beyond time-outs",
		"session broken", "session broken on one side", "session open on one side", "partition", "one-way partition", "leader unseated",
		"master crashed", "leader crashed", "worker crashed", "worker crashed while registering", "application crashed", "worker asked to leave", "worker left", "paused",
		"store outage", "store out of reach", "store access failed", "store access failed after it was done", "batch cut by a crash",
		"write of a deposed master fenced", "deposed master leads on", "plan late", "plan wrong", "update lost by the placer", "placer resynchronised",
		"preparing failed", "preparation abandoned", "start failed", "process ignored TERM", "question repeated", "question asked again after its answer", "registration repeated",
		// what they lead through
		"elected", "term begun", "term ended", "master RECOVERING", "master COMPLETING_RECOVERY", "master ALIVE",
		"worker ALIVE", "worker UNREACHABLE", "worker DEAD", "worker registered", "worker unregistered", "processes on the kill list", "processes adopted",
		"orphan ended after its grace", "executor adopted", "executor LOST", "executor KILLED", "executor FAILED", "executor EXITED",
		"executor lost with its worker", "worker put aside", "driver RUNNING", "driver RELAUNCHING", "driver UNKNOWN", "driver FINISHED", "driver FAILED", "driver KILLED",
		"driver ERROR", "driver relaunched", "application RUNNING", "application FINISHED", "application FAILED", "application KILLED",
		"application registered", "application registered again", "application unregistered", "driver submitted", "driver kill acknowledged",
		"application kill acknowledged", "answer repeated", "request refused", "grant rejected", "grant rejected: label", "grant rejected: rule", "grant rejected: quota",
		"grant rejected: gang", "grant rejected: reserved", "grant rejected: reserve", "scheduling changed", "scheduling of a leader changed",
		"queue closing", "queue gone", "gang started", "workers reserved", "launch on a worker kept for it", "reservation ended: its time is up",
		"reservation ended: it got what it waited for", "launch ordered", "launch order arrived", "executor told of as not registered",
		"order refused: heard before", "order refused: an order before it was lost", "order refused: not of the registration obeyed",
		"order refused: of an earlier leader than one already seen",
	}
}
