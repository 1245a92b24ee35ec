package deploy

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The patterns that give ids the peer's form.
const (
	DefaultAppIDPattern    = "app-%s-%04d"     // timestamp, counter
	DefaultDriverIDPattern = "driver-%s-%04d"  // timestamp, counter
	DefaultWorkerIDPattern = "worker-%s-%s-%d" // timestamp, host, port
)

const (
	idTimeLayout = "20060102150405"
	maxIDWidth   = 20 // digits of the largest counter
)

// IDPattern renders ids from the subset of Java's format strings that ids need: %s, %d, %04d, the same with a position as in %2$04d, and %%.
type IDPattern struct {
	text  string
	parts []idPart
}

// idPart is literal text, or an argument.
type idPart struct {
	literal string
	arg     int // counted from 1; 0 for literal text
	verb    byte
	width   int // filled with zeros; 0 for as many digits as there are
}

// ParseIDPattern reads a pattern and renders it once with sample, so that a bad one stops a daemon at its start and not at the first id: neither
// the pattern nor what comes out may have white space, path separators or control characters.
func ParseIDPattern(pattern string, sample ...any) (IDPattern, error) {
	p := IDPattern{text: pattern}
	why := idTextFault(pattern)
	for rest, ordinary := pattern, 0; rest != "" && why == ""; {
		literal, verb, found := strings.Cut(rest, "%")
		if literal != "" {
			p.parts = append(p.parts, idPart{literal: literal})
		}
		if !found {
			break
		}
		var part idPart
		part, rest, why = cutVerb(verb, &ordinary)
		p.parts = append(p.parts, part)
		if why == "" && part.arg > 0 {
			why = argumentFault(part, sample)
		}
	}
	if why == "" {
		if id := p.Format(sample...); idTextFault(id) != "" {
			why = "makes an id, " + quoted(id) + ", that " + idTextFault(id)
		}
	}
	if why != "" {
		return IDPattern{}, refusal("id pattern", pattern, why)
	}
	return p, nil
}

// ParseNumberedPattern reads a pattern for ids of applications or drivers: its arguments are a timestamp (string, from IDTime) and a counter
// (integer). It must use the counter, or two ids of one second would be the same, and its ids must pass CheckID.
func ParseNumberedPattern(pattern string) (IDPattern, error) {
	p, err := parseStrictPattern(pattern, idTimeLayout, int64(1<<63-1))
	if err == nil && !p.uses(2) {
		return IDPattern{}, refusal("id pattern", pattern, "does not use the counter, so ids would repeat; add it, as in "+DefaultAppIDPattern)
	}
	return p, err
}

// ParseWorkerPattern reads a pattern for ids of workers: its arguments are a timestamp (string, from IDTime), a host (string, from IDHost) and a
// port (integer). It must use the timestamp or the host, or all workers would be the same, and its ids must pass CheckID.
func ParseWorkerPattern(pattern string) (IDPattern, error) {
	p, err := parseStrictPattern(pattern, idTimeLayout, "worker-1.example.org", 65535)
	if err == nil && !p.uses(1) && !p.uses(2) {
		return IDPattern{}, refusal("id pattern", pattern,
			"uses neither timestamp nor host, so workers would share an id; add one, as in "+DefaultWorkerIDPattern)
	}
	return p, err
}

// parseStrictPattern is ParseIDPattern for ids that are also files, arguments and parts of URLs.
func parseStrictPattern(pattern string, sample ...any) (IDPattern, error) {
	p, err := ParseIDPattern(pattern, sample...)
	if err != nil {
		return IDPattern{}, err
	}
	if err := CheckID("id", p.Format(sample...)); err != nil {
		return IDPattern{}, fmt.Errorf("id pattern %s makes a bad id: %w", quoted(pattern), err)
	}
	return p, nil
}

// Format renders an id; args are of the kinds that the pattern was parsed with. An id with a long argument still needs CheckID.
func (p IDPattern) Format(args ...any) string {
	b := make([]byte, 0, len(p.text)+32)
	for i := range p.parts {
		part := &p.parts[i]
		switch {
		case part.arg == 0:
			b = append(b, part.literal...)
		case part.arg > len(args):
			b = append(b, "%!(missing)"...) // no id: the caller broke the contract, and CheckID sees it
		default:
			b = appendArgument(b, args[part.arg-1], part.width)
		}
	}
	return string(b)
}

// String is the pattern as written.
func (p IDPattern) String() string { return p.text }

// IDTime is the timestamp of ids, yyyyMMddHHmmss in the zone of t.
func IDTime(t time.Time) string { return t.Format(idTimeLayout) }

// IDHost is a host as it stands in an id: the colons and the zone mark of an IPv6 address become '-'.
func IDHost(host string) string {
	if !strings.ContainsAny(host, ":%") {
		return host
	}
	return strings.NewReplacer(":", "-", "%", "-").Replace(host)
}

func (p IDPattern) uses(arg int) bool {
	for i := range p.parts {
		if p.parts[i].arg == arg {
			return true
		}
	}
	return false
}

// idTextFault says what is wrong with the characters of a pattern or of an id.
func idTextFault(text string) string {
	switch {
	case text == "":
		return "is empty; write a pattern such as " + DefaultAppIDPattern
	case len(text) > maxIDBytes:
		return "is too long; use at most " + strconv.Itoa(maxIDBytes) + " bytes"
	case strings.IndexFunc(text, unicode.IsSpace) >= 0:
		return "has white space; ids have none, use '-'"
	case strings.ContainsAny(text, `/\`):
		return "has a path separator; ids are file names, use '-'"
	case strings.IndexFunc(text, unicode.IsControl) >= 0:
		return "has a control character; take it out"
	}
	return ""
}

// cutVerb reads what follows a percent sign. As in Java, verbs without a position count among themselves.
func cutVerb(s string, ordinary *int) (part idPart, rest, why string) {
	const known = "; use %s, %d, %04d, a position as in %2$04d, or %% for a percent sign"
	if rest, ok := strings.CutPrefix(s, "%"); ok {
		return idPart{literal: "%"}, rest, ""
	}
	number, rest := cutDigits(s)
	if after, ok := strings.CutPrefix(rest, "$"); ok {
		part.arg = int(min(saturatedUint(number), maxIDBytes+1)) // a pattern has fewer arguments than bytes
		if part.arg == 0 {
			return part, rest, "has a position that is not a number from 1" + known
		}
		number, rest = cutDigits(after)
	}
	if rest == "" {
		return part, rest, "ends within a verb" + known
	}
	part.verb = rest[0]
	width, zeros := strings.CutPrefix(number, "0")
	part.width = int(min(saturatedUint(width), maxIDWidth+1))
	switch {
	case part.verb != 's' && part.verb != 'd':
		return part, rest, "has the unknown verb " + firstRune(rest) + known
	case number != "" && part.verb == 's':
		return part, rest, "has a width for a text, which would be filled with blanks; write %s"
	case number != "" && !zeros:
		return part, rest, "has a width that would be filled with blanks; fill with zeros, as in %04d"
	case zeros && (part.width == 0 || part.width > maxIDWidth || width[0] == '0'):
		return part, rest, "has a width that is not a number from 1 to " + strconv.Itoa(maxIDWidth) + known
	}
	if part.arg == 0 {
		*ordinary++
		part.arg = *ordinary
	}
	return part, rest[1:], ""
}

func cutDigits(s string) (digits, rest string) {
	n := leadingDigits(s)
	return s[:n], s[n:]
}

// argumentFault says why part cannot be rendered from arguments like sample.
func argumentFault(part idPart, sample []any) string {
	if part.arg > len(sample) {
		return fmt.Sprintf("uses argument %d; there are %d", part.arg, len(sample))
	}
	if _, isNumber := appendInteger(nil, sample[part.arg-1]); part.verb == 'd' && !isNumber {
		return fmt.Sprintf("wants a number for argument %d, which is a text; write %%s there", part.arg)
	}
	return ""
}

// appendArgument renders a text or a number, the latter filled with zeros to width, a minus sign included.
func appendArgument(b []byte, arg any, width int) []byte {
	if text, ok := arg.(string); ok {
		return append(b, text...)
	}
	var buf [24]byte
	digits, ok := appendInteger(buf[:0], arg)
	if !ok {
		return fmt.Append(b, arg)
	}
	if digits[0] == '-' {
		b, digits, width = append(b, '-'), digits[1:], width-1
	}
	for range width - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}

func appendInteger(b []byte, arg any) ([]byte, bool) {
	switch n := arg.(type) {
	case int:
		return strconv.AppendInt(b, int64(n), 10), true
	case int32:
		return strconv.AppendInt(b, int64(n), 10), true
	case int64:
		return strconv.AppendInt(b, n, 10), true
	case uint16:
		return strconv.AppendUint(b, uint64(n), 10), true
	case uint32:
		return strconv.AppendUint(b, uint64(n), 10), true
	case uint64:
		return strconv.AppendUint(b, n, 10), true
	}
	return b, false
}
