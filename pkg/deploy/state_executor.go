package deploy

// ExecutorState is the life of an executor. Steps (all others are refused by Life):
//
//	LAUNCHING            -> RUNNING, KILLED, FAILED, LOST, EXITED, DECOMMISSIONED
//	RUNNING              -> KILLED, FAILED, LOST, EXITED, DECOMMISSIONED
//	DECOMMISSIONED       -> KILLED, FAILED, LOST, EXITED
//	KILLED               -> (end)
//	FAILED               -> (end)
//	LOST                 -> (end)
//	EXITED               -> (end)
type ExecutorState uint8

// The states.
const (
	ExecutorLaunching      ExecutorState = iota // ordered, not yet confirmed
	ExecutorRunning                             // its process runs
	ExecutorDecommissioned                      // its worker takes no new work; it still runs
	ExecutorKilled                              // ended by request
	ExecutorFailed                              // could not be started
	ExecutorLost                                // written off with its worker
	ExecutorExited                              // ended by itself, with any code
)

var executorNames = []string{"LAUNCHING", "RUNNING", "DECOMMISSIONED", "KILLED", "FAILED", "LOST", "EXITED"}

var executorSteps = [...]uint16{
	ExecutorLaunching:      setOf[ExecutorState](ExecutorRunning, ExecutorKilled, ExecutorFailed, ExecutorLost, ExecutorExited, ExecutorDecommissioned),
	ExecutorRunning:        setOf[ExecutorState](ExecutorKilled, ExecutorFailed, ExecutorLost, ExecutorExited, ExecutorDecommissioned),
	ExecutorDecommissioned: setOf[ExecutorState](ExecutorKilled, ExecutorFailed, ExecutorLost, ExecutorExited),
	ExecutorKilled:         setOf[ExecutorState](),
	ExecutorFailed:         setOf[ExecutorState](),
	ExecutorLost:           setOf[ExecutorState](),
	ExecutorExited:         setOf[ExecutorState](),
}

// String gives the name the peer uses.
func (s ExecutorState) String() string { return stateName(s, executorNames) }

func (s ExecutorState) nexts() uint16 {
	if int(s) < len(executorSteps) {
		return executorSteps[s]
	}
	return 0
}

// MarshalText writes the name.
func (s ExecutorState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *ExecutorState) UnmarshalText(b []byte) (err error) {
	*s, err = parseState[ExecutorState]("executor", string(b), executorNames)
	return err
}

// Terminal tells whether the life has ended.
func (s ExecutorState) Terminal() bool { return s.nexts() == 0 }
