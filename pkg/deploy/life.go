package deploy

import (
	"fmt"
	"strings"
)

// State is one of the five closed sets of states: a small number with a name and a table of next states.
type State interface {
	~uint8
	fmt.Stringer
	// nexts gives a bit set of the states that may follow.
	nexts() uint16
}

// Life holds a state. Its only way forward is To, so that an illegal transition cannot happen.
// The zero Life is in the first state of its set.
type Life[S State] struct{ now S }

// NewLife starts a life in the state s, as restored from a record.
func NewLife[S State](s S) Life[S] { return Life[S]{now: s} }

// State tells where the life is.
func (l Life[S]) State() S { return l.now }

// Can tells whether the table has a step to next.
func (l Life[S]) Can(next S) bool { return l.now.nexts()&(1<<next) != 0 }

// To steps to next. An illegal step changes nothing and returns ErrIllegalTransition naming both states.
func (l *Life[S]) To(next S) error {
	if !l.Can(next) {
		return fmt.Errorf("%T %s to %s: %w", l.now, l.now, next, ErrIllegalTransition)
	}
	l.now = next
	return nil
}

// Terminal tells whether nothing follows.
func (l Life[S]) Terminal() bool { return l.now.nexts() == 0 }

func setOf[S ~uint8](states ...S) (set uint16) {
	for _, s := range states {
		set |= 1 << s
	}
	return set
}

func parseState[S ~uint8](what, s string, names []string) (S, error) {
	for i, n := range names {
		if n == s {
			return S(i), nil
		}
	}
	return 0, fmt.Errorf("%s state %q: %w: one of %s", what, s, ErrInvalid, strings.Join(names, ", "))
}

func stateName[S ~uint8](s S, names []string) string {
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}
