package door

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// procfs reads the tables of a Linux kernel; elsewhere it finds nothing.
type procfs struct{ root string }

type process struct {
	pid     int
	command string
}

const (
	listening  = "0A" // state in /proc/net/tcp
	maxCommand = 120  // bytes of a command line that are shown
)

// holder finds the process that listens on a TCP port.
func (p procfs) holder(port int) (process, bool) {
	sockets := map[string]bool{}
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		p.listeners(table, port, sockets)
	}
	if len(sockets) == 0 {
		return process{}, false
	}
	links, _ := filepath.Glob(filepath.Join(p.root, "[0-9]*", "fd", "*")) // the pattern is well-formed
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !sockets[target] {
			continue // another user's, or gone by now
		}
		dir := filepath.Dir(filepath.Dir(link))
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err == nil {
			return process{pid: pid, command: command(dir)}, true
		}
	}
	return process{}, false
}

// listeners adds the sockets, as links name them, that listen on a port.
func (p procfs) listeners(table string, port int, sockets map[string]bool) {
	f, err := os.Open(filepath.Join(p.root, table))
	if err != nil {
		return
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode
		w := strings.Fields(lines.Text())
		if len(w) < 10 || w[3] != listening {
			continue
		}
		_, hex, _ := strings.Cut(w[1], ":")
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && int(n) == port {
			sockets["socket:["+w[9]+"]"] = true
		}
	}
}

// command gives a process's command line on one line.
func command(dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	words := strings.TrimSpace(strings.ReplaceAll(string(text), "\x00", " "))
	if err != nil || words == "" {
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			return "name unknown"
		}
		words = strings.TrimSpace(string(name))
	}
	if len(words) > maxCommand {
		words = words[:maxCommand] + "…"
	}
	return strconv.Quote(words)
}
