//go:build mutant_spread

package scheduler

const mutant = spreadsTwo
