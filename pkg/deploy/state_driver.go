package deploy

// DriverState is the life of a submission. Steps (all others are refused by Life):
//
//	SUBMITTED            -> RUNNING, RELAUNCHING, FINISHED, FAILED, KILLED, ERROR
//	RUNNING              -> RELAUNCHING, UNKNOWN, FINISHED, FAILED, KILLED, ERROR
//	RELAUNCHING          -> SUBMITTED, RUNNING, FINISHED, FAILED, KILLED, ERROR
//	UNKNOWN              -> RUNNING, SUBMITTED, RELAUNCHING, FINISHED, FAILED, KILLED, ERROR
//	FINISHED             -> (end)
//	FAILED               -> (end)
//	KILLED               -> (end)
//	ERROR                -> (end)
type DriverState uint8

// The states.
const (
	DriverSubmitted   DriverState = iota // accepted; waits for a worker, or its launch is not confirmed yet
	DriverRunning                        // its process runs
	DriverRelaunching                    // supervised; waits for its next attempt
	DriverUnknown                        // restored from a record, its worker not yet heard
	DriverFinished                       // exit code 0
	DriverFailed                         // another exit code or a signal
	DriverKilled                         // ended by request
	DriverError                          // could not run or was lost with its worker
)

var driverNames = []string{"SUBMITTED", "RUNNING", "RELAUNCHING", "UNKNOWN", "FINISHED", "FAILED", "KILLED", "ERROR"}

var driverSteps = [...]uint16{
	DriverSubmitted:   setOf[DriverState](DriverRunning, DriverRelaunching, DriverFinished, DriverFailed, DriverKilled, DriverError),
	DriverRunning:     setOf[DriverState](DriverRelaunching, DriverUnknown, DriverFinished, DriverFailed, DriverKilled, DriverError),
	DriverRelaunching: setOf[DriverState](DriverSubmitted, DriverRunning, DriverFinished, DriverFailed, DriverKilled, DriverError),
	DriverUnknown:     setOf[DriverState](DriverRunning, DriverSubmitted, DriverRelaunching, DriverFinished, DriverFailed, DriverKilled, DriverError),
	DriverFinished:    setOf[DriverState](),
	DriverFailed:      setOf[DriverState](),
	DriverKilled:      setOf[DriverState](),
	DriverError:       setOf[DriverState](),
}

// String gives the name the peer uses.
func (s DriverState) String() string { return stateName(s, driverNames) }

func (s DriverState) nexts() uint16 {
	if int(s) < len(driverSteps) {
		return driverSteps[s]
	}
	return 0
}

// MarshalText writes the name.
func (s DriverState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *DriverState) UnmarshalText(b []byte) (err error) {
	*s, err = parseState[DriverState]("driver", string(b), driverNames)
	return err
}

// Terminal tells whether the life has ended.
func (s DriverState) Terminal() bool { return s.nexts() == 0 }
