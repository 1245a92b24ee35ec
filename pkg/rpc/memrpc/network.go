package memrpc

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/musterproject/muster/pkg/deploy"
	"github.com/musterproject/muster/pkg/rpc"
)

// firstPort is where ports that nobody chose begin, as those of the operating system do.
const firstPort = 32768

// Network is where transports of one process meet. The zero value is ready.
type Network struct {
	mu    sync.Mutex
	ports map[deploy.Address]*listener
	next  uint16
}

// Listen takes an address; port 0 takes a free one. The error of one that is taken is deploy.ErrConflict.
func (n *Network) Listen(a deploy.Address) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports == nil {
		n.ports, n.next = map[deploy.Address]*listener{}, firstPort
	}
	if a.Port == 0 {
		for a.Port = n.next; n.ports[a] != nil; a.Port++ {
			if a.Port == n.next-1 {
				return nil, fmt.Errorf("listen on %s: %w: every port is taken; close listeners that are done", a.Host, deploy.ErrConflict)
			}
		}
		n.next = a.Port + 1
	}
	if n.ports[a] != nil {
		return nil, fmt.Errorf("listen on %s: %w: it is taken; choose another port, or 0 for a free one", a, deploy.ErrConflict)
	}
	l := &listener{network: n, address: a, closed: make(chan struct{}), served: make(chan struct{})}
	n.ports[a] = l
	return l, nil
}

// host gives who serves at an address. Who listens and does not serve yet is waited for, as the operating system's backlog does.
func (n *Network) host(ctx context.Context, a deploy.Address) (*host, error) {
	n.mu.Lock()
	l := n.ports[a]
	n.mu.Unlock()
	if l == nil {
		return nil, fmt.Errorf("%s: %w: nobody listens there", a, deploy.ErrUnavailable)
	}
	select {
	case <-l.served:
		return l.host, nil
	case <-l.closed:
		return nil, fmt.Errorf("%s: %w: it stopped listening", a, deploy.ErrUnavailable)
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", a, rpc.Ended(ctx))
	}
}

// serve puts a host at a listener, once.
func (n *Network) serve(l *listener, h *host) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[l.address] != l || l.host != nil {
		return fmt.Errorf("serve on %s: %w", l.address, net.ErrClosed)
	}
	l.host = h
	close(l.served)
	return nil
}

// listener stands for an address of a network. Nothing comes out of Accept: sessions are handed over without it.
type listener struct {
	network *Network
	address deploy.Address
	closed  chan struct{}
	served  chan struct{} // closed once there is a host
	host    *host
}

// Accept waits for the end.
func (l *listener) Accept() (net.Conn, error) {
	<-l.closed
	return nil, fmt.Errorf("accept on %s: %w", l.address, net.ErrClosed)
}

// Close gives the address back.
func (l *listener) Close() error {
	l.network.mu.Lock()
	defer l.network.mu.Unlock()
	if l.network.ports[l.address] == l {
		delete(l.network.ports, l.address)
		close(l.closed)
	}
	return nil
}

// Addr is the address that was taken.
func (l *listener) Addr() net.Addr { return memAddr(l.address) }

type memAddr deploy.Address

func (memAddr) Network() string  { return "memory" }
func (a memAddr) String() string { return deploy.Address(a).String() }
