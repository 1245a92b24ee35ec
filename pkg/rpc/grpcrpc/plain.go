package grpcrpc

import (
	"context"
	"net"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"
)

// plain is a connection without TLS of its own (the door ends TLS where there is any) that remembers its socket: gRPC has no other way to cut off
// a peer that does not read.
type plain struct{}

// socket is what a handler may learn of its connection.
type socket struct {
	credentials.CommonAuthInfo
	conn net.Conn
}

// AuthType names the kind.
func (socket) AuthType() string { return "plain" }

// ValidateAuthority accepts every name: there is none to check.
func (socket) ValidateAuthority(string) error { return nil }

func (plain) ClientHandshake(_ context.Context, _ string, c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c, newSocket(c), nil
}

func (plain) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return c, newSocket(c), nil
}

func (plain) Info() credentials.ProtocolInfo { return insecure.NewCredentials().Info() }

func (plain) Clone() credentials.TransportCredentials { return plain{} }

func (plain) OverrideServerName(string) error { return nil }

func newSocket(c net.Conn) socket {
	return socket{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.NoSecurity}, conn: c}
}

// remote gives the address of the other side of a call and a way to cut its connection.
func remote(ctx context.Context) (address string, cut func()) {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return "unknown", func() {}
	}
	s, ok := p.AuthInfo.(socket)
	if !ok {
		return p.Addr.String(), func() {}
	}
	return p.Addr.String(), func() { _ = s.conn.Close() /* it is being given up */ }
}
