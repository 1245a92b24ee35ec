//go:build mutant_parent_quota

package scheduler

const mutant = parentQuota
