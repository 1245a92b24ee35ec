//go:build mutant_avoid

package scheduler

const mutant = avoidIgnored
