package rpc

import (
	_ "go.uber.org/goleak"
	_ "google.golang.org/grpc" //want:here whose home is pkg/rpc/wire
)
