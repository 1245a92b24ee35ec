package master

import (
	_ "context"

	_ "example.org/some/thing"       //want:here which has no home
	_ "github.com/google/go-cmp/cmp" //want:here whose home is in tests
	_ "go.opentelemetry.io/otel"     //want:here whose home is telemetry.go of pkg/master
	_ "go.uber.org/fx"               //want:here whose home is pkg/clusterfx, cmd
)
