package recovery

import "fmt"

// audit compares what was read with what the head counts.
type audit struct {
	head    ledger
	have    ledger
	live    map[string]uint64 // key to number of the sound records
	corrupt [len(kinds)][]string
	found   []Damage
}

// run appends what the head misses, kind by kind.
func (a *audit) run() {
	for i := range kinds {
		gap := a.head[i].minus(&a.have[i])
		for _, key := range a.corrupt[i] {
			gap.count--
			gap.mark(key)
		}
		switch {
		case gap == tally{}:
		case a.explained(i, &gap):
		case gap.count == 1:
			a.missing(i, &gap)
		case gap.count == ^uint64(0):
			a.returned(i, &gap)
		default:
			a.several(i, &gap)
		}
	}
}

// explained tells whether corrupt records are all that lacks. A single one is checked by its fingerprint too; of several, only the keys are
// known. A corrupt record that the head does not count is the remains of an interrupted setting aside.
func (a *audit) explained(i int, gap *tally) bool {
	broken := a.corrupt[i]
	if gap.count == 0 && gap.keys == [64]uint8{} {
		return len(broken) > 1 || len(broken) == 1 && fingerprint(broken[0], gap.seqs) == gap.prints
	}
	alone := a.head[i].minus(&a.have[i])
	return len(broken) > 0 && alone == tally{}
}

// missing names the one record that is not there.
func (a *audit) missing(i int, gap *tally) {
	d := Damage{Kind: DamageMissing, Key: kinds[i].name + "/", Text: "the head counts it and it is not there"}
	key := gap.key()
	_, there := a.live[key]
	if there && len(a.corrupt[i]) == 0 {
		return // its newer version is there, ahead of the head, and named as that
	}
	if len(a.corrupt[i]) == 0 {
		d.Seq = gap.seqs
		if fingerprint(key, gap.seqs) == gap.prints {
			d.Key = key
		}
	} else if !there && kindOfKey(key) == kinds[i].kind {
		d.Key = key // its number is mixed with those of the corrupt ones
	}
	a.found = append(a.found, d)
}

// returned names the one record that should be gone.
func (a *audit) returned(i int, gap *tally) {
	key := gap.key()
	seq, there := a.live[key]
	if !there || len(a.corrupt[i]) == 0 && -gap.seqs != seq {
		a.several(i, gap)
		return
	}
	a.found = append(a.found, Damage{Kind: DamageReturned, Key: key, Seq: seq, Text: "the head does not count it any more: it was deleted"})
}

// several tells of a difference of more than one record, or finds the one whose older version is there.
func (a *audit) several(i int, gap *tally) {
	d := Damage{Kind: DamageMissing, Key: kinds[i].name + "/"}
	if gap.count == 0 && gap.keys == [64]uint8{} {
		d.Kind, d.Text = DamageStale, "some records of this kind are older versions than the head counts"
		for key, seq := range a.live {
			if kindOfKey(key) == kinds[i].kind && fingerprint(key, seq+gap.seqs)-fingerprint(key, seq) == gap.prints {
				d.Key, d.Seq = key, seq
				d.Text = fmt.Sprintf("the head counts its version %d", seq+gap.seqs)
			}
		}
		a.found = append(a.found, d)
		return
	}
	want, got := a.head[i].count, a.have[i].count+uint64(len(a.corrupt[i]))
	d.Text = fmt.Sprintf("the head counts %d records of this kind, %d are there, and they are not the same ones", want, got)
	if got > want {
		d.Kind = DamageReturned
	}
	a.found = append(a.found, d)
}

// corruption remembers a record that cannot be read; the error of openEnvelope or decodeChange says why.
func (a *audit) corruption(key string, seq uint64, why error) {
	d := Damage{Kind: DamageCorrupt, Key: key, Seq: seq, Text: why.Error()}
	if i := kindOfKey(key).index(); i >= 0 {
		a.corrupt[i] = append(a.corrupt[i], key)
	} else {
		d.Kind, d.Text = DamageForeign, "no record of a journal has such a key"
	}
	a.found = append(a.found, d)
}
