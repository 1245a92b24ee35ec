package deploy

// WorkerState is what the leader thinks of a worker. Steps (all others are refused by Life):
//
//	UNKNOWN              -> ALIVE, DEAD, DECOMMISSIONED
//	ALIVE                -> UNREACHABLE, DEAD, DECOMMISSIONED
//	UNREACHABLE          -> ALIVE, DEAD, DECOMMISSIONED
//	DECOMMISSIONED       -> ALIVE, DEAD
//	DEAD                 -> ALIVE, DECOMMISSIONED
type WorkerState uint8

// The states.
const (
	WorkerUnknown        WorkerState = iota // restored from a record, not yet heard
	WorkerAlive                             // registered and heard
	WorkerUnreachable                       // its connection broke or it is silent: no new work
	WorkerDecommissioned                    // keeps what it runs, gets nothing new
	WorkerDead                              // lost; what it ran is written off. It may register anew
)

var workerNames = []string{"UNKNOWN", "ALIVE", "UNREACHABLE", "DECOMMISSIONED", "DEAD"}

var workerSteps = [...]uint16{
	WorkerUnknown:        setOf[WorkerState](WorkerAlive, WorkerDead, WorkerDecommissioned),
	WorkerAlive:          setOf[WorkerState](WorkerUnreachable, WorkerDead, WorkerDecommissioned),
	WorkerUnreachable:    setOf[WorkerState](WorkerAlive, WorkerDead, WorkerDecommissioned),
	WorkerDecommissioned: setOf[WorkerState](WorkerAlive, WorkerDead),
	WorkerDead:           setOf[WorkerState](WorkerAlive, WorkerDecommissioned),
}

// String gives the name the peer uses.
func (s WorkerState) String() string { return stateName(s, workerNames) }

func (s WorkerState) nexts() uint16 {
	if int(s) < len(workerSteps) {
		return workerSteps[s]
	}
	return 0
}

// MarshalText writes the name.
func (s WorkerState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *WorkerState) UnmarshalText(b []byte) (err error) {
	*s, err = parseState[WorkerState]("worker", string(b), workerNames)
	return err
}
