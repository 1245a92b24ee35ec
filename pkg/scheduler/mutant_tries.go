//go:build mutant_tries

package scheduler

const mutant = triesIgnored
