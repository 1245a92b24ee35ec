//go:build linux

package proclauncher

import (
	"context"
	"time"
)

// measure writes what each tree uses, as often as the worker wants.
func (k *keeper) measure(ctx context.Context) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	on := false
	for {
		select {
		case every := <-k.paces:
			if on = every > 0; on {
				ticker.Reset(every)
			}
		case <-ticker.C:
			if on {
				k.measureAll()
			}
		case <-ctx.Done():
			return
		}
	}
}

func (k *keeper) measureAll() {
	k.mu.Lock()
	runs := make([]*run, 0, len(k.runs))
	for _, r := range k.runs {
		runs = append(runs, r)
	}
	k.mu.Unlock()
	for _, r := range runs {
		if t := r.tree(); t != nil {
			cpu, rss := t.usage()
			k.tell(entry{Kind: usage, Launch: r.launch, CPU: cpu, RSS: rss, At: time.Now()})
		}
	}
}
