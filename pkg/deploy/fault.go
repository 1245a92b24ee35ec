package deploy

import "errors"

// Fault is an error that crosses the wire and keeps its identity: errors.Is finds its Kind on both sides.
type Fault struct {
	Kind error  // one of the sentinels of this package; nil is no fault
	Text string // a whole sentence: the input, the rule, a way out
}

// NewFault takes the identity of err from the sentinels it wraps, ErrInvalid if it wraps none.
func NewFault(err error) Fault {
	if err == nil {
		return Fault{}
	}
	var f Fault
	if errors.As(err, &f) {
		return Fault{Kind: f.Kind, Text: err.Error()} // with what the wrappers added
	}
	for _, k := range faultKinds {
		if errors.Is(err, k) {
			return Fault{Kind: k, Text: err.Error()}
		}
	}
	return Fault{Kind: ErrInvalid, Text: err.Error()}
}

var faultKinds = [...]error{ErrInvalid, ErrNotFound, ErrAlreadyFinished, ErrNotLeader, ErrRecovering, ErrUnavailable,
	ErrTooLarge, ErrMismatch, ErrDenied, ErrIllegalTransition, ErrConflict}

// Error gives the sentence.
func (f Fault) Error() string {
	if f.Text == "" && f.Kind != nil {
		return f.Kind.Error()
	}
	return f.Text
}

// Unwrap gives the sentinel.
func (f Fault) Unwrap() error { return f.Kind }

// Err is nil for no fault, else f.
func (f Fault) Err() error {
	if f.Kind == nil {
		return nil
	}
	return f
}

// Code gives the number of the fault's kind for the wire: 0 is none.
func (f Fault) Code() uint32 {
	for i, k := range faultKinds {
		if errors.Is(f.Kind, k) {
			return uint32(i) + 1
		}
	}
	return 0
}

// FaultFromCode is the reverse of Code; an unknown code, from a newer peer, is ErrInvalid.
func FaultFromCode(code uint32, text string) Fault {
	switch {
	case code == 0:
		return Fault{}
	case int(code) > len(faultKinds):
		return Fault{Kind: ErrInvalid, Text: text}
	}
	return Fault{Kind: faultKinds[code-1], Text: text}
}
