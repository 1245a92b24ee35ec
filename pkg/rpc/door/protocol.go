package door

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// Match says whether bytes are the beginning of a protocol.
type Match int

// The answers. More asks for more bytes; a protocol that still does after 64 is not meant.
const (
	No Match = iota
	More
	Yes
)

// Protocol is one that may be spoken on the port, told by its first bytes.
type Protocol struct {
	Name string
	// Match looks at what has come so far, at least one byte.
	Match func(first []byte) Match
	// Handle serves the connection, whose first bytes are read again, and closes it. The end of ctx is the end of the door.
	Handle func(ctx context.Context, c net.Conn)
}

// Prefix gives a Match for one of several beginnings.
func Prefix(beginnings ...string) func([]byte) Match {
	return func(first []byte) Match {
		best := No
		for _, b := range beginnings {
			switch {
			case bytes.HasPrefix(first, []byte(b)):
				return Yes
			case strings.HasPrefix(b, string(first)):
				best = More
			}
		}
		return best
	}
}

const (
	maxFirst    = 64                     // bytes looked at
	lingering   = 500 * time.Millisecond // for the rest of a request nobody reads
	maxLingered = 64 << 10               // bytes of it
)

// protocols gives all in the order in which they are asked; the one without Handle is gRPC.
func (o *Options) protocols() []Protocol {
	list := append([]Protocol{{Name: "gRPC", Match: Prefix("PRI ")}}, o.Protocols...)
	methods := []string{"GET ", "HEAD ", "POST ", "PUT ", "PATCH ", "DELETE ", "OPTIONS ", "CONNECT ", "TRACE "}
	return append(list, Protocol{Name: "HTTP", Match: Prefix(methods...), Handle: o.answerHTTP})
}

// recognise reads until one protocol, or none, is certain.
func (o *Options) recognise(c net.Conn) (first []byte, p Protocol, err error) {
	list := o.protocols()
	first = make([]byte, 0, maxFirst)
	for len(first) < maxFirst {
		n, err := c.Read(first[len(first):maxFirst])
		first = first[:len(first)+n]
		if n > 0 {
			p, match := ask(list, first)
			if match == Yes {
				return first, p, nil
			}
			if match == No {
				break
			}
		}
		if err != nil {
			return first, Protocol{}, unread(err, len(first), o.FirstBytes)
		}
	}
	return first, Protocol{}, errors.New(stranger(first))
}

func ask(list []Protocol, first []byte) (Protocol, Match) {
	best := No
	for _, p := range list {
		m := p.Match(first)
		if m == Yes {
			return p, Yes
		}
		best = max(best, m)
	}
	return Protocol{}, best
}

func unread(err error, n int, patience time.Duration) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("it said %d bytes within %v, which is no protocol yet", n, patience)
	case errors.Is(err, io.EOF):
		return fmt.Errorf("it ended after %d bytes", n)
	}
	return fmt.Errorf("it broke after %d bytes: %w", n, err)
}

func stranger(first []byte) string {
	if len(first) > 1 && first[0] == 0x16 && first[1] == 0x03 {
		return "it speaks TLS, and this port does not: connect without TLS"
	}
	return "it speaks none of the protocols of this port"
}

// answerHTTP tells a browser, in one line, where to go.
func (o *Options) answerHTTP(_ context.Context, c net.Conn) {
	body := "This port speaks gRPC; " + o.HTTPHint + ".\n"
	_ = c.SetDeadline(time.Now().Add(o.FirstBytes))
	_, err := fmt.Fprintf(c, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if err == nil {
		// Closing on unread bytes resets the connection, and the answer may never be seen.
		_ = c.SetReadDeadline(time.Now().Add(min(lingering, o.FirstBytes)))
		_, _ = io.CopyN(io.Discard, c, maxLingered)
	}
	_ = c.Close() // it has its answer, or is gone
}

// replayed is a connection whose first bytes are read again.
type replayed struct {
	net.Conn
	first []byte
}

func (r *replayed) Read(b []byte) (int, error) {
	if len(r.first) == 0 {
		return r.Conn.Read(b)
	}
	n := copy(b, r.first)
	if r.first = r.first[n:]; len(r.first) == 0 {
		r.first = nil
	}
	return n, nil
}
