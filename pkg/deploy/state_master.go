package deploy

// MasterState is what a master is. Steps (all others are refused by Life):
//
//	STANDBY              -> RECOVERING, ALIVE
//	RECOVERING           -> COMPLETING_RECOVERY, ALIVE, STANDBY
//	COMPLETING_RECOVERY  -> ALIVE, STANDBY
//	ALIVE                -> STANDBY
type MasterState uint8

// The states.
const (
	MasterStandby            MasterState = iota // not elected; answers who leads, orders nothing
	MasterRecovering                            // elected; waits for workers and applications of the last epoch
	MasterCompletingRecovery                    // writes off who did not answer
	MasterAlive                                 // leads and places
)

var masterNames = []string{"STANDBY", "RECOVERING", "COMPLETING_RECOVERY", "ALIVE"}

var masterSteps = [...]uint16{
	MasterStandby:            setOf[MasterState](MasterRecovering, MasterAlive),
	MasterRecovering:         setOf[MasterState](MasterCompletingRecovery, MasterAlive, MasterStandby),
	MasterCompletingRecovery: setOf[MasterState](MasterAlive, MasterStandby),
	MasterAlive:              setOf[MasterState](MasterStandby),
}

// String gives the name the peer uses.
func (s MasterState) String() string { return stateName(s, masterNames) }

func (s MasterState) nexts() uint16 {
	if int(s) < len(masterSteps) {
		return masterSteps[s]
	}
	return 0
}

// MarshalText writes the name.
func (s MasterState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *MasterState) UnmarshalText(b []byte) (err error) {
	*s, err = parseState[MasterState]("master", string(b), masterNames)
	return err
}
