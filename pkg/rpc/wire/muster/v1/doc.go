// Package musterv1 is the wire: what protoc made of the .proto files beside it. Only pkg/rpc/wire and the gRPC transport look at it; everybody
// else speaks pkg/deploy. Clients in other languages start from the same .proto files.
package musterv1
