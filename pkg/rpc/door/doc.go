// Package door is one port for several protocols: it looks at the first bytes of a connection and hands it on.
//
//	accept -> limits -> [Secure] -> first bytes, until a deadline -> gRPC: out of Accept
//	                                                              -> HTTP: one line that names the right port, close
//	                                                              -> a Protocol of Options: its Handle
//	                                                              -> anything else: close, and a Fact that says so
//
// A Door is the net.Listener of its gRPC connections. Each connection waits in a goroutine of its own, so that a slow or silent one delays
// nobody; all of them are closed and waited for by Close.
package door
