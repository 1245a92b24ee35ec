package door

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/musterproject/muster/pkg/deploy"
)

// permitted refuses to be reached from other machines unless told that this is meant.
func permitted(ctx context.Context, address string, insecure bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen on %q: %w: %w; write host:port, such as 127.0.0.1:7077", address, deploy.ErrInvalid, err)
	}
	if insecure {
		return nil
	}
	ips := []net.IPAddr{{IP: net.IPv4zero}} // no host is every interface
	if host != "" {
		if ips, err = net.DefaultResolver.LookupIPAddr(ctx, host); err != nil {
			return fmt.Errorf("listen on %q: %w: the host has no address: %w", address, deploy.ErrInvalid, err)
		}
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return fmt.Errorf("listen on %q: %w: other machines reach %s, and nobody proves who he is: "+
				"listen on 127.0.0.1, or allow it with --insecure where the network is trusted", address, deploy.ErrDenied, ip.IP)
		}
	}
	return nil
}

// explain says why a port could not be had; of one that is taken, who has it.
func explain(ctx context.Context, address string, err error) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("listen on %q: %w: %w", address, deploy.ErrUnavailable, err)
	}
	_, text, _ := net.SplitHostPort(address) // the address has just been used
	port, _ := (&net.Resolver{}).LookupPort(ctx, "tcp", text)
	who := "by a process that cannot be seen from here, such as another user's"
	if p, found := (procfs{root: "/proc"}).holder(port); found {
		who = "by process " + strconv.Itoa(p.pid) + " (" + p.command + ")"
	}
	return fmt.Errorf("listen on %q: %w: the port is held %s: stop it, choose another port, or 0 for a free one: %w", address, deploy.ErrConflict, who, err)
}
