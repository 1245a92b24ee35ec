package master

import (
	_ "go.opentelemetry.io/otel/metric"
	_ "go.opentelemetry.io/otel/sdk/metric" //want:here whose home is cmd
)
