//go:build mutant_gang

package scheduler

const mutant = gangInPart
