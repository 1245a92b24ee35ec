package deploy

import "errors"

// Sentinel errors that survive the wire; compare with errors.Is. Their texts are part of a sentence.
var (
	ErrInvalid           = errors.New("invalid")                // the request can never work as written
	ErrNotFound          = errors.New("not found")              // no such app, driver, executor or worker
	ErrAlreadyFinished   = errors.New("already finished")       // the thing named has ended
	ErrNotLeader         = errors.New("not the leader")         // ask another master
	ErrRecovering        = errors.New("recovering")             // the leader is not yet ALIVE; try again
	ErrUnavailable       = errors.New("unavailable")            // nobody answered; try again
	ErrTooLarge          = errors.New("too large")              // a message, record or blob above its limit
	ErrMismatch          = errors.New("mismatch")               // version or cluster differ between two peers
	ErrDenied            = errors.New("denied")                 // the principal may not do this
	ErrIllegalTransition = errors.New("illegal transition")     // a life cycle has no such step
	ErrConflict          = errors.New("conflicts with another") // id or address is held by a live peer
)
