//go:build mutant_apart

package scheduler

const mutant = apartForgets
