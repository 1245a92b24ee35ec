//go:build !mutant_stale_epoch && !mutant_old_session && !mutant_duplicate_launch && !mutant_kill_tombstone && !mutant_inventory

package workercore

const mutant = ""
