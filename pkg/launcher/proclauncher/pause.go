package proclauncher

import "time"

// pause is the time to the next look at something that happens soon: it doubles from 0.2 ms to 50 ms.
type pause time.Duration

const (
	shortestPause = 200 * time.Microsecond
	longestPause  = 50 * time.Millisecond
)

func (p *pause) next() time.Duration {
	*p = pause(min(max(2*time.Duration(*p), shortestPause), longestPause))
	return time.Duration(*p)
}

// retry looks until done, and reports whether that came within limit.
func retry(limit time.Duration, done func() bool) bool {
	end := time.Now().Add(limit)
	var p pause
	for !done() {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(p.next())
	}
	return true
}
