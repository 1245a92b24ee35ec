package rpc

import (
	"context"
	"errors"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// Agree tells whether two sides fit: one protocol, and one cluster if both name theirs. The error wraps ErrHello and a Fault of
// deploy.ErrMismatch whose sentence names both.
func Agree(mine, theirs deploy.Hello) error {
	if mine.Protocol != theirs.Protocol {
		return mismatch("%s speaks protocol %d (program %s), %s speaks protocol %d (program %s): run the same version on both sides",
			side(theirs), theirs.Protocol, orUnknown(theirs.Version), side(mine), mine.Protocol, orUnknown(mine.Version))
	}
	if mine.Cluster != theirs.Cluster && mine.Cluster != "" && theirs.Cluster != "" {
		return mismatch("%s belongs to cluster %q, %s to cluster %q: correct the cluster name or the address of one of them",
			side(theirs), theirs.Cluster, side(mine), mine.Cluster)
	}
	return nil
}

// Claimed is whom a hello says it is; nothing proves it.
func Claimed(h deploy.Hello) deploy.Principal {
	return deploy.Principal{Name: h.ID, Roles: []string{h.Role.String()}}
}

// Unanswered says that a server whose hello is mine does not answer such questions.
func Unanswered(mine deploy.Hello, what string) error {
	return fmt.Errorf("%w: %s answers no %s: ask a master", deploy.ErrUnavailable, side(mine), what)
}

func mismatch(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrHello, deploy.Fault{Kind: deploy.ErrMismatch, Text: fmt.Sprintf(format, args...)})
}

func side(h deploy.Hello) string {
	if h.ID == "" {
		return "the " + h.Role.String()
	}
	return fmt.Sprintf("the %s %q", h.Role, h.ID)
}

// Ended gives why ctx is over: its error, and its cause if that says more.
func Ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}

func orUnknown(version string) string {
	if version == "" {
		return "unknown"
	}
	return version
}
