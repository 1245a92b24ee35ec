//go:build mutant_quota_wake

package scheduler

const mutant = quotaWakeMissed
