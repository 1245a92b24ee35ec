package deploy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

const stamp = "20261120223045"

func TestNumberedPattern(t *testing.T) {
	for _, c := range []struct {
		pattern string
		counter int64
		want    string
	}{
		{deploy.DefaultAppIDPattern, 7, "app-20261120223045-0007"},
		{deploy.DefaultAppIDPattern, 123456, "app-20261120223045-123456"},
		{deploy.DefaultDriverIDPattern, 0, "driver-20261120223045-0000"},
		{"my-driver-%2$05d", 1, "my-driver-00001"},
		{"%2$d.%1$s", 3, "3.20261120223045"},
		{"a%2$s", 4, "a4"},
		{"%s-%s", 5, "20261120223045-5"},
		{"%2$d-%s-%d", 6, "6-20261120223045-6"}, // positions do not move the others
		{"n%2$020d", 7, "n00000000000000000007"},
	} {
		p, err := deploy.ParseNumberedPattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		if got := p.Format(stamp, c.counter); got != c.want {
			t.Errorf("%q gives %q, want %q", c.pattern, got, c.want)
		}
		if p.String() != c.pattern {
			t.Errorf("%q says it is %q", c.pattern, p)
		}
	}
}

func TestNumberedPatternRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"": "is empty", "my app %s %04d": "white space", "app-%s\t%d": "white space", "app\u00a0%2$d": "white space", "a/%s-%d": "path separator",
		`a\%s-%d`: "path separator", "a\x00%s-%d": "control character", "a\x7f%s-%d": "control character", "app-%s": "does not use the counter",
		"app": "does not use the counter", "%1$s": "does not use the counter", "%s-%d-%d": "uses argument 3; there are 2", "%9$d": "uses argument 9",
		"%99999999999999999999$d": "uses argument", "%d-%d": "wants a number for argument 1", "%0$d": "position", "%$d": "position",
		"%s-%x": `unknown verb "x"`, "%s-%n": "unknown verb", "%s-%S": "unknown verb", "%s%-4d": "unknown verb", "%s%.2f": "unknown verb", "%s%": "ends within a verb",
		"%s%2$": "ends within a verb", "%s-%04": "ends within a verb", "%s-%4d": "filled with blanks", "%20s-%d": "filled with blanks", "%020s-%d": "filled with blanks",
		"%s-%0d": "width", "%s-%00004d": "width", "%s-%021d": "from 1 to 20", "%s-%099999999999999999999d": "from 1 to 20", "%s-%d%%": "makes a bad id",
		"app:%s-%d": "makes a bad id", "-%s-%d": "makes a bad id", ".%s-%d": "makes a bad id", "ü%s-%d": "makes a bad id", "%s\xff%d": "makes a bad id",
		strings.Repeat("%2$d", 50): "is too long", strings.Repeat("a", 201) + "%2$d": "is too long",
	} {
		_, err := deploy.ParseNumberedPattern(in)
		checkRefusal(t, in, err, "id pattern ", want)
	}
}

func TestWorkerPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		deploy.DefaultWorkerIDPattern: "worker-20261120223045-10.0.0.7-41234", "my-worker-%2$s": "my-worker-10.0.0.7", "w-%3$05d-%1$s": "w-41234-20261120223045",
	} {
		p, err := deploy.ParseWorkerPattern(pattern)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		if got := p.Format(stamp, "10.0.0.7", uint16(41234)); got != want {
			t.Errorf("%q gives %q, want %q", pattern, got, want)
		}
	}
	for in, want := range map[string]string{
		"worker": "neither timestamp nor host", "w-%3$d": "neither timestamp nor host", "w %s": "white space", "%s-%d": "wants a number for argument 2",
	} {
		_, err := deploy.ParseWorkerPattern(in)
		checkRefusal(t, in, err, want)
	}
	for host, want := range map[string]string{"node1": "node1", "fe80::1%eth0": "fe80--1-eth0", "::1": "--1"} {
		if got := deploy.IDHost(host); got != want {
			t.Errorf("IDHost(%q) = %q", host, got)
		}
	}
}

func TestIDPattern(t *testing.T) {
	p, err := deploy.ParseIDPattern("%d%%-%03d-%03d", 1, -5, uint32(7))
	if err != nil || p.Format(1, -5, uint32(7)) != "1%--05-007" {
		t.Errorf("%q, %v", p.Format(1, -5, uint32(7)), err)
	}
	if got := p.Format(int32(1), "x", uint64(1<<64-1)); got != "1%-x-18446744073709551615" {
		t.Errorf("other kinds of arguments give %q", got)
	}
	if got := p.Format(1); deploy.CheckID("id", got) == nil {
		t.Errorf("a missing argument gives the id %q", got)
	}
	if got := p.Format(nil, []int{1}, 2.5); got == "" {
		t.Error("arguments of no known kind give nothing")
	}
	if got := (deploy.IDPattern{}).Format(1, 2); got != "" {
		t.Errorf("the zero pattern gives %q", got)
	}
	for _, sample := range []string{"", "a b", "a/b", "a\nb"} {
		_, err := deploy.ParseIDPattern("%s", sample)
		checkRefusal(t, sample, err, "makes an id")
	}
	_, err = deploy.ParseIDPattern("%s")
	checkRefusal(t, "%s", err, "uses argument 1; there are 0")
}

func TestIDTime(t *testing.T) {
	zone := time.FixedZone("east", 2*60*60)
	if got := deploy.IDTime(time.Date(2026, 11, 20, 20, 30, 45, 999, time.UTC).In(zone)); got != stamp[:8]+"223045" {
		t.Errorf("IDTime gives %q", got)
	}
}

func FuzzIDPattern(f *testing.F) {
	for _, s := range []string{deploy.DefaultAppIDPattern, "my-driver-%2$05d", "%%%d", "%1$", "%02$d", "a b", "%s%s%s%s", "%2$020d"} {
		f.Add(s, int64(7))
	}
	f.Fuzz(func(t *testing.T, pattern string, counter int64) {
		if p, err := deploy.ParseWorkerPattern(pattern); err == nil {
			if err := deploy.CheckID("worker id", p.Format(stamp, "h", 1)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := deploy.ParseIDPattern(pattern, pattern, counter, counter); err != nil {
			checkRefusal(t, pattern, err)
		}
		p, err := deploy.ParseNumberedPattern(pattern)
		if err != nil {
			checkRefusal(t, pattern, err)
			return
		}
		counter &= 1<<62 - 1
		one, two := p.Format(stamp, counter), p.Format(stamp, counter+1)
		if one == two {
			t.Fatalf("%q gives %q twice", pattern, one)
		}
		if err := deploy.CheckID("app id", one); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkIDPatternFormat(b *testing.B) {
	p, err := deploy.ParseNumberedPattern(deploy.DefaultAppIDPattern)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		p.Format(stamp, n)
	}
}
