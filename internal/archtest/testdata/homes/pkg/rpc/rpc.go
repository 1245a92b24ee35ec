package rpc

import _ "google.golang.org/grpc" //want:here whose home is pkg/rpc/wire
