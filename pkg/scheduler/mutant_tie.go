//go:build mutant_tie

package scheduler

const mutant = tieReversed
