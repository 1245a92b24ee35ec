//go:build mutant_stale_epoch

package workercore

const mutant = "stale_epoch"
