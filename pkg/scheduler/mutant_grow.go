//go:build mutant_grow

package scheduler

const mutant = growsAtOnce
