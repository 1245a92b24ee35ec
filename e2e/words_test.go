//go:build linux

package e2e

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/musterproject/muster/e2e/cluster"
)

// text is real text and what one process makes of it.
type text struct {
	folders      []string
	files, bytes int
	words        int
	counts       map[string]int
}

// goText counts some folders of the Go installation by itself, by the rule that the word count states: letters and digits, in lower case.
func goText(t *testing.T) text {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	c := text{counts: map[string]int{}}
	for _, name := range []string{"net", "strings", "encoding", "unicode"} {
		folder := filepath.Join(strings.TrimSpace(string(out)), "src", name)
		c.folders = append(c.folders, folder)
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			c.files, c.bytes = c.files+1, c.bytes+len(b)
			for _, w := range strings.FieldsFunc(string(b), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				c.words++
				c.counts[strings.Map(unicode.ToLower, w)]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

var countLine = regexp.MustCompile(`(?m)^(\S+) +(\d+)$`)

// check compares a printed result with the count of one process.
func (c text) check(t *testing.T, out string) {
	t.Helper()
	most := slices.Sorted(maps.Values(c.counts))
	slices.Reverse(most)
	lines := countLine.FindAllStringSubmatch(out, -1)
	if len(lines) != 20 {
		t.Fatalf("%d words are printed, want 20:\n%s", len(lines), out)
	}
	for i, m := range lines {
		if n, err := strconv.Atoi(m[2]); err != nil || n != c.counts[m[1]] || n != most[i] {
			t.Errorf("word %d: %s stands %s times; counted by one process %d times, and the word of this rank %d times", i+1, m[1], m[2], c.counts[m[1]], most[i])
		}
	}
	for _, want := range []string{fmt.Sprintf("%d files, %d bytes, %d words", c.files, c.bytes, c.words), fmt.Sprintf("%d different", len(c.counts))} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// Word count gives the same result in one process and on a cluster, as the driver here and as one on a worker.
func TestWordCount(t *testing.T) {
	t.Parallel()
	want, binary := goText(t), program(t, wordcount)
	t.Run("local", func(t *testing.T) {
		r := cluster.Begin(t, binary, t.TempDir(), nil, append([]string{"--master", "local"}, want.folders...)...).Wait(t).Want(t, 0)
		want.check(t, r.Out)
	})
	c := start(t, 3)
	flags := []string{"--executor-cores", "1", "--executor-memory", "256m", "--total-executor-cores", "3"}
	t.Run("client", func(t *testing.T) {
		r := c.Muster(t, slices.Concat([]string{"submit"}, flags, []string{binary}, want.folders)...).Want(t, 0)
		want.check(t, r.Out)
		// How many take part depends on who comes first; never more than there are cores for.
		if !regexp.MustCompile(`on [123] executors`).MatchString(r.Out) {
			t.Errorf("not on one to three executors:\n%s", r.Out)
		}
	})
	t.Run("cluster", func(t *testing.T) {
		r := c.Wait(t, slices.Concat(flags, []string{binary}, want.folders)...).Want(t, 0)
		want.check(t, c.Muster(t, "logs", strings.TrimSpace(r.Out)).Want(t, 0).Out)
	})
	c.Quiet(t)
}

// demo starts the demo with a mark in the environment of all its processes, and a folder for all its files.
func demo(t *testing.T, env []string, words ...string) (run *cluster.Running, nothingLeft func()) {
	t.Helper()
	home, tmp := t.TempDir(), t.TempDir()
	run = cluster.Begin(t, program(t, muster), home, append(env, "HOME="+home, "TMPDIR="+tmp), append([]string{"demo"}, words...)...)
	return run, func() {
		t.Helper()
		if left := cluster.Marked(t, "HOME="+home); len(left) != 0 {
			t.Errorf("processes left behind: %v", left)
		}
		for _, dir := range []string{home, tmp} {
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("files left behind in %s: %v (%v)", dir, left, err)
			}
		}
	}
}

// The demo prints what one process counts in the same files, and leaves neither a process nor a file behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	want := goText(t)
	run, nothingLeft := demo(t, nil, want.folders...)
	r := run.Wait(t).Want(t, 0, "master muster://127.0.0.1:", "pages  http://127.0.0.1:", "executors")
	nothingLeft()
	want.check(t, r.Out)
	if strings.Contains(r.Err, "level=") {
		t.Errorf("the demo complains: %s", r.Err)
	}
}

// HOLD=1 keeps the demo's cluster up, with its pages, until an interrupt.
func TestDemoOnHold(t *testing.T) {
	t.Parallel()
	file := cluster.File(t, "text", strings.Repeat("quicksilver runs\n", 4321), 0o644)
	run, nothingLeft := demo(t, []string{"HOLD=1", "FILES=" + file})
	pages := cluster.Await(t, cluster.Patience, "the pages' address", func() (string, bool) {
		m := regexp.MustCompile(`(?m)^pages  (\S+)$`).FindStringSubmatch(run.Out())
		if m == nil {
			return run.Out() + run.Err(), false
		}
		return m[1], true
	})
	if !regexp.MustCompile(`(?m)^quicksilver +4321$`).MatchString(run.Out()) {
		t.Errorf("got %s", run.Out())
	}
	if page := get(t, pages); strings.Count(page, "ALIVE") < 3 {
		t.Errorf("three workers are not shown as alive:\n%s", page)
	}
	run.Signal(t, syscall.SIGINT)
	run.Wait(t).Want(t, 0)
	nothingLeft()
}

// get gives a page.
func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: cluster.Patience}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("%s: %s %v", url, answer.Status, err)
	}
	return string(body)
}

// An interrupt in the middle of the demo ends all of it.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	run, nothingLeft := demo(t, nil, filepath.Dir(goText(t).folders[0]))
	cluster.Until(t, cluster.Patience, "the cluster to be up", func() bool { return strings.Contains(run.Err(), "workers, up in") })
	run.Signal(t, syscall.SIGINT)
	began := time.Now()
	if r := run.Wait(t); r.Code == 0 || r.Code == -1 {
		t.Errorf("ended with %d: %s", r.Code, r.Err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %s to end", took)
	}
	nothingLeft()
}
