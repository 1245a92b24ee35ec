package need

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Env is the environment variable that names the needs whose absence is a failure.
const Env = "MUSTER_REQUIRE"

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

// skipLine finds a need in a test's output, behind the file and line that the testing package puts before it.
var skipLine = regexp.MustCompile(`^\s*\S+\.go:\d+: needs ([a-z0-9][a-z0-9._-]*): (.*)$`)

// Or returns when ok holds. Otherwise it skips the test, or fails it if MUSTER_REQUIRE asks for name.
// The name is short, lower case and shared by all tests with the same need ("root", "cgroup", "java"); why says what
// the test does with it.
func Or(t testing.TB, name string, ok bool, why string) {
	t.Helper()
	if !namePattern.MatchString(name) {
		t.Fatalf("need %q: a name is made of lower-case letters, digits, '.', '_' and '-'", name)
	}
	if ok {
		return
	}
	if required(os.Getenv(Env), name) {
		t.Fatalf("%s asks for %s, which this machine lacks: %s", Env, name, why)
	}
	t.Skipf("%s", skipText(name, why))
}

// Parse takes one line of a test's output and returns the need that the line reports as unmet.
func Parse(line string) (name, why string, ok bool) {
	m := skipLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

func skipText(name, why string) string {
	return fmt.Sprintf("needs %s: %s", name, strings.Join(strings.Fields(why), " "))
}

// required tells whether the setting asks for name; "-name" wins over "all" wherever it stands.
func required(setting, name string) bool {
	found := false
	for word := range strings.SplitSeq(setting, ",") {
		switch strings.TrimSpace(word) {
		case "-" + name:
			return false
		case "all", name:
			found = true
		}
	}
	return found
}
