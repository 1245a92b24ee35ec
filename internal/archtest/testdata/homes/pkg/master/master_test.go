package master

import (
	_ "github.com/google/go-cmp/cmp"
	_ "go.uber.org/fx" //want:here whose home is pkg/clusterfx, cmd
	_ "google.golang.org/grpc/test/bufconn"
)
