package task

import (
	"context"

	"github.com/musterproject/muster/pkg/deploy"
)

// Context is what a running function may know of its attempt.
type Context struct {
	Executor deploy.ExecutorID
	Host     string // of the executor
	Dir      string // working directory of the executor; its files stay behind its end
	Cores    int    // of the executor: as many functions run beside each other
	Attempt  int    // of this task, from 0
}

type contextKey struct{}

// FromContext gives the facts of the attempt that runs under ctx; false outside of one.
func FromContext(ctx context.Context) (Context, bool) {
	c, ok := ctx.Value(contextKey{}).(*Context)
	if !ok {
		return Context{}, false
	}
	return *c, true
}
