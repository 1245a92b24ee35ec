package deploy_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]deploy.Address{
		"node1:7077":              {Host: "node1", Port: 7077},
		"node1:0":                 {Host: "node1"},
		"Node_1.example.org:1":    {Host: "Node_1.example.org", Port: 1},
		"node1.example.org.:80":   {Host: "node1.example.org.", Port: 80},
		"10.0.0.7:65535":          {Host: "10.0.0.7", Port: 65535},
		"0.0.0.0:7077":            {Host: "0.0.0.0", Port: 7077},
		"123456789012:7077":       {Host: "123456789012", Port: 7077},
		"1.example:7077":          {Host: "1.example", Port: 7077},
		"[::1]:7077":              {Host: "::1", Port: 7077},
		"[::]:0":                  {Host: "::"},
		"[2001:DB8::a]:80":        {Host: "2001:DB8::a", Port: 80},
		"[1:2:3:4:5:6:7:8]:1":     {Host: "1:2:3:4:5:6:7:8", Port: 1},
		"[::ffff:10.0.0.1]:1":     {Host: "::ffff:10.0.0.1", Port: 1},
		"[fe80::1%eth0]:7077":     {Host: "fe80::1%eth0", Port: 7077},
		"[1:2:3:4:5:6:7::]:1":     {Host: "1:2:3:4:5:6:7::", Port: 1},
		"[1:2:3:4:5:6:1.2.3.4]:1": {Host: "1:2:3:4:5:6:1.2.3.4", Port: 1},
	} {
		got, err := deploy.ParseAddress(in)
		if got != want || err != nil {
			t.Errorf("ParseAddress(%q) = %+v, %v; want %+v", in, got, err, want)
		}
		if got.String() != in {
			t.Errorf("%q comes back as %q", in, got.String())
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"": "has no host", ":7077": "has no host", "node1": "has no port", "[::1]": "has no port", "node1:": `the port ""`,
		"node1:65536": "from 0 to 65535", "node1:-1": "from 0 to 65535", "node1:+1": "from 0 to 65535", "node1:http": `the port "http"`,
		"node1:000001": "from 0 to 65535", "node1:7077 ": "from 0 to 65535", " node1:7077": "between its dots", "no de:1": "between its dots",
		"::1:7077": "in brackets", "::1": "in brackets", "a:b:1": "in brackets", "[::1:7077": "does not close", "[node1]:7077": "brackets around",
		"[::1]7077": "after the bracket", "[::1]]:1": "after the bracket", "[]:1": "brackets around",
		"-node:1": "between its dots", "node-:1": "between its dots", "a..b:1": "between its dots", ".:1": "between its dots", ".a:1": "between its dots",
		"münchen:1": "between its dots", "a/b:1": "between its dots", "user@node:1": "between its dots", "$(id):1": "between its dots",
		"a\nb:1": `a\nb`, "a\x00:1": `\x00`, strings.Repeat("a", 64) + ":1": "1 to 63", strings.Repeat("a.", 127) + ":1": "at most 253",
		"10.0.0.256:1": "four numbers", "10.0.0:1": "four numbers", "010.0.0.1:1": "leading zeros", "1.2.3.4.5:1": "four numbers", "1.2.3.4.:1": "four numbers",
		"[1:2:3]:1": "not an IPv6 address", "[1::2::3]:1": "not an IPv6 address", "[:::]:1": "not an IPv6 address", "[12345::]:1": "not an IPv6 address",
		"[1:2:3:4:5:6:7:8:9]:1": "not an IPv6 address", "[1:2:3:4::5:6:7:8]:1": "not an IPv6 address", "[g::]:1": "not an IPv6 address",
		"[1.2.3.4::]:1": "not an IPv6 address", "[::1.2.3.4:5]:1": "not an IPv6 address", "[::1%]:1": "not an IPv6 address", "[::1%a/b]:1": "not an IPv6 address",
		"[1:2:3:4:5:6:7:1.2.3.4]:1": "not an IPv6 address", "[:1]:1": "not an IPv6 address", "[1:]:1": "not an IPv6 address",
	} {
		a, err := deploy.ParseAddress(in)
		checkRefusal(t, in, err, "address ", want)
		if !a.IsZero() {
			t.Errorf("ParseAddress(%q) gives %v beside its error", in, a)
		}
	}
}

func TestAddressIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.255.255.255": true, "::1": true, "0:0:0:0:0:0:0:1": true, "::1%lo": true,
		"::0001": true, "::ffff:127.0.0.1": true, "::ffff:7f01:203": true,
		"": false, "0.0.0.0": false, "::": false, "127.evil.example": false, "127.0.0.1.example": false, "localhost.example": false, "128.0.0.1": false,
		"10.0.0.1": false, "::2": false, "::ffff:10.0.0.1": false, "127.0.1": false, "::127.0.0.1": false, "localho\u017ft": false, "1::1": false,
	} {
		if got := (deploy.Address{Host: host, Port: 1}).IsLoopback(); got != want {
			t.Errorf("%q is loopback: %t", host, got)
		}
	}
}

func TestAddressText(t *testing.T) {
	type config struct{ Bind, Advertised deploy.Address }
	want := config{Bind: deploy.Address{Host: "::1", Port: 7077}}
	text, err := json.Marshal(want)
	if err != nil || string(text) != `{"Bind":"[::1]:7077","Advertised":""}` {
		t.Fatalf("%s, %v", text, err)
	}
	got := config{Advertised: deploy.Address{Host: "old", Port: 1}}
	if err := json.Unmarshal(text, &got); err != nil || got != want {
		t.Fatalf("%+v, %v", got, err)
	}
	kept := deploy.Address{Host: "kept", Port: 1}
	checkRefusal(t, "x", kept.UnmarshalText([]byte("x")), "has no port")
	if kept.Host != "kept" {
		t.Errorf("a bad text changed the address to %v", kept)
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"node1:7077", "[::1]:0", "127.0.0.1:1", "[fe80::1%eth0]:7077", "::1", "[::ffff:127.0.0.1]:1", "a.b.:2", "1.2.3:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := deploy.ParseAddress(s)
		loopback := a.IsLoopback()
		deploy.Address{Host: s}.IsLoopback()
		if err != nil {
			checkRefusal(t, s, err)
			return
		}
		if again, err := deploy.ParseAddress(a.String()); again != a || err != nil {
			t.Fatalf("%q is %v, which reads as %v, %v", s, a, again, err)
		}
		ip, err := netip.ParseAddr(a.Host)
		if strings.Contains(a.Host, ":") != (err == nil && ip.Is6()) {
			t.Fatalf("%q: the standard library says %v, %v", a.Host, ip, err)
		}
		if err == nil && ip.Unmap().IsLoopback() != loopback {
			t.Fatalf("%q is loopback: %t, the standard library disagrees", a.Host, loopback)
		}
	})
}

func BenchmarkParseAddress(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := deploy.ParseAddress("node1.example.org:7077"); err != nil {
			b.Fatal(err)
		}
	}
}
