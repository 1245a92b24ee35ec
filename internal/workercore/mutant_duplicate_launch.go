//go:build mutant_duplicate_launch

package workercore

const mutant = "duplicate_launch"
