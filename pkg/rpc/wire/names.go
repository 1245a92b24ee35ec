package wire

import "unicode/utf8"

// names keeps words that come again and again, so that they take memory once. A peer that sends ever new ones gains nothing: beyond maxNames, or
// when longer than maxName, they are plain strings.
type names struct {
	known map[string]string
	last  string // the one before is the most likely
}

const (
	maxNames = 256
	maxName  = 96 // bytes
)

// of gives the word; false if it is not UTF-8.
func (n *names) of(b []byte) (string, bool) {
	if len(b) == 0 {
		return "", true
	}
	if n.last == string(b) {
		return n.last, true
	}
	if s, ok := n.known[string(b)]; ok {
		n.last = s
		return s, true
	}
	if !utf8.Valid(b) {
		return "", false
	}
	s := string(b)
	if len(n.known) < maxNames && len(s) <= maxName {
		if n.known == nil {
			n.known = map[string]string{}
		}
		n.known[s] = s
	}
	return s, true
}
