//go:build !linux

package proclauncher

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/launcher"
)

// Launcher cannot be opened on this system: keepers need Linux.
type Launcher struct{}

var errNotHere = fmt.Errorf("proclauncher: workers run on Linux: %w", errors.ErrUnsupported)

// Open fails on this system.
func Open(context.Context, Config) (*Launcher, error) { return nil, errNotHere }

// KeeperMain fails on this system.
func KeeperMain(context.Context) error { return errNotHere }

// Launch fails on this system.
func (*Launcher) Launch(context.Context, launcher.Spec) (launcher.Handle, error) {
	return launcher.Handle{}, errNotHere
}

// List fails on this system.
func (*Launcher) List(context.Context) ([]launcher.Handle, error) { return nil, errNotHere }

// Watch fails on this system.
func (*Launcher) Watch(context.Context, launcher.Cursor) iter.Seq2[launcher.Event, error] {
	return func(yield func(launcher.Event, error) bool) { yield(nil, errNotHere) }
}

// Control fails on this system.
func (*Launcher) Control(context.Context, deploy.LaunchID, launcher.Control) error { return errNotHere }

// Close has nothing to do.
func (*Launcher) Close() error { return nil }
