//go:build mutant_inventory

package workercore

const mutant = "inventory"
