package deploy_test

import (
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

const rightToLeft = "\u202e"

func TestCheckName(t *testing.T) {
	for _, s := range []string{"prod", "word count 7", "München", " spark - 45756 ", "a.b", ".hidden", "日本", "a:b@c", strings.Repeat("x", 40)} {
		if err := deploy.CheckName("cluster name", s, 40); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for in, want := range map[string]string{
		"": "is empty or blank", " \t ": "is empty or blank", "\u3000": "is empty or blank", "a/b": "path separator (/)", `a\b`: `path separator (\)`,
		"..": "climb directories", ".": "climb directories", "a..b": "climb directories", "a\nb": "a line break (U+000A)", "a\rb": "a line break",
		"a\u2028b": "a line break", "a\x00b": "a control character (U+0000)", "a\x1b[31m": "a control character", "a\u0085b": "a control character",
		"a" + rightToLeft + "b": "direction of text (U+202E)", "a\u2066b": "direction of text", "a\xffb": "not valid UTF-8", strings.Repeat("x", 41): "at most 40 bytes",
		strings.Repeat("é", 1<<20): "(2097152 bytes)",
	} {
		checkRefusal(t, in, deploy.CheckName("cluster name", in, 40), "cluster name ", want)
	}
}

func TestCheckTitle(t *testing.T) {
	for _, s := range []string{"etl/2026/11 daily", `C:\jobs`, "a..b", "👩‍🔬 lab"} {
		if err := deploy.CheckTitle("app name", s, 200); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for in, want := range map[string]string{"": "is empty", "a\nb": "a line break", "\x7f": "a control character", "a\u2069": "direction of text", "\xc3": "not valid UTF-8"} {
		checkRefusal(t, in, deploy.CheckTitle("app name", in, 200), "app name ", want)
	}
}

func TestCheckID(t *testing.T) {
	for _, s := range []string{"app-20261120223045-0007", "worker-20261120223045-10.0.0.7-41234", "a", "_", "0", "A.b..c", strings.Repeat("a", 200)} {
		if err := deploy.CheckID("app id", s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for in, want := range map[string]string{
		"": "is empty", ".a": "starts with '.'", "-rf": "starts with '-'", "..": "starts with '.'", "a/b": `has "/"`, "a b": `has " "`, "a\n": `has "\n"`, "aü": `has "ü"`,
		"a:b": `has ":"`, "a%": `has "%"`, strings.Repeat("a", 201): "at most 200 bytes", "\xff": `has "\xff"`,
	} {
		checkRefusal(t, in, deploy.CheckID("app id", in), "app id ", want)
	}
}

func TestCheckKeys(t *testing.T) {
	for _, s := range []string{"PATH", "_x", "spark.conf-key", "a1", strings.Repeat("K", 5000)} {
		if err := deploy.CheckEnvKey("env", s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for in, want := range map[string]string{
		"": "is empty", "1A": `starts with "1"`, ".a": `starts with "."`, "-a": `starts with "-"`, "A=B": `has "="`,
		"A B": `has " "`, "A\x00": `has "\x00"`, "éa": `starts with "é"`,
	} {
		checkRefusal(t, in, deploy.CheckEnvKey("env", in), "env ", want)
	}
	for _, s := range []string{"zone", "topology.example.org/rack", "2nd", "a_b-c", strings.Repeat("k", 200)} {
		if err := deploy.CheckLabelKey("label", s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
	for in, want := range map[string]string{
		"": "is empty", "/a": `starts with "/"`, "_a": `starts with "_"`, "a=b": `has "="`, "a,b": `has ","`, "a b": `has " "`,
		"a!": `has "!"`, strings.Repeat("k", 201): "at most 200",
	} {
		checkRefusal(t, in, deploy.CheckLabelKey("label", in), "label ", want)
	}
}

func TestErrorsShortenTheirInput(t *testing.T) {
	err := deploy.CheckID("app id", strings.Repeat("a", 63)+"é"+strings.Repeat("b", 200))
	checkRefusal(t, "long", err, `"`+strings.Repeat("a", 63)+`"... (265 bytes)`)
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"a", "", "..", "a/b", "a\nb", rightToLeft, "\xff", "A=B", strings.Repeat("x", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		title, name, id := deploy.CheckTitle("x", s, 255), deploy.CheckName("x", s, 255), deploy.CheckID("x", s)
		for _, err := range []error{title, name, id, deploy.CheckEnvKey("x", s), deploy.CheckLabelKey("x", s)} {
			if err != nil {
				checkRefusal(t, s, err)
			}
		}
		if name == nil && (title != nil || strings.ContainsAny(s, "/\\\x00\r\n"+rightToLeft) || strings.Contains(s, "..")) {
			t.Fatalf("the name %q was accepted", s)
		}
		if id == nil && title != nil {
			t.Fatalf("%q is an id and no title: %v", s, title)
		}
	})
}
