package door

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/musterproject/muster/internal/need"
	"github.com/musterproject/muster/pkg/deploy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open gives a door on a free port that collects its facts.
func open(t *testing.T, change func(*Options)) (*Door, chan Fact) {
	t.Helper()
	facts := make(chan Fact, 100)
	o := DefaultOptions()
	o.HTTPHint = "pages are at http://here:8080"
	o.Report = func(f Fact) { facts <- f }
	if change != nil {
		change(&o)
	}
	d, err := Listen(t.Context(), "127.0.0.1:0", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d, facts
}

func connect(t *testing.T, d *Door, say string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", d.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // the door may have closed it
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, say); err != nil {
		t.Fatal(err)
	}
	return c
}

func fact(t *testing.T, facts chan Fact) Fact {
	t.Helper()
	select {
	case f := <-facts:
		return f
	case <-time.After(10 * time.Second):
		t.Fatal("no fact")
		return Fact{}
	}
}

// ended waits until the door has closed a connection and gives what it said.
func ended(t *testing.T, c net.Conn) string {
	t.Helper()
	said, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection is still open")
	}
	return string(said) // a reset is an end too
}

func TestGRPCIsHandedOnWhole(t *testing.T) {
	d, _ := open(t, nil)
	for _, pieces := range [][]string{{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}, {"P", "RI", " * HTTP/2.0\r\n\r\nSM\r\n\r\n"}} {
		c := connect(t, d, pieces[0])
		for _, p := range pieces[1:] {
			if _, err := io.WriteString(c, p); err != nil {
				t.Fatal(err)
			}
		}
		got, err := d.Accept()
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Join(pieces, "")
		b := make([]byte, len(want))
		if _, err := io.ReadFull(got, b); err != nil || string(b) != want {
			t.Errorf("read %q, %v; want %q", b, err, want)
		}
		if err := got.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestBrowsersAreToldWhereToGo(t *testing.T) {
	d, facts := open(t, nil)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} {
		c := connect(t, d, method+" /v1/submissions/create HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello")
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(ended(t, c))), &http.Request{Method: http.MethodGet})
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		body, err := io.ReadAll(res.Body)
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		if err != nil || res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), "http://here:8080") || strings.Count(string(body), "\n") != 1 {
			t.Errorf("%s: %s %q %v", method, res.Status, body, err)
		}
	}
	if len(facts) > 0 {
		t.Errorf("a browser is no fact: %+v", <-facts)
	}
}

func TestStrangersAreClosedWithOneFact(t *testing.T) {
	d, facts := open(t, func(o *Options) { o.FirstBytes = 50 * time.Millisecond })
	for name, c := range map[string]struct{ say, reason string }{
		"garbage":      {"\x00\x01\x02\x03\xff\xfe", "none of the protocols"},
		"TLS":          {"\x16\x03\x01\x02\x00\x01\x00", "speaks TLS"},
		"SSH":          {"SSH-2.0-OpenSSH_9.9\r\n", "none of the protocols"},
		"nothing":      {"", "0 bytes within 50ms"},
		"one byte":     {"P", "1 bytes within 50ms"},
		"wrong method": {"GOT / HTTP/1.1\r\n\r\n", "none of the protocols"},
	} {
		conn := connect(t, d, c.say)
		if said := ended(t, conn); said != "" {
			t.Errorf("%s: was answered %q", name, said)
		}
		f := fact(t, facts)
		if !strings.Contains(f.Reason, c.reason) || f.Remote != conn.LocalAddr().String() || len(f.Bytes) > 16 || !strings.HasPrefix(c.say, string(f.Bytes)) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if len(facts) > 0 {
		t.Errorf("one fact too many: %+v", <-facts)
	}
}

func TestSilenceBlocksNobody(t *testing.T) {
	d, _ := open(t, func(o *Options) { o.FirstBytes = time.Hour })
	var silent []net.Conn
	for range 50 {
		silent = append(silent, connect(t, d, ""))
	}
	connect(t, d, "PRI * HTTP/2.0\r\n\r\n")
	c, err := d.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range silent {
		ended(t, c)
	}
	if _, err := d.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close gave %v", err)
	}
}

func TestCloseDoesNotWaitForAccept(t *testing.T) {
	d, _ := open(t, nil)
	c := connect(t, d, "PRI * HTTP/2.0\r\n\r\n")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	ended(t, c)
}

func TestLimits(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"of one address": func(o *Options) { o.MaxPerIP = 3 },
		"of all":         func(o *Options) { o.MaxConns = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			d, facts := open(t, change)
			var in []net.Conn
			for range 3 {
				connect(t, d, "PRI * HTTP/2.0\r\n\r\n")
				c, err := d.Accept()
				if err != nil {
					t.Fatal(err)
				}
				in = append(in, c)
			}
			ended(t, connect(t, d, ""))
			if f := fact(t, facts); !strings.Contains(f.Reason, "all 3 connections") {
				t.Errorf("%+v", f)
			}
			for range 2 { // a second close must not count twice
				_ = in[0].Close()
			}
			connect(t, d, "PRI * HTTP/2.0\r\n\r\n")
			c, err := d.Accept()
			if err != nil {
				t.Fatal(err)
			}
			ended(t, connect(t, d, ""))
			for _, c := range append(in[1:], c) {
				_ = c.Close() // one of them is closed already
			}
		})
	}
}

// spark tells frames that begin with a length of eight bytes, as the peer's do.
func spark(first []byte) Match {
	if len(first) < 8 {
		if strings.Trim(string(first), "\x00") == "" {
			return More
		}
		return No
	}
	if n := binary.BigEndian.Uint64(first); n > 0 && n < 1<<20 {
		return Yes
	}
	return No
}

func TestAnotherProtocolOnTheSamePort(t *testing.T) {
	served := make(chan string, 1)
	d, facts := open(t, func(o *Options) {
		o.Protocols = []Protocol{{Name: "frames", Match: spark, Handle: func(ctx context.Context, c net.Conn) {
			defer c.Close()
			b := make([]byte, 13)
			_, err := io.ReadFull(c, b)
			served <- fmt.Sprintf("%q %v", b, err)
			<-ctx.Done()
		}}}
	})
	connect(t, d, "\x00\x00\x00\x00\x00\x00\x00\x05hello")
	if got, want := <-served, fmt.Sprintf("%q <nil>", "\x00\x00\x00\x00\x00\x00\x00\x05hello"); got != want {
		t.Errorf("served %s, want %s", got, want)
	}
	ended(t, connect(t, d, "\x00\x00\x00\x00\xff\xff\xff\xff"))
	if f := fact(t, facts); !strings.Contains(f.Reason, "none of the protocols") {
		t.Errorf("%+v", f)
	}
}

// shifted is a stand-in for TLS: every byte is one too high on the wire.
type shifted struct{ net.Conn }

func (s shifted) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	for i := range n {
		b[i]--
	}
	return n, err
}

func TestSecureComesBeforeTheFirstByte(t *testing.T) {
	d, _ := open(t, func(o *Options) { o.Secure = func(c net.Conn) net.Conn { return shifted{c} } })
	connect(t, d, "QSJ!rest")
	c, err := d.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := make([]byte, 8)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "PRI qdrs" {
		t.Errorf("read %q, %v", b, err)
	}
}

func TestPortInUseNamesTheHolder(t *testing.T) {
	_, err := os.Stat("/proc/net/tcp")
	need.Or(t, "procfs", err == nil, "the holder of a port is read from /proc")
	d, _ := open(t, nil)
	_, err = Listen(t.Context(), d.Addr().String(), DefaultOptions())
	if !errors.Is(err, deploy.ErrConflict) {
		t.Fatalf("a port in use gave %v", err)
	}
	port := d.Addr().(*net.TCPAddr).Port
	for _, word := range []string{"process " + strconv.Itoa(os.Getpid()), "door.test", strconv.Itoa(port), "another port"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
}

func TestHolderUnseen(t *testing.T) {
	if p, found := (procfs{root: t.TempDir()}).holder(7077); found {
		t.Errorf("found %+v in an empty folder", p)
	}
}

func TestWhereToListen(t *testing.T) {
	for address, want := range map[string]error{
		"0.0.0.0:0": deploy.ErrDenied, ":0": deploy.ErrDenied, "[::]:0": deploy.ErrDenied,
		"nonsense": deploy.ErrInvalid, "host.invalid:0": deploy.ErrInvalid, "127.0.0.1:99999": deploy.ErrUnavailable,
		"127.0.0.1:0": nil, "localhost:0": nil,
	} {
		d, err := Listen(t.Context(), address, DefaultOptions())
		if !errors.Is(err, want) || (want != nil && !strings.Contains(err.Error(), address)) {
			t.Errorf("%s gave %v, want %v", address, err, want)
		}
		if errors.Is(want, deploy.ErrDenied) && err != nil && !strings.Contains(err.Error(), "--insecure") {
			t.Errorf("%s: %q names no way out", address, err)
		}
		if err == nil {
			if d.Addr().(*net.TCPAddr).Port == 0 {
				t.Errorf("%s: no port was chosen", address)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	o := DefaultOptions()
	o.Insecure = true
	d, err := Listen(t.Context(), "0.0.0.0:0", o)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// scripted is a connection that says something and ends.
type scripted struct {
	net.Conn
	say  []byte
	step int
}

func (s *scripted) Read(b []byte) (int, error) {
	if len(s.say) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), s.step)], s.say)
	s.say = s.say[n:]
	return n, nil
}

func FuzzFirstBytes(f *testing.F) {
	for _, s := range []string{"PRI * HTTP/2.0", "GET / HTTP/1.1", "", "\x00\x00\x00\x00\x00\x00\x00\x05", "\x16\x03\x01", "POSTPONED"} {
		f.Add([]byte(s), 3)
	}
	o := DefaultOptions()
	o.Protocols = []Protocol{{Name: "frames", Match: spark, Handle: func(context.Context, net.Conn) {}}}
	f.Fuzz(func(t *testing.T, say []byte, step int) {
		first, p, err := o.recognise(&scripted{say: say, step: 1 + step&63})
		if len(first) > maxFirst || !strings.HasPrefix(string(say), string(first)) {
			t.Fatalf("%q became %q", say, first)
		}
		if (err == nil) != (p.Match != nil) {
			t.Fatalf("%q is %q and %v", say, p.Name, err)
		}
		if err == nil && p.Match(first) != Yes {
			t.Fatalf("%q is not %s", first, p.Name)
		}
		whole, _, _ := o.recognise(&scripted{say: say, step: maxFirst})
		if err == nil && !strings.HasPrefix(string(whole), string(first)) {
			t.Fatalf("%q is told by %q in pieces and %q at once", say, first, whole)
		}
	})
}
