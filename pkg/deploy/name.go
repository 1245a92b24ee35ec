package deploy

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxIDBytes = 200 // leaves room for suffixes within the 255 bytes of a file name

// CheckName accepts a name that may become one element of a path: a title without path separators and "..", and not ".". what names the field
// in the error; max is in bytes.
func CheckName(what, s string, max int) error {
	if err := CheckTitle(what, s, max); err != nil {
		return err
	}
	if i := strings.IndexAny(s, `/\`); i >= 0 {
		return refusal(what, s, "has a path separator ("+s[i:i+1]+"); a name is not a path, replace it by '-'")
	}
	if s == "." || strings.Contains(s, "..") {
		return refusal(what, s, `would climb directories; a name has no ".." and is not ".", take the dots out`)
	}
	return nil
}

// CheckTitle accepts a text shown to people, slashes and blanks included: UTF-8, something visible, on one line, without control characters and
// without characters that reverse the direction of what follows. max is in bytes.
func CheckTitle(what, s string, max int) error {
	switch {
	case len(s) > max:
		return refusal(what, s, "is too long; use at most "+strconv.Itoa(max)+" bytes")
	case strings.TrimSpace(s) == "":
		return refusal(what, s, "is empty or blank; write at least one visible character")
	case !utf8.ValidString(s):
		return refusal(what, s, "is not valid UTF-8; save or type it in UTF-8")
	}
	for _, r := range s {
		if fault := runeFault(r); fault != "" {
			return refusal(what, s, fmt.Sprintf("has %s (U+%04X); take it out", fault, r))
		}
	}
	return nil
}

// runeFault says why a character may not stand in a name.
func runeFault(r rune) string {
	switch {
	case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
		return "a line break"
	case unicode.IsControl(r):
		return "a control character"
	case ('\u202a' <= r && r <= '\u202e') || ('\u2066' <= r && r <= '\u2069'):
		return "a character that changes the direction of text"
	}
	return ""
}

// CheckID accepts an id: 1 to 200 of A-Z, a-z, 0-9, '.', '_' and '-', not starting with '.' or '-'. It is safe as a file name and as an argument.
func CheckID(what, s string) error {
	const rule = "; use A-Z, a-z, 0-9, '.', '_' and '-', starting with a letter, a digit or '_'"
	switch {
	case s == "":
		return refusal(what, s, "is empty"+rule)
	case len(s) > maxIDBytes:
		return refusal(what, s, "is too long; use at most "+strconv.Itoa(maxIDBytes)+" bytes")
	case s[0] == '.' || s[0] == '-':
		return refusal(what, s, "starts with "+strconv.QuoteRune(rune(s[0]))+rule)
	}
	return checkWord(what, s, "_.-", rule)
}

// CheckLabelKey accepts a label's key: 1 to 200 of A-Z, a-z, 0-9, '_', '.', '-' and '/', starting with a letter or a digit.
func CheckLabelKey(what, s string) error {
	const rule = "; a label key has A-Z, a-z, 0-9, '_', '.', '-' and '/', and starts with a letter or a digit, such as zone or example.org/rack"
	switch {
	case s == "":
		return refusal(what, s, "is empty"+rule)
	case len(s) > maxIDBytes:
		return refusal(what, s, "is too long; use at most "+strconv.Itoa(maxIDBytes)+" bytes")
	case !isLetter(s[0]) && !isDigit(s[0]):
		return refusal(what, s, "starts with "+firstRune(s)+rule)
	}
	return checkWord(what, s, "_.-/", rule)
}

// CheckEnvKey accepts the name of an environment variable: A-Z, a-z, 0-9, '_', '.' and '-', starting with a letter or '_'.
func CheckEnvKey(what, s string) error {
	const rule = "; an environment variable has A-Z, a-z, 0-9, '_', '.' and '-', and starts with a letter or '_', such as MY_KEY"
	switch {
	case s == "":
		return refusal(what, s, "is empty"+rule)
	case !isLetter(s[0]) && s[0] != '_':
		return refusal(what, s, "starts with "+firstRune(s)+rule)
	}
	return checkWord(what, s, "_.-", rule)
}

// checkWord refuses what is not a letter, a digit or one of extra.
func checkWord(what, s, extra, rule string) error {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && strings.IndexByte(extra, c) < 0 {
			return refusal(what, s, "has "+firstRune(s[i:])+rule)
		}
	}
	return nil
}

// firstRune quotes the first character of s.
func firstRune(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strconv.Quote(s[:size])
}

// badInput is a sentence about bad input; it is ErrInvalid.
type badInput string

func (e badInput) Error() string { return string(e) }

func (badInput) Unwrap() error { return ErrInvalid }

// refusal is the error for bad input: the field, what was given, and a reason that ends in a way out.
func refusal(what, input, why string) error {
	return badInput(what + " " + quoted(input) + " " + why)
}

// quoted escapes text from outside for an error and shortens it to 64 bytes.
func quoted(s string) string {
	const shown = 64
	if len(s) <= shown {
		return strconv.Quote(s)
	}
	cut := shown
	for cut > shown-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "... (" + strconv.Itoa(len(s)) + " bytes)"
}
