package scheduler

import "context"

var _ context.Context
