package deploy

// AppState is the life of an application. Steps (all others are refused by Life):
//
//	WAITING              -> RUNNING, FINISHED, FAILED, KILLED
//	UNKNOWN              -> WAITING, RUNNING, FINISHED, FAILED, KILLED
//	RUNNING              -> FINISHED, FAILED, KILLED
//	FINISHED             -> (end)
//	FAILED               -> (end)
//	KILLED               -> (end)
type AppState uint8

// The states.
const (
	AppWaiting  AppState = iota // registered, holds no executor yet
	AppUnknown                  // restored from a record, not yet heard
	AppRunning                  // holds or held an executor
	AppFinished                 // unregistered itself
	AppFailed                   // its driver vanished or its executors kept failing
	AppKilled                   // ended by request
)

var appNames = []string{"WAITING", "UNKNOWN", "RUNNING", "FINISHED", "FAILED", "KILLED"}

var appSteps = [...]uint16{
	AppWaiting:  setOf[AppState](AppRunning, AppFinished, AppFailed, AppKilled),
	AppUnknown:  setOf[AppState](AppWaiting, AppRunning, AppFinished, AppFailed, AppKilled),
	AppRunning:  setOf[AppState](AppFinished, AppFailed, AppKilled),
	AppFinished: setOf[AppState](),
	AppFailed:   setOf[AppState](),
	AppKilled:   setOf[AppState](),
}

// String gives the name the peer uses.
func (s AppState) String() string { return stateName(s, appNames) }

func (s AppState) nexts() uint16 {
	if int(s) < len(appSteps) {
		return appSteps[s]
	}
	return 0
}

// MarshalText writes the name.
func (s AppState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *AppState) UnmarshalText(b []byte) (err error) {
	*s, err = parseState[AppState]("app", string(b), appNames)
	return err
}

// Terminal tells whether the life has ended.
func (s AppState) Terminal() bool { return s.nexts() == 0 }
