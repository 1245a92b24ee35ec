package settings

import (
	"strings"
)

// Kind says how an option's value is read.
type Kind uint8

// The kinds.
const (
	Text Kind = iota
	Memory
	Duration // a unit is needed
	Seconds  // a bare number is seconds, as the peer's key takes it
	Int      // -1 and 0 are for the option to judge
	Bool
	Cores
	List        // comma separated
	Selector    // conditions on labels
	Preferences // the same, weighted
)

var kindNames = [...]string{"text", "memory", "duration", "duration (bare number: s)", "integer", "true or false", "cores", "list", "selector", "preferences"}

// String names the kind for the generated reference.
func (k Kind) String() string { return kindNames[k] }

// Option is one configuration key.
type Option struct {
	Key     string // without prefix; spark.<Key> is accepted as the same
	Kind    Kind
	Default string
	Help    string
	Flag    string // long flag that sets it, without dashes
	Env     string // besides MUSTER_<KEY>
	Secret  bool
	Pattern bool // Key ends in a dot and stands for every key below it
}

// EnvName is the environment variable of the option: MUSTER_ and the key in capitals.
func (o *Option) EnvName() string {
	if o.Env != "" {
		return o.Env
	}
	return "MUSTER_" + strings.NewReplacer(".", "_", "-", "_").Replace(strings.ToUpper(o.Key))
}

// Table is an ordered set of options.
type Table struct {
	list  []Option
	index map[string]int
}

// NewTable joins lists of options; the first one of a key counts.
func NewTable(lists ...[]Option) *Table {
	t := &Table{index: map[string]int{}}
	for _, l := range lists {
		for _, o := range l {
			if _, ok := t.index[o.Key]; !ok {
				t.index[o.Key] = len(t.list)
				t.list = append(t.list, o)
			}
		}
	}
	return t
}

// Options gives all options in order.
func (t *Table) Options() []Option { return t.list }

// find gives the option of a canonical key; keys below a pattern belong to it.
func (t *Table) find(key string) (*Option, bool) {
	if i, ok := t.index[key]; ok {
		return &t.list[i], true
	}
	for i := range t.list {
		if o := &t.list[i]; o.Pattern && strings.HasPrefix(key, o.Key) && len(key) > len(o.Key) {
			return o, true
		}
	}
	return nil, false
}

// Knows tells whether a canonical key is an option of t, or below one that is a pattern.
func (t *Table) Knows(key string) bool {
	_, known := t.find(key)
	return known
}

func (t *Table) keys() []string {
	out := make([]string, len(t.list))
	for i := range t.list {
		out[i] = t.list[i].Key
	}
	return out
}

// canonical takes the peer's prefix off, and ours.
func canonical(key string) (string, bool) {
	for _, prefix := range []string{"spark.", "muster."} {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			return rest, prefix == "spark."
		}
	}
	return key, false
}
