package mastercore

import (
	"fmt"
	"slices"

	"github.com/musterproject/muster/pkg/deploy"
)

// A record's size is estimated as its texts plus a few bytes for each field and item.
const (
	fieldBytes  = 8
	recordBytes = 256
)

func commandBytes(c *deploy.Command) int {
	n := len(c.Program) + fieldBytes
	for _, a := range c.Args {
		n += len(a) + fieldBytes
	}
	for _, v := range c.Env {
		n += len(v.Name) + len(v.Value) + 2*fieldBytes
	}
	for i := range c.Artifacts {
		n += len(c.Artifacts[i].Name) + len(c.Artifacts[i].Digest) + 4*fieldBytes
	}
	return n
}

func amountBytes(list []deploy.Amount) (n int) {
	for _, a := range list {
		n += len(a.Name) + 2*fieldBytes
	}
	return n
}

func appBytes(s *deploy.AppSpec) int {
	n := recordBytes + len(s.Name) + len(s.User) + len(s.Driver.Host) + len(s.WebUI) + commandBytes(&s.Executor) + placeBytes(&s.Place) + 2*fieldBytes*len(s.Targets)
	for i := range s.Profiles {
		n += 5*fieldBytes + amountBytes(s.Profiles[i].Custom)
	}
	return n
}

func driverBytes(s *deploy.DriverSpec) int {
	return recordBytes + len(s.Name) + len(s.User) + commandBytes(&s.Command) + amountBytes(s.Need.Custom) + placeBytes(&s.Place)
}

func placeBytes(p *deploy.Placement) int {
	n := len(p.Queue) + len(p.Apart) + 4*fieldBytes
	for i := range p.Require {
		n += requirementBytes(&p.Require[i])
	}
	for i := range p.Prefer {
		n += requirementBytes(&p.Prefer[i].Requirement) + fieldBytes
	}
	return n
}

func requirementBytes(r *deploy.Requirement) int {
	n := len(r.Key) + 3*fieldBytes
	for _, v := range r.Values {
		n += len(v) + fieldBytes
	}
	return n
}

func workerBytes(s *deploy.WorkerSpec) int {
	n := recordBytes + len(s.ID) + len(s.Address.Host) + len(s.WebUI) + len(s.Version)
	for _, a := range s.Custom {
		n += len(a.Name) + fieldBytes
		for _, unit := range a.Units {
			n += len(unit) + fieldBytes
		}
	}
	for _, l := range s.Labels {
		n += len(l.Key) + len(l.Value) + 2*fieldBytes
	}
	return n
}

// saneNeed judges what a worker says that a process holds: it must not make sums overflow or books go wrong.
func saneNeed(n *deploy.Resources) error {
	if n.Cores < 0 || n.Cores > mostCores || n.MemoryMiB < 0 || n.MemoryMiB > mostMemory {
		return fmt.Errorf("%s: %w", n, deploy.ErrInvalid)
	}
	return checkCustom("reported process", n.Custom)
}

// mergeTargets gives the profiles and targets of an application after a change; the old slices stay as they are.
func mergeTargets(s *deploy.AppSpec, coresMax int32, m *deploy.SetTargets) ([]deploy.Profile, []deploy.Target, error) {
	what := "application " + string(m.App)
	if len(m.Profiles) > mostProfiles {
		return nil, nil, fmt.Errorf("%s: %d profiles at once; use at most %d: %w", what, len(m.Profiles), mostProfiles, deploy.ErrInvalid)
	}
	profiles := slices.Clone(s.Profiles)
	for _, p := range m.Profiles {
		i := slices.IndexFunc(profiles, func(old deploy.Profile) bool { return old.ID == p.ID })
		switch {
		case i < 0:
			profiles = append(profiles, p)
		case !sameProfile(&profiles[i], &p):
			return nil, nil, fmt.Errorf("%s: profile %d is there already and says something else; give the new one a new number: %w", what, p.ID, deploy.ErrConflict)
		}
	}
	slices.SortFunc(profiles, func(a, b deploy.Profile) int { return int(a.ID) - int(b.ID) })
	if err := checkProfiles(what, profiles); err != nil {
		return nil, nil, err
	}
	if err := checkTargets(what, profiles, m.Targets); err != nil {
		return nil, nil, err
	}
	targets := slices.Clone(s.Targets)
	for _, t := range m.Targets {
		if i := slices.IndexFunc(targets, func(old deploy.Target) bool { return old.Profile == t.Profile }); i >= 0 {
			targets[i].Total = t.Total
		} else {
			targets = append(targets, t)
		}
	}
	if err := checkGangs(what, profiles, targets, coresMax); err != nil {
		return nil, nil, err
	}
	return profiles, targets, nil
}

func sameProfile(a, b *deploy.Profile) bool {
	return a.ID == b.ID && a.Cores == b.Cores && a.MemoryMiB == b.MemoryMiB && a.Gang == b.Gang && slices.Equal(a.Custom, b.Custom)
}
