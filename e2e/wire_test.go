//go:build linux

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/musterproject/muster/e2e/cluster"
	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc/grpcrpc"
)

// say sends bytes to a port and gives all that comes back until the other side hangs up.
func say(t *testing.T, addr string, b []byte) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(cluster.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(b); err != nil {
		return "" // it hung up before everything was said
	}
	var timeout net.Error
	answer, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("%s does not hang up on %.20q", addr, b)
	}
	return string(answer)
}

// Whatever is said on the RPC ports, the daemons go on serving; a browser is told where to go.
func TestGarbageOnThePort(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1<<20)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	preface := "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	for _, d := range []*cluster.Daemon{c.Master, c.Workers[0]} {
		t.Run(d.Name, func(t *testing.T) {
			for _, request := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /v1/submissions/create HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"} {
				answer := say(t, d.Addr, []byte(request))
				_, body, ok := strings.Cut(answer, "\r\n\r\n")
				if !ok || !strings.Contains(body, "RPC port") || strings.Count(strings.TrimSpace(body), "\n") != 0 {
					t.Errorf("%.4s: got %q, want one line that names the right port", request, answer)
				}
			}
			for name, b := range map[string][]byte{
				"silence":           {},
				"one zero":          {0},
				"zeros":             make([]byte, 4096),
				"text":              []byte("hello, is anybody there?\n"),
				"TLS":               []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
				"noise":             noise,
				"preface, noise":    append([]byte(preface), noise...),
				"preface, HTTP/1":   []byte(preface + "GET / HTTP/1.1\r\n\r\n"),
				"preface, bad size": append([]byte(preface), 0xff, 0xff, 0xff, 4, 0, 0, 0, 0, 0),
				"SSH":               []byte("SSH-2.0-OpenSSH_9.9\r\n"),
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					say(t, d.Addr, b)
				})
			}
		})
	}
	for range 300 { // and they stay open
		conn, err := net.Dial("tcp", c.Master.Addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	c.Registered(t, 1)
	c.Quiet(t)
}

// rawBytes passes messages on as they are.
type rawBytes struct{}

// Marshal gives the bytes.
func (rawBytes) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

// Unmarshal keeps the bytes.
func (rawBytes) Unmarshal(b []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(b)
	return nil
}

// Name is the codec's.
func (rawBytes) Name() string { return "proto" }

// Real gRPC with messages that are malformed, far too large or of unknown methods is answered with a status, and nothing else happens.
func TestMalformedMessages(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	conn, err := grpc.NewClient(c.Master.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawBytes{}), grpc.MaxCallSendMsgSize(1<<30)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	cases := []struct {
		method string
		body   []byte
		want   []codes.Code
	}{
		{"Cluster/SubmitDriver", []byte{0xff, 0xff, 0xff, 0xff}, []codes.Code{codes.Internal, codes.InvalidArgument}},
		{"Cluster/SubmitDriver", nil, []codes.Code{codes.InvalidArgument}},
		{"Cluster/SubmitDriver", make([]byte, 64<<20), []codes.Code{codes.ResourceExhausted}},
		{"Cluster/KillDriver", []byte{0x0a, 0x7f}, []codes.Code{codes.Internal, codes.InvalidArgument}},
		{"Cluster/List", bytes.Repeat([]byte{0x0a, 0x80}, 5000), []codes.Code{codes.Internal, codes.InvalidArgument}},
		{"Cluster/NoSuchMethod", nil, []codes.Code{codes.Unimplemented}},
		{"NoSuchService/Call", nil, []codes.Code{codes.Unimplemented}},
	}
	for _, k := range cases {
		var answer []byte
		err := conn.Invoke(t.Context(), "/muster.v1."+k.method, &k.body, &answer)
		if got := status.Code(err); !slices.Contains(k.want, got) {
			t.Errorf("%s with %d bytes: got %v (%v), want one of %v", k.method, len(k.body), got, err, k.want)
		}
	}
	for _, seed := range []uint64{1, 2, 3, 4, 5, 6, 7, 8} {
		random := rand.New(rand.NewPCG(seed, 0))
		body := make([]byte, random.IntN(5000))
		for i := range body {
			body[i] = byte(random.Uint32())
		}
		var answer []byte
		if err := conn.Invoke(t.Context(), "/muster.v1.Cluster/Hold", &body, &answer); err == nil {
			t.Errorf("noise (seed %d) was accepted: %q", seed, answer)
		}
	}
	c.Wait(t, cluster.Script(t, "exit 0")).Want(t, 0)
	c.Quiet(t)
}

// Requests that are well formed and yet impossible change nothing and say why.
func TestImpossibleRequests(t *testing.T) {
	t.Parallel()
	c := start(t, 1)
	good := func() deploy.DriverSpec {
		return deploy.DriverSpec{Name: "x", Need: deploy.Resources{Cores: 1, MemoryMiB: 64}, Command: deploy.Command{Program: "/bin/true"}}
	}
	spec := func(change func(*deploy.DriverSpec)) deploy.Message {
		s := good()
		change(&s)
		return deploy.SubmitDriver{Request: "r", Spec: s}
	}
	cases := map[string]struct {
		req  deploy.Message
		is   error
		says []string
	}{
		"no request id":     {deploy.SubmitDriver{Spec: good()}, deploy.ErrInvalid, []string{"request"}},
		"name of two lines": {spec(func(s *deploy.DriverSpec) { s.Name = "a\nb" }), deploy.ErrInvalid, []string{`a\nb`, "line break"}},
		"no name":           {spec(func(s *deploy.DriverSpec) { s.Name = "" }), deploy.ErrInvalid, []string{"name", "empty"}},
		"no program":        {spec(func(s *deploy.DriverSpec) { s.Command.Program = "" }), deploy.ErrInvalid, []string{"program"}},
		"no cores":          {spec(func(s *deploy.DriverSpec) { s.Need.Cores = 0 }), deploy.ErrInvalid, []string{"cores"}},
		"negative cores":    {spec(func(s *deploy.DriverSpec) { s.Need.Cores = -4 }), deploy.ErrInvalid, []string{"cores", "-4"}},
		"negative memory":   {spec(func(s *deploy.DriverSpec) { s.Need.MemoryMiB = -1 }), deploy.ErrInvalid, []string{"memory", "-1"}},
		"absurd memory":     {spec(func(s *deploy.DriverSpec) { s.Need.MemoryMiB = 1 << 62 }), deploy.ErrInvalid, []string{"memory"}},
		"artifact outside": {spec(func(s *deploy.DriverSpec) {
			s.Command.Artifacts = []deploy.Artifact{{Digest: zeros, Name: "../../evil"}}
		}), deploy.ErrInvalid, []string{"../../evil"}},
		"artifact of no digest": {spec(func(s *deploy.DriverSpec) { s.Command.Artifacts = []deploy.Artifact{{Digest: "xyz", Name: "a"}} }), deploy.ErrInvalid, []string{"xyz"}},
		"odd variable":          {spec(func(s *deploy.DriverSpec) { s.Command.Env = []deploy.EnvVar{{Name: "A=B\nC", Value: "1"}} }), deploy.ErrInvalid, []string{`A=B\nC`}},
		"zero byte":             {spec(func(s *deploy.DriverSpec) { s.Command.Args = []string{"a\x00b"} }), deploy.ErrInvalid, []string{"zero byte"}},
		"10 MB of arguments":    {spec(func(s *deploy.DriverSpec) { s.Command.Args = megabytes(10) }), deploy.ErrTooLarge, []string{"4194304"}},
		"1 MB of arguments":     {spec(func(s *deploy.DriverSpec) { s.Command.Args = megabytes(1) }), deploy.ErrTooLarge, []string{"524288"}},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			answer, err := c.Client(t).Call(t.Context(), k.req)
			if !errors.Is(err, k.is) {
				t.Fatalf("got %v, %v; want %v", answer, err, k.is)
			}
			for _, w := range k.says {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is not said in: %v", w, err)
				}
			}
		})
	}
	c.Muster(t, "get", "drivers", "-o", "name").Want(t, 0)
	c.Wait(t, append([]string{cluster.Script(t, `test ${#10} = 1024`)}, megabytes(0.1)...)...).Want(t, 0)
	c.Quiet(t)
}

const zeros = deploy.Digest("0000000000000000000000000000000000000000000000000000000000000000")

// megabytes gives n megabytes of arguments of 1024 bytes.
func megabytes(n float64) []string {
	list := make([]string, int(n*1024))
	for i := range list {
		list[i] = strings.Repeat("x", 1024)
	}
	return list
}

// Peers of another protocol or another cluster are refused with a sentence that names both.
func TestMismatchedPeers(t *testing.T) {
	t.Parallel()
	c := start(t, 0, with("cluster.name", "north"))
	addr, err := deploy.ParseAddress(c.Master.Addr)
	if err != nil {
		t.Fatal(err)
	}
	transport := grpcrpc.New(grpcrpc.DefaultConfig())
	defer func() {
		if err := transport.Close(); err != nil {
			t.Error(err)
		}
	}()
	hello := deploy.Hello{Role: deploy.RoleWorker, Protocol: deploy.ProtocolVersion + 41, Version: "from the future", ID: "w", Cluster: "north"}
	if _, err := transport.Dial(t.Context(), addr, hello); !errors.Is(err, deploy.ErrMismatch) ||
		!strings.Contains(err.Error(), fmt.Sprint(hello.Protocol)) || !strings.Contains(err.Error(), fmt.Sprint(deploy.ProtocolVersion)) {
		t.Errorf("another protocol: %v", err)
	}
	w := c.AddWorker(t, "--conf", "cluster.name=south", "--conf", "worker.exitWhenUnregistered=3s")
	if code := w.Wait(t); code != 125 {
		t.Errorf("the worker ended with %d, want 125", code)
	}
	for _, word := range []string{"north", "south"} {
		if !strings.Contains(w.Log(), word) {
			t.Errorf("the worker's log does not name %s", word)
		}
	}
	c.Registered(t, 0)
}
