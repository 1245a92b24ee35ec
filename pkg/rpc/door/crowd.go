package door

import (
	"fmt"
	"net"
	"sync"
)

// crowd counts open connections and knows those nobody has taken over yet.
type crowd struct {
	max, maxPerIP int

	mu        sync.Mutex
	all       int
	perIP     map[string]int
	undecided map[*guest]bool // nil once the door is closed
}

func (w *crowd) limits(all, perIP int) {
	w.max, w.maxPerIP = all, perIP
	w.perIP, w.undecided = map[string]int{}, map[*guest]bool{}
}

// guest is a connection that is counted until it is closed.
type guest struct {
	net.Conn
	leave func()
}

// Close leaves the crowd, once.
func (g *guest) Close() error {
	g.leave()
	return g.Conn.Close()
}

// admit counts a connection, or says which limit is reached.
func (w *crowd) admit(c net.Conn) (*guest, error) {
	ip := hostOf(c.RemoteAddr())
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.undecided == nil:
		return nil, fmt.Errorf("the door is closed: %w", net.ErrClosed)
	case w.all >= w.max:
		return nil, fmt.Errorf("all %d connections of this port are taken", w.max)
	case w.perIP[ip] >= w.maxPerIP:
		return nil, fmt.Errorf("all %d connections that one address may have are taken", w.maxPerIP)
	}
	w.all++
	w.perIP[ip]++
	g := &guest{Conn: c, leave: sync.OnceFunc(func() { w.left(ip) })}
	w.undecided[g] = true
	return g, nil
}

func (w *crowd) left(ip string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all--
	if w.perIP[ip]--; w.perIP[ip] == 0 {
		delete(w.perIP, ip)
	}
}

// decided says that somebody else closes g.
func (w *crowd) decided(g *guest) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.undecided, g)
}

func (w *crowd) closeUndecided() {
	w.mu.Lock()
	left := w.undecided
	w.undecided = nil
	w.mu.Unlock()
	for g := range left {
		_ = g.Close() // the door is shut
	}
}

func hostOf(a net.Addr) string {
	if host, _, err := net.SplitHostPort(a.String()); err == nil {
		return host
	}
	return a.String()
}
