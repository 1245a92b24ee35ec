package deploy_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

// checkRefusal wants an error of bad input whose text has every part of want, and no runaway length.
func checkRefusal(t *testing.T, input string, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("%.80q was accepted", input)
	}
	if !errors.Is(err, deploy.ErrInvalid) {
		t.Errorf("%v: not ErrInvalid", err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q lacks %q", err, w)
		}
	}
	if len(err.Error()) > 1200 || strings.ContainsAny(err.Error(), "\n\x00\u202e") {
		t.Errorf("error is long or carries control characters: %.200q", err)
	}
}

func TestParseMemory(t *testing.T) {
	for in, want := range map[string]int64{
		"512": 512, "1": 1, "512m": 512, "512M": 512, "512mb": 512, "512MB": 512, " 2g ": 2048, "2gb": 2048, "5G": 5120,
		"1.5t": 1572864, "1.5g": 1536, "0.5g": 512, "1t": 1 << 20, "1p": 1 << 30, "1pb": 1 << 30, "1tb": 1 << 20,
		"1024k": 1, "1025k": 1, "2047k": 1, "2048kb": 2, "1048576b": 1, "2097151b": 1, "10000M": 10000,
		"1.999999999m": 1, "0.000000001p": 1, "1.0m": 1, "007m": 7,
		"8191p": 8191 << 30, "8795554947071": 8795554947071, "8796093022207": 1<<43 - 1,
	} {
		if got, err := deploy.ParseMemory(in); got != want || err != nil {
			t.Errorf("ParseMemory(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
}

func TestParseMemoryRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"": "is empty", "   ": "is empty", "-": "is empty",
		"g": "is not a size", "m512": "is not a size", ".5g": "is not a size", "1.g": "is not a size", "+5g": "is not a size",
		"0x10": "unknown unit \"x10\"", "1e3": "unknown unit", "5 g": "unknown unit", "1,5g": "unknown unit", "5gib": "unknown unit",
		"5q": "b, k, m, g, t or p", "1\u212a": "unknown unit", "٣g": "is not a size", "1.0000000001g": "at most 9 digits",
		"-5g": "is negative", "-1": "is negative", "0": "is zero", "0g": "is zero", "0.0t": "is zero", "000": "is zero",
		"1.5": "fraction without a unit", "1023k": "less than 1 MiB", "1b": "less than 1 MiB", "0.5m": "less than 1 MiB",
		"8192p": "too large", "8796093022208": "too large", "99999999999999999999": "too large", "99999999999999999999999p": "too large",
		"5g\n6g": `5g\n6g`, "\x00": `\x00`, "1\xff": `\xff`, "5\u202eg": `\u202e`,
	} {
		mib, err := deploy.ParseMemory(in)
		checkRefusal(t, in, err, want, "memory ")
		if mib != 0 {
			t.Errorf("ParseMemory(%q) gives %d beside its error", in, mib)
		}
	}
	huge := strings.Repeat("9", 10<<20)
	_, err := deploy.ParseMemory(huge)
	checkRefusal(t, huge, err, "too large", "(10485760 bytes)")
}

func TestParseMemoryFlag(t *testing.T) {
	if got, err := deploy.ParseMemoryFlag("1.5g"); got != 1536 || err != nil {
		t.Errorf("ParseMemoryFlag(1.5g) = %d, %v", got, err)
	}
	for in, want := range map[string]string{
		"512": "has no unit; write 512m for MiB or 512g for GiB", "0": "is zero", "-1": "is negative", "1.5": "fraction without a unit",
		strings.Repeat("0", 1000) + "7": "write 7m for MiB", "": "is empty",
	} {
		_, err := deploy.ParseMemoryFlag(in)
		checkRefusal(t, in, err, want)
	}
}

func TestFormatMemory(t *testing.T) {
	for in, want := range map[int64]string{
		0: "0.0 MiB", 1: "1.0 MiB", 512: "512.0 MiB", 1023: "1023.0 MiB", 1024: "1.0 GiB", 1536: "1.5 GiB", 2000: "2.0 GiB",
		1 << 20: "1.0 TiB", 1<<20 - 1: "1.0 TiB", 1 << 30: "1.0 PiB", 1 << 40: "1.0 EiB", 1<<43 - 1: "8.0 EiB", -512: "-512.0 MiB", -1536: "-1.5 GiB",
		math.MaxInt64: "8388608.0 EiB", math.MinInt64: "-8388608.0 EiB",
	} {
		if got := deploy.FormatMemory(in); got != want {
			t.Errorf("FormatMemory(%d) = %q, want %q", in, got, want)
		}
	}
}

func TestParseCores(t *testing.T) {
	for in, want := range map[string]int32{"1": 1, " 16 ": 16, "1048576": 1 << 20, "08": 8} {
		if got, err := deploy.ParseCores(in); got != want || err != nil {
			t.Errorf("ParseCores(%q) = %d, %v; want %d", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"": "is empty", "-": "is empty", "four": "not a whole number", "1.5": "not a whole number", "4c": "not a whole number",
		"*": "not a whole number", "+4": "not a whole number", "-4": "is negative", "0": "is zero", "1048577": "at most 1048576",
		"99999999999999999999": "at most 1048576", "4294967297": "at most 1048576",
	} {
		_, err := deploy.ParseCores(in)
		checkRefusal(t, in, err, "cores ", want)
	}
}

// exactMiB is what a size means, computed the long way.
func exactMiB(s string) (mib int64, ok bool) {
	text := strings.ToLower(strings.TrimSpace(s))
	number := strings.TrimRight(text, "bkmgtp")
	shift := uint(20)
	if number != text {
		shift = uint(10 * strings.IndexByte("bkmgtp", text[len(number)]))
	}
	value, ok := new(big.Rat).SetString(number)
	if !ok {
		return 0, false
	}
	value.Mul(value, new(big.Rat).SetFrac(new(big.Int).Lsh(big.NewInt(1), shift), big.NewInt(1<<20)))
	return new(big.Int).Quo(value.Num(), value.Denom()).Int64(), true
}

func FuzzParseMemory(f *testing.F) {
	for _, s := range []string{"512m", "2g", "1.5t", "0", "-1", "512", "1.", "99999999999999999999", "1k", "0.000000001p", "8191.999999999p"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		mib, err := deploy.ParseMemory(s)
		flag, flagErr := deploy.ParseMemoryFlag(s)
		if err != nil {
			checkRefusal(t, s, err)
			if flagErr == nil {
				t.Fatalf("the flag accepts %q, the key does not", s)
			}
			return
		}
		if mib < 1 || mib > 1<<43-1 || (flagErr == nil && flag != mib) {
			t.Fatalf("ParseMemory(%q) = %d, as a flag %d", s, mib, flag)
		}
		if want, ok := exactMiB(s); !ok || mib != want {
			t.Fatalf("ParseMemory(%q) = %d, exactly it is %d (%t)", s, mib, want, ok)
		}
		if again, err := deploy.ParseMemoryFlag(fmt.Sprintf("%dm", mib)); again != mib || err != nil {
			t.Fatalf("%dm reads as %d, %v", mib, again, err)
		}
	})
}

func FuzzParseCores(f *testing.F) {
	for _, s := range []string{"1", "0", "-1", "1048576", "1.5", "9999999999999999999999", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := deploy.ParseCores(s)
		if err != nil {
			checkRefusal(t, s, err)
		} else if again, err := deploy.ParseCores(fmt.Sprint(n)); n < 1 || n > 1<<20 || again != n || err != nil {
			t.Fatalf("ParseCores(%q) = %d, then %d, %v", s, n, again, err)
		}
	})
}

func TestParsersDoNotAllocate(t *testing.T) {
	for name, parse := range map[string]func() error{
		"memory":   func() error { _, err := deploy.ParseMemory("1.5g"); return err },
		"cores":    func() error { _, err := deploy.ParseCores("16"); return err },
		"duration": func() error { _, err := deploy.ParseDuration("1m30s"); return err },
		"address":  func() error { _, err := deploy.ParseAddress("node1.example.org:7077"); return err },
		"address6": func() error { _, err := deploy.ParseAddress("[2001:db8::1]:7077"); return err },
		"id":       func() error { return deploy.CheckID("app id", "app-20261120223045-0007") },
		"name":     func() error { return deploy.CheckName("cluster", "München 7", 200) },
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := parse(); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkParseMemory(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := deploy.ParseMemory("1.5g"); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleParseMemory() {
	for _, s := range []string{"512", "2g", "1.5t", "0", "1.5"} {
		mib, err := deploy.ParseMemory(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(mib, "MiB,", deploy.FormatMemory(mib))
	}
	// Output:
	// 512 MiB, 512.0 MiB
	// 2048 MiB, 2.0 GiB
	// 1572864 MiB, 1.5 TiB
	// memory "0" is zero; memory is at least 1 MiB, write 1m or more
	// memory "1.5" is a fraction without a unit; write one, such as 1.5g
}
