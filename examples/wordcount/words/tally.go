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
	var lower []byte
	for len(text) > 0 {
		var word []byte
		if word, text = next(text, &lower); len(word) == 0 {
			continue
		}
		n := seen[string(word)]
		if n == nil {
			n = new(int64)
			seen[string(word)] = n
		}
		*n++
	}
	for w, n := range seen {
		t[w] += *n
	}
}

// next gives the first word of text in lower case, "" if there is none, and what follows it. The word lies in text, or in lower.
func next(text []byte, lower *[]byte) (word, rest []byte) {
	begin := 0
	for begin < len(text) && class(text[begin]) == apart {
		begin++
	}
	end := begin
	for end < len(text) && class(text[end]) == plain {
		end++
	}
	if end == len(text) || class(text[end]) == apart {
		return text[begin:end], text[end:]
	}
	word = append((*lower)[:0], text[begin:end]...) // from here on rune by rune
	for text = text[end:]; len(text) > 0; {
		r, n := utf8.DecodeRune(text)
		if !inWord(r) {
			text = text[n:]
			break
		}
		word, text = utf8.AppendRune(word, unicode.ToLower(r)), text[n:]
	}
	*lower = word
	return word, text
}

// What a byte may be: nothing of a word, a letter or digit in lower case, or something to look at closely.
const (
	apart = iota
	plain
	other
)

func class(b byte) int {
	switch {
	case 'a' <= b && b <= 'z', '0' <= b && b <= '9':
		return plain
	case b >= utf8.RuneSelf, 'A' <= b && b <= 'Z':
		return other
	}
	return apart
}

func inWord(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return class(byte(r)) != apart
	case r == utf8.RuneError:
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
