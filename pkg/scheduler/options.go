package scheduler

import (
	"fmt"
	"strings"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
)

// Options of the built-in policies.
type Options struct {
	Order         By   // in which workers are tried for executors
	SpreadDrivers bool // each driver behind the worker of the last, from a place drawn by the update's seed; else the first by id that fits
	Reserve       ReserveOptions
}

// ReserveOptions say when workers are kept for a demand that no room comes free for, because smaller ones take it first.
type ReserveOptions struct {
	After time.Duration // a demand has got nothing for so long; 0: never
	Max   int           // demands that hold reservations at a time
}

// mostReserving bounds what all reservations together may keep idle.
const mostReserving = 1024

// DefaultOptions gives what the peer does by default.
func DefaultOptions() Options { return Options{Order: ByCoresFreeDesc, SpreadDrivers: true} }

// FairOptions gives the defaults of Fair, which keeps workers for up to 4 demands that have waited a minute.
func FairOptions() Options {
	o := DefaultOptions()
	o.Reserve = ReserveOptions{After: time.Minute, Max: 4}
	return o
}

// Validate reports the first fault.
func (o Options) Validate() error {
	switch {
	case int(o.Order) >= len(byNames):
		return fmt.Errorf("worker order %s is not known; use one of %s: %w", o.Order, strings.Join(byNames, ", "), deploy.ErrInvalid)
	case o.Reserve.After < 0:
		return fmt.Errorf("reserve after %s; use a positive time, or 0 to reserve nothing: %w", o.Reserve.After, deploy.ErrInvalid)
	case o.Reserve.After > 0 && (o.Reserve.Max < 1 || o.Reserve.Max > mostReserving):
		return fmt.Errorf("reservations for %d demands at a time; use 1 to %d, or After 0 to reserve nothing: %w", o.Reserve.Max, mostReserving, deploy.ErrInvalid)
	}
	return nil
}

// The names that Open knows.
const (
	NameSpread = "spread"
	NamePack   = "pack"
	NameFair   = "fair"
)

// Names gives the built-in policies.
func Names() []string { return []string{NameSpread, NamePack, NameFair} }

// Open gives the built-in policy with a name, in any case.
func Open(name string, o Options) (SchedulerPolicy, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("policy %q: %w", name, err)
	}
	switch strings.ToLower(name) {
	case NameSpread:
		return NewSpread(o), nil
	case NamePack:
		return NewPack(o), nil
	case NameFair:
		return NewFair(o), nil
	}
	hint := ""
	if meant, ok := deploy.Suggest(name, Names()); ok {
		hint = fmt.Sprintf("; did you mean %s?", meant)
	}
	return nil, fmt.Errorf("policy %q is not known; use %s%s: %w", name, strings.Join(Names(), ", "), hint, deploy.ErrInvalid)
}
