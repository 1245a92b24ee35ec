//go:build !(mutant_unweighted || mutant_no_minimum || mutant_parent_quota || mutant_avoid || mutant_apart || mutant_gang || mutant_reservation || mutant_quota_wake || mutant_spread || mutant_memory_order || mutant_tie || mutant_tries || mutant_grow)

package scheduler

const mutant = none
