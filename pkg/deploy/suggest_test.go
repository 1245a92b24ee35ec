package deploy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/musterproject/muster/pkg/deploy"
)

func TestSuggest(t *testing.T) {
	verbs := []string{"master", "worker", "submit", "kill", "status", "get", "explain", "logs", "hold", "release", "target", "demo", "config", "version"}
	keys := []string{"worker.timeout", "worker.heartbeat", "worker.orphanGrace", "recovery.timeout", "app.reconnectGrace"}
	for _, c := range []struct {
		word  string
		known []string
		want  string
	}{
		{"sumbit", verbs, "submit"}, {"submt", verbs, "submit"}, {"hodl", verbs, "hold"}, {"KILL", verbs, "kill"}, {"wroker", verbs, "worker"},
		{"conf", verbs, "config"}, {"exp", verbs, "explain"}, {"releese", verbs, "release"}, {"vers", verbs, "version"}, {"lo", verbs, "logs"},
		{"worker.timeuot", keys, "worker.timeout"}, {"recovery.timout", keys, "recovery.timeout"}, {"worker.hartbeats", keys, "worker.heartbeat"},
		{"worker.orphan", keys, "worker.orphanGrace"}, {"app.reconectgrase", keys, "app.reconnectGrace"},
		{"work", []string{"fork", "worker"}, "worker"}, {"ab", []string{"abd", "abc"}, "abc"}, {"bat", []string{"cat", "bar"}, "bar"},
		{"frobnicate", verbs, ""}, {"x", verbs, ""}, {"", verbs, ""}, {"zz", verbs, ""}, {"g", verbs, ""}, {"abc", nil, ""},
		{strings.Repeat("a", 129), []string{strings.Repeat("a", 128)}, ""}, {"abc", []string{strings.Repeat("a", 129), "abd"}, "abd"}, {"münhcen", []string{"münchen"}, "münchen"},
	} {
		got, ok := deploy.Suggest(c.word, c.known)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Suggest(%q) = %q, %t; want %q", c.word, got, ok, c.want)
		}
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("sumbit", "submit,status,kill")
	f.Add("", ",")
	f.Add("\xff\xfe", "\xff")
	f.Add(strings.Repeat("İ", 64), strings.Repeat("ı", 64))
	f.Fuzz(func(t *testing.T, word, list string) {
		known := strings.Split(list, ",")
		got, ok := deploy.Suggest(word, known)
		if ok && !slices.Contains(known, got) {
			t.Fatalf("Suggest(%q) invented %q", word, got)
		}
		slices.Reverse(known)
		if again, okAgain := deploy.Suggest(word, known); again != got || okAgain != ok {
			t.Fatalf("Suggest(%q) depends on the order: %q and %q", word, got, again)
		}
	})
}

func BenchmarkSuggest(b *testing.B) {
	known := make([]string, 0, 100)
	for range 100 {
		known = append(known, "worker.cleanup.interval")
	}
	b.ReportAllocs()
	for b.Loop() {
		deploy.Suggest("worker.clenup.intrval", known)
	}
}
