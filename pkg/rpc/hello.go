package rpc

import (
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

func mismatch(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrHello, deploy.Fault{Kind: deploy.ErrMismatch, Text: fmt.Sprintf(format, args...)})
}

func side(h deploy.Hello) string {
	if h.ID == "" {
		return "the " + h.Role.String()
	}
	return fmt.Sprintf("the %s %q", h.Role, h.ID)
}

func orUnknown(version string) string {
	if version == "" {
		return "unknown"
	}
	return version
}
