package recovery

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// tally adds up the live records of one kind. Each field can be taken back, so that a change costs the same in a small store and a large one,
// and the difference of two tallies names the one record in which two stores differ.
type tally struct {
	count  uint64    // records
	seqs   uint64    // sum of their sequence numbers
	prints uint64    // sum of the fingerprints of key and number
	keys   [64]uint8 // their keys, each cut or filled up to 64 bytes, combined by exclusive or
}

// ledger is what the head keeps: a tally per kind, in the order of kinds.
type ledger [len(kinds)]tally

const tallyBytes = 1 + 3*8 + 64

// add counts a record in.
func (t *tally) add(key string, seq uint64) {
	t.count++
	t.seqs += seq
	t.prints += fingerprint(key, seq)
	t.mark(key)
}

// remove takes a record back.
func (t *tally) remove(key string, seq uint64) {
	t.count--
	t.seqs -= seq
	t.prints -= fingerprint(key, seq)
	t.mark(key)
}

// mark combines a key with the others; marking it again takes it back.
func (t *tally) mark(key string) {
	for i := range min(len(key), len(t.keys)) {
		t.keys[i] ^= key[i]
	}
}

// minus is what t holds and have does not.
func (t tally) minus(have *tally) tally {
	t.count -= have.count
	t.seqs -= have.seqs
	t.prints -= have.prints
	for i := range t.keys {
		t.keys[i] ^= have.keys[i]
	}
	return t
}

// key is the key of a tally of one record, unless it was cut.
func (t *tally) key() string {
	end := len(t.keys)
	for end > 0 && t.keys[end-1] == 0 {
		end--
	}
	return string(t.keys[:end])
}

// appendTo writes the head's payload.
func (l *ledger) appendTo(b []byte) []byte {
	for i := range l {
		t := &l[i]
		b = append(b, byte(kinds[i].kind))
		b = binary.BigEndian.AppendUint64(b, t.count)
		b = binary.BigEndian.AppendUint64(b, t.seqs)
		b = binary.BigEndian.AppendUint64(b, t.prints)
		b = append(b, t.keys[:]...)
	}
	return b
}

// readLedger is the reverse of appendTo. A kind that the head does not know has no records.
func readLedger(b []byte) (ledger, error) {
	var l ledger
	for ; len(b) >= tallyBytes; b = b[tallyBytes:] {
		i := kind(b[0]).index()
		if i < 0 {
			return l, fmt.Errorf("it counts records of an unknown %s", kind(b[0]))
		}
		t := &l[i]
		t.count = binary.BigEndian.Uint64(b[1:])
		t.seqs = binary.BigEndian.Uint64(b[9:])
		t.prints = binary.BigEndian.Uint64(b[17:])
		copy(t.keys[:], b[25:])
	}
	if len(b) != 0 {
		return l, errors.New("its counts are cut off")
	}
	return l, nil
}

// fingerprint mixes a key and its sequence number: FNV-1a, then the finalizer of splitmix64, so that sums do not cancel out. It is stored: it
// never changes.
func fingerprint(key string, seq uint64) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(key) {
		h = (h ^ uint64(key[i])) * 1099511628211
	}
	h ^= seq * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
