// Package grpcrpc carries sessions and questions over gRPC.
//
//	Send --encode--> queue (bounded) --writer--> stream ===== stream --reader--> decode --> Recv
//
// Send encodes at once, so that what is queued is bytes that can be counted and nobody's slices. The writer takes all that waits as one frame
// and goes on at once: alone, an item leaves immediately; under load frames grow by themselves. No timer is involved. A peer that does not
// keep up fills its queue and is hung up.
//
// A session ends in one of three ways. Close sends what is queued and a goodbye with the reason; the other side reads all of it before it sees
// rpc.ErrClosed. Hanging up (a full queue, a fault in a frame, a peer that does not finish its goodbye in time) cuts the connection. And a
// connection may break, which the reader notices.
//
// Every method is admitted in one place, the guard, by the access option it carries in its .proto file.
package grpcrpc
