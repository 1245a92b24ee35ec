package deploy

import (
	"strconv"
	"strings"
)

// Address is where a peer listens: a host name or a literal IP address (IPv6 without brackets, a zone allowed), and a TCP port.
type Address struct {
	Host string
	Port uint16 // 0 asks for a free port when listening
}

// ParseAddress reads host:port or [ipv6]:port. It resolves nothing.
func ParseAddress(s string) (Address, error) {
	a, hasPort, why := cutAddress(s)
	if why == "" && !hasPort {
		why = "has no port; write host:port, such as node1:7077 or [::1]:7077"
	}
	if why != "" {
		return Address{}, refusal("address", s, why)
	}
	return a, nil
}

// String is host:port, with brackets around an IPv6 host; the zero Address is "".
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	b := make([]byte, 0, len(a.Host)+8)
	if strings.Contains(a.Host, ":") {
		b = append(append(append(b, '['), a.Host...), ']')
	} else {
		b = append(b, a.Host...)
	}
	return string(strconv.AppendUint(append(b, ':'), uint64(a.Port), 10))
}

// IsZero says that no address is set.
func (a Address) IsZero() bool { return a == Address{} }

// IsLoopback says that the text of the host stays on this machine: localhost, 127.0.0.0/8 or ::1. No name is resolved.
func (a Address) IsLoopback() bool {
	if lowerWord(a.Host) == "localhost" {
		return true
	}
	if v4, ok := parseIPv4(a.Host); ok {
		return v4[0] == 127
	}
	v6, ok := parseIPv6(a.Host)
	mapped := [16]byte{10: 0xff, 11: 0xff, 12: 127, 13: v6[13], 14: v6[14], 15: v6[15]} // ::ffff:127.x.y.z
	return ok && (v6 == [16]byte{15: 1} || v6 == mapped)
}

// MarshalText writes String.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what MarshalText writes; empty text is the zero Address.
func (a *Address) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = Address{}
		return nil
	}
	parsed, err := ParseAddress(string(text))
	if err == nil {
		*a = parsed
	}
	return err
}

// cutAddress splits and checks host and port, which may be missing. A reason says what is wrong.
func cutAddress(s string) (a Address, hasPort bool, why string) {
	var host, port string
	inside, bracketed := strings.CutPrefix(s, "[")
	switch {
	case bracketed:
		after, closed := "", false
		host, after, closed = strings.Cut(inside, "]")
		if !closed {
			return a, false, "opens a bracket and does not close it; write [::1]:7077"
		}
		if !strings.Contains(host, ":") {
			return a, false, "has brackets around something that is not an IPv6 address; write host:port"
		}
		port, hasPort = strings.CutPrefix(after, ":")
		if after != "" && !hasPort {
			return a, false, "has something else than a port after the bracket; write [::1]:7077"
		}
	case strings.Count(s, ":") > 1:
		return a, false, "has several colons; write an IPv6 address in brackets, such as [::1]:7077"
	default:
		host, port, hasPort = strings.Cut(s, ":")
	}
	if why = hostFault(host); why != "" {
		return a, false, why
	}
	a.Host = host
	if !hasPort {
		return a, false, ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || len(port) > len("65535") {
		return a, false, "has the port " + quoted(port) + "; a port is a number from 0 to 65535"
	}
	a.Port = uint16(n)
	return a, true, ""
}

// hostFault says what is wrong with a host, or nothing.
func hostFault(host string) string {
	if host == "" {
		return "has no host; write one, or 0.0.0.0 to listen on all interfaces"
	}
	if strings.Contains(host, ":") {
		if _, ok := parseIPv6(host); !ok {
			return "has a host that is not an IPv6 address; write it as in [2001:db8::1]:7077"
		}
		return ""
	}
	if len(host) > 253 {
		return "has a host of " + strconv.Itoa(len(host)) + " bytes; a host name has at most 253"
	}
	digitsOnly := true
	for rest, more := host, true; more; {
		var label string
		label, rest, more = strings.Cut(rest, ".")
		if label == "" && !more {
			break // a trailing dot ends an absolute name
		}
		if !isHostLabel(label) {
			return "has the host " + quoted(host) + "; between its dots a host has 1 to 63 of a-z, 0-9, '-' and '_', no '-' at either end"
		}
		digitsOnly = digitsOnly && leadingDigits(label) == len(label)
	}
	if _, ok := parseIPv4(host); digitsOnly && !ok && strings.Contains(host, ".") {
		return "has the host " + quoted(host) + "; an IPv4 address is four numbers from 0 to 255 without leading zeros"
	}
	return ""
}

func isHostLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// parseIPv4 reads four decimal numbers; leading zeros are refused because some resolvers read them as octal.
func parseIPv4(s string) (ip [4]byte, ok bool) {
	for i := range ip {
		part, rest, more := strings.Cut(s, ".")
		n := saturatedUint(part[:leadingDigits(part)])
		if part == "" || leadingDigits(part) < len(part) || n > 255 || (len(part) > 1 && part[0] == '0') || more != (i < 3) {
			return ip, false
		}
		ip[i], s = byte(n), rest
	}
	return ip, true
}

// parseIPv6 reads an IPv6 address in any of its spellings; a zone is checked and left out.
func parseIPv6(s string) (ip [16]byte, ok bool) {
	text, zone, zoned := strings.Cut(s, "%")
	if zoned && !isZone(zone) {
		return ip, false
	}
	front, back, gap := strings.Cut(text, "::")
	var buf [32]byte
	head, headOK := appendGroups(buf[:0:16], front, !gap)
	tail, tailOK := appendGroups(buf[16:16], back, true)
	if !headOK || !tailOK || (gap && len(head)+len(tail) > 14) || (!gap && len(head) != 16) {
		return ip, false
	}
	copy(ip[:], head)
	copy(ip[16-len(tail):], tail)
	return ip, true
}

// appendGroups appends up to eight groups of 16 bits; the last of the address may be a dotted quad.
func appendGroups(ip []byte, s string, last bool) ([]byte, bool) {
	for s != "" {
		group, rest, more := strings.Cut(s, ":")
		if (more && rest == "") || len(ip) > 14 {
			return ip, false
		}
		if v4, ok := parseIPv4(group); ok && last && !more && len(ip) <= 12 {
			return append(ip, v4[:]...), true
		}
		n, err := strconv.ParseUint(group, 16, 16)
		if err != nil || len(group) > 4 {
			return ip, false
		}
		ip, s = append(ip, byte(n>>8), byte(n)), rest
	}
	return ip, true
}

// isZone says that s may name an interface.
func isZone(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 63
}
