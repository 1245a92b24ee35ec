package workercore

import "github.com/musterproject/muster/pkg/deploy"

// Inventory is everything in the books, for readers: what lives, and every end that is not known to be durable. The caller owns it.
func (c *Core) Inventory() []deploy.LaunchReport { return c.inventory() }
