package mastercore

import (
	"cmp"
	"fmt"

	"github.com/musterproject/muster/pkg/deploy"
)

// showAmount writes so much of a resource.
func showAmount(resource string, n int64) string {
	switch resource {
	case sizeMemory:
		return deploy.FormatMemory(n)
	case sizeCores:
		return deploy.Count(n, "core")
	}
	return fmt.Sprintf("%d %s", n, resource)
}

// title is the path of q, or what people call the root.
func (q *queue) title() string { return cmp.Or(q.Name, deploy.RootQueue) }
