package wire

import "unicode/utf8"

// names keeps words that come again and again, so that they take memory once. A peer that sends ever new ones gains nothing: beyond maxNames, or
// when longer than maxName, they are plain strings.
type names struct{ known map[string]string }

const (
	maxNames = 1024
	maxName  = 128 // bytes
)

// of gives the word; false if it is not UTF-8.
func (n *names) of(b []byte) (string, bool) {
	if s, ok := n.known[string(b)]; ok {
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
