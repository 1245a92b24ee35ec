//go:build mutant_no_minimum

package scheduler

const mutant = noMinimum
