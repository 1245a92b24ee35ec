package app

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// Config is the plain data of an application's session.
type Config struct {
	Masters            []deploy.Address
	Cluster            string        // the cluster's configured name; empty matches any
	Version            string        // of the program
	RegisterTimeout    time.Duration // until the first registration is given up; later ones never are
	UnregisterTimeout  time.Duration // until an application that ends stops waiting for the master's word
	RetryMin, RetryMax time.Duration // between rounds of dialling, doubling, jittered by half
	MasterTimeout      time.Duration // silence of the leader until its session is given up
	ShipTimeout        time.Duration // for bringing all files to one master
}

// DefaultConfig gives the defaults.
func DefaultConfig() Config {
	return Config{
		RegisterTimeout: 20 * time.Second, UnregisterTimeout: 5 * time.Second, RetryMin: 200 * time.Millisecond, RetryMax: 5 * time.Second,
		MasterTimeout: 10 * time.Second, ShipTimeout: 10 * time.Minute,
	}
}

// Validate reports all faults at once.
func (c Config) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("application session: %w: "+format, append([]any{deploy.ErrInvalid}, args...)...))
		}
	}
	want(len(c.Masters) > 0, "no masters; name at least one, such as muster://host:7077")
	for _, m := range c.Masters {
		want(!m.IsZero() && m.Port > 0, "master %q cannot be dialled; write host:port", m)
	}
	for _, d := range []struct {
		name string
		is   time.Duration
	}{
		{"RegisterTimeout", c.RegisterTimeout}, {"UnregisterTimeout", c.UnregisterTimeout}, {"RetryMin", c.RetryMin},
		{"MasterTimeout", c.MasterTimeout}, {"ShipTimeout", c.ShipTimeout},
	} {
		want(d.is > 0, "%s is %s; it must be more than nothing", d.name, d.is)
	}
	want(c.RetryMax >= c.RetryMin, "RetryMax %s is under RetryMin %s; raise the first or lower the second", c.RetryMax, c.RetryMin)
	return errors.Join(faults...)
}

// Deps are an application session's collaborators.
type Deps struct {
	Transport rpc.Transport
	Log       *slog.Logger // nil discards
}
