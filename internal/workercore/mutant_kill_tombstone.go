//go:build mutant_kill_tombstone

package workercore

const mutant = "kill_tombstone"
