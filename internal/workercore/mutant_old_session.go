//go:build mutant_old_session

package workercore

const mutant = "old_session"
