// Testrun runs go test, prints what a reader wants (packages, failures, and at the end what was skipped and
// why), and in strict mode holds the skips against the ledger:
//
//	go run ./tools/testrun ./...                 on any machine: unmet needs are skipped and listed
//	go run ./tools/testrun -strict ./...         in CI: an unmet need fails, but for those in .ci/skips.txt
//	go run ./tools/testrun -strict -race ./pkg/... ./internal/...
//
// In strict mode a skip that came without need.Or fails the run too. Everything behind -strict goes to go test.
package main
