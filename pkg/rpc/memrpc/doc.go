// Package memrpc carries sessions and questions between transports of one process, without sockets, files or timers: for tests under virtual time
// and for a whole cluster in one process.
//
// A Network is the place where they meet: Listen gives a net.Listener that stands for an address, Transport.Serve answers there, and any
// transport of the same network reaches it by that address. Two networks know nothing of each other.
//
// With Options.Encode every item goes through the bytes of pkg/rpc/wire, as it would over gRPC: what cannot be sent is noticed, and nothing is
// shared. Without it items are handed over as they are, and what they point to must not be changed afterwards.
package memrpc
