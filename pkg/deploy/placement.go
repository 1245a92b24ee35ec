package deploy

import "fmt"

// ApartHost in Placement.Apart keeps executors on different hosts.
const ApartHost = "host"

// Placement says where an application's executors, or a driver, may run and when it is their turn. Every policy keeps to it.
type Placement struct {
	Queue        string        `json:"queue,omitempty"`        // path, see Queue; empty is the cluster's default
	Priority     int32         `json:"priority,omitempty"`     // within the queue, -100 to 100; the higher comes first
	Require      []Requirement `json:"require,omitempty"`      // all must hold
	Prefer       []Preference  `json:"prefer,omitempty"`       // at most 3; the workers with the greatest sum of weights come first
	Apart        string        `json:"apart,omitempty"`        // no two executors on one worker, or on workers of one host ("host") or with the same value of this label
	MaxPerWorker int32         `json:"maxPerWorker,omitempty"` // executors of the application on one worker; 0 is no limit
}

// IsZero tells whether it says nothing at all.
func (p Placement) IsZero() bool {
	return p.Queue == "" && p.Priority == 0 && len(p.Require) == 0 && len(p.Prefer) == 0 && p.Apart == "" && p.MaxPerWorker == 0
}

// mostPriority bounds priorities on both sides.
const mostPriority = 100

// Check reports the first fault; what names the owner in the error. A driver is one process: it has no Apart and no MaxPerWorker.
func (p *Placement) Check(what string, driver bool) error {
	if err := CheckQueuePath(what+": queue", p.Queue); err != nil {
		return err
	}
	switch {
	case p.Priority < -mostPriority || p.Priority > mostPriority:
		return fmt.Errorf("%s: priority %d; use %d to %d, more is earlier: %w", what, p.Priority, -mostPriority, mostPriority, ErrInvalid)
	case len(p.Require) > mostRequired:
		return fmt.Errorf("%s: %d required selectors; use at most %d: %w", what, len(p.Require), mostRequired, ErrInvalid)
	case len(p.Prefer) > mostPreferences:
		return fmt.Errorf("%s: %d preferred selectors; use at most %d: %w", what, len(p.Prefer), mostPreferences, ErrInvalid)
	case p.MaxPerWorker < 0:
		return fmt.Errorf("%s: at most %d executors per worker; use 1 or more, or 0 for no limit: %w", what, p.MaxPerWorker, ErrInvalid)
	case driver && (p.Apart != "" || p.MaxPerWorker != 0):
		return fmt.Errorf("%s: a driver is a single process, there is nothing to keep apart; leave these rules to applications: %w", what, ErrInvalid)
	}
	for i := range p.Require {
		if err := p.Require[i].Check(what + ": required selector"); err != nil {
			return err
		}
	}
	for i := range p.Prefer {
		if err := p.Prefer[i].Check(what + ": preferred selector"); err != nil {
			return err
		}
		if w := p.Prefer[i].Weight; w < 1 || w > 100 {
			return fmt.Errorf("%s: preferred selector %s has the weight %d; use 1 to 100: %w", what, p.Prefer[i].Requirement.String(), w, ErrInvalid)
		}
	}
	if p.Apart != "" && p.Apart != ApartHost {
		return CheckLabelKey(what+": label to be apart by", p.Apart)
	}
	return nil
}
