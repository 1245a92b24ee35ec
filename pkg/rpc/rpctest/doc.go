// Package rpctest is what every rpc.Transport is held to: a test file of a transport calls Run with a constructor.
//
//	sessions.go  hello, order, both directions, limits, ends and their reasons
//	calls.go     questions, rows, logs
//	blobs.go     blobs
//	pair.go      what the suite needs of a transport
package rpctest
