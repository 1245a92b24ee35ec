package recovery

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// DamageKind says what is wrong with a record.
type DamageKind uint8

// The kinds of damage. The first loses one record that says so itself, which is set aside; the others are losses that only the head
// notices, or worse, and opening refuses them unless told otherwise.
const (
	DamageCorrupt  DamageKind = iota // cannot be read: truncated, a wrong checksum, another record's bytes
	DamageMissing                    // the head counts it and it is not there
	DamageStale                      // an older version than the head counts
	DamageReturned                   // it was deleted and is there again
	DamageAhead                      // newer than the head
	DamageForeign                    // of another cluster, or nobody's
	DamageHead                       // the head itself is missing or cannot be read
)

var damageNames = [...]string{"corrupt", "missing", "stale", "returned", "ahead of the head", "foreign", "head lost"}

// String is a word or two.
func (k DamageKind) String() string {
	if int(k) < len(damageNames) {
		return damageNames[k]
	}
	return fmt.Sprintf("damage %d", uint8(k))
}

// Damage names a record that is not as it was written.
type Damage struct {
	Kind DamageKind
	Key  string // as stored; only the kind, such as app/, if several are concerned and cannot be told apart
	Seq  uint64 // its number; 0 if unknown
	Text string // what was found
}

// String is a sentence.
func (d Damage) String() string {
	if d.Seq == 0 {
		return fmt.Sprintf("%s: %s: %s", d.Key, d.Kind, d.Text)
	}
	return fmt.Sprintf("%s (number %d): %s: %s", d.Key, d.Seq, d.Kind, d.Text)
}

func sortDamage(list []Damage) {
	slices.SortFunc(list, func(a, b Damage) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Kind, b.Kind))
	})
}

// refuseDamage makes the error of an opening that would lose records.
func refuseDamage(mode string, damaged []Damage) error {
	const most = 8 // named; the rest is counted
	var b strings.Builder
	for _, d := range damaged[:min(len(damaged), most)] {
		b.WriteString("; ")
		b.WriteString(d.String())
	}
	if more := len(damaged) - most; more > 0 {
		fmt.Fprintf(&b, "; and %d more", more)
	}
	return fmt.Errorf("open the journal of %s: %w%s; restore the records, or accept the loss to go on with what can be read", mode, ErrDamaged, b.String())
}
