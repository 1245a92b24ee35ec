package deploy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "10s": 10 * time.Second, "10S": 10 * time.Second, "\t5m \n": 5 * time.Minute, "5min": 5 * time.Minute, "5MIN": 5 * time.Minute,
		"2h": 2 * time.Hour, "1d": 24 * time.Hour, "500ms": 500 * time.Millisecond, "7us": 7 * time.Microsecond, "7ns": 7,
		"7\u00b5s": 7 * time.Microsecond, "7\u03bcs": 7 * time.Microsecond,
		"1m30s": 90 * time.Second, "1h2m3.5s": time.Hour + 2*time.Minute + 3500*time.Millisecond, "1d12h": 36 * time.Hour,
		"1.5s": 1500 * time.Millisecond, "0.5d": 12 * time.Hour, "0.0000001us": 0, "106751d": 106751 * 24 * time.Hour,
		"9223372036854775807ns": 1<<63 - 1, "2m5min": 7 * time.Minute,
	} {
		if got, err := deploy.ParseDuration(in); got != want || err != nil {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseDurationRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"": "is empty", "-": "is empty", "s": "is not a time", "5x": `unknown unit "x"`, "5 s": "unknown unit", "10": "without a unit; write one",
		"1.5": "without a unit", "1m30": "without a unit", "0 0": "unknown unit", "00s1": "without a unit", "5s-3s": `unknown unit "s-"`, "-5s": "is negative",
		"--5s": "is not a time", "1.s": "is not a time", ".5s": "is not a time", "1.0000000001s": "at most 9 digits", "106752d": "is too long",
		"9223372036854775808ns": "is too long", "99999999999999999999d": "is too long", "106751d24h": "is too long",
		"18446744073709551615ns18446744073709551615ns": "is too long", "1\u017f": "unknown unit", "1e3s": "unknown unit", "infs": "is not a time",
	} {
		_, err := deploy.ParseDuration(in)
		checkRefusal(t, in, err, "duration ", want)
	}
	huge := strings.Repeat("1s", 5<<20)
	if d, err := deploy.ParseDuration(huge); err != nil || d != (5<<20)*time.Second {
		t.Errorf("10 MB of seconds: %v, %v", d, err)
	}
}

func TestParseSeconds(t *testing.T) {
	for in, want := range map[string]time.Duration{"60": time.Minute, "0": 0, "5m": 5 * time.Minute, "1500ms": 1500 * time.Millisecond} {
		if got, err := deploy.ParseSeconds(in); got != want || err != nil {
			t.Errorf("ParseSeconds(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{"-1": "is negative", "1.5": "is a fraction without a unit", "1m30": "number without a unit", "9999999999999": "too long"} {
		_, err := deploy.ParseSeconds(in)
		checkRefusal(t, in, err, want)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"10s", "1m30s", "5min", "0", "10", "1.5h", "-5s", "9223372036854775807ns", "106751d", "1\u00b5s", "s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		seconds, secondsErr := deploy.ParseSeconds(s)
		d, err := deploy.ParseDuration(s)
		if err != nil {
			checkRefusal(t, s, err)
			if secondsErr == nil && seconds%time.Second != 0 {
				t.Fatalf("a bare %q is %v", s, seconds)
			}
			return
		}
		if d < 0 || secondsErr != nil || seconds != d {
			t.Fatalf("%q is %v, in seconds %v, %v", s, d, seconds, secondsErr)
		}
		if again, err := deploy.ParseDuration(d.String()); again != d || err != nil {
			t.Fatalf("%q is %v, which reads as %v, %v", s, d, again, err)
		}
		// The standard parser computes fractions in floating point: one nanosecond of difference per number is its own.
		if std, err := time.ParseDuration(s); err == nil && max(std-d, d-std) > time.Duration(len(s)) {
			t.Fatalf("%q is %v, the standard library says %v", s, d, std)
		}
	})
}
