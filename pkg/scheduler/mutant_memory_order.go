//go:build mutant_memory_order

package scheduler

const mutant = memoryByCores
