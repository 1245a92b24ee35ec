package words

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Tally is how often each word was seen.
type Tally map[string]int64

// Count is one word of a tally.
type Count struct {
	Word  string
	Count int64
}

// Add counts the words of text.
func (t Tally) Add(text []byte) {
	seen := map[string]*int64{} // a word that comes again costs no second look into t
	var word []byte
	for len(text) > 0 {
		r, n := rune(text[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text)
		}
		text = text[n:]
		if inWord(r) {
			word = utf8.AppendRune(word, unicode.ToLower(r))
			continue
		}
		note(seen, word)
		word = word[:0]
	}
	note(seen, word)
	for w, n := range seen {
		t[w] += *n
	}
}

func note(seen map[string]*int64, word []byte) {
	if len(word) == 0 {
		return
	}
	n := seen[string(word)]
	if n == nil {
		n = new(int64)
		seen[string(word)] = n
	}
	*n++
}

func inWord(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
		return true
	case r < utf8.RuneSelf || r == utf8.RuneError:
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

// Merge adds another tally.
func (t Tally) Merge(other Tally) {
	for w, n := range other {
		t[w] += n
	}
}

// Words is how many words were counted, each as often as it was seen.
func (t Tally) Words() (n int64) {
	for _, c := range t {
		n += c
	}
	return n
}

// Top gives the n most frequent words, those of equal count by the alphabet.
func (t Tally) Top(n int) []Count {
	all := make([]Count, 0, len(t))
	for w, c := range t {
		all = append(all, Count{Word: w, Count: c})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Word, b.Word)) })
	return all[:min(n, len(all))]
}

// MarshalBinary writes, for each word, its length, itself and its count.
func (t Tally) MarshalBinary() ([]byte, error) {
	b := make([]byte, 0, 16*len(t))
	for w, n := range t {
		b = binary.AppendUvarint(b, uint64(len(w)))
		b = append(b, w...)
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b, nil
}

var errTally = errors.New("words: not a tally")

// UnmarshalBinary reads what MarshalBinary writes.
func (t *Tally) UnmarshalBinary(b []byte) error {
	*t = make(Tally, len(b)/16)
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return errTally
		}
		word := string(b[n : n+int(size)])
		b = b[n+int(size):]
		count, n := binary.Uvarint(b)
		if n <= 0 {
			return errTally
		}
		b = b[n:]
		(*t)[word] = int64(count)
	}
	return nil
}
