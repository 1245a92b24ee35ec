//go:build mutant_unweighted

package scheduler

const mutant = unweighted
