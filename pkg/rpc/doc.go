// Package rpc is how peers talk: sessions of items both ways, and single questions of clients.
//
//	worker, app, executor --Dial--> Session: Hello both ways, then frames of Items, until either side ends
//	client                --Client--> Call (one message, one answer), Watch (rows), Blobs, Logs
//
// The deciding cores know nothing of it: a Transport carries deploy.Messages, whether over gRPC (grpcrpc), in memory (memrpc) or, later, in
// another protocol beside it on the same port (door).
package rpc
