# Muster. `make` alone lists what there is.

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  := -s -w -X main.version=$(VERSION)
PLATFORMS ?= linux/amd64 linux/arm64 darwin/arm64

GOLANGCI_VERSION := v2.15.0
TOOLS    := $(CURDIR)/.tools
GOLANGCI := $(TOOLS)/golangci-lint-$(GOLANGCI_VERSION)

# What can be changed on the command line: make test PKGS=./pkg/deploy TESTFLAGS='-run Size -v'
PKGS      ?= ./...
TESTFLAGS ?= -timeout 20m
# The race detector looks where goroutines are; the simulator has none, and e2e runs the programs as they are shipped.
RACE_PKGS ?= $(shell go list ./... | grep -v -e /e2e -e /bench -e /internal/sim -e /internal/archtest -e /examples/)
FUZZTIME  ?= 10s
FUZZ      ?=
SEEDS     ?= 1000
SIMFLAGS  ?=
BENCHFLAGS ?=
# What make demo counts (default: the Go installation's own source); HOLD=1 keeps the cluster up until Ctrl-C.
FILES     ?=

# With STRICT set, an unmet need of a test is a failure, but for those in .ci/skips.txt.
STRICT    ?=
TESTRUN   := go run ./tools/testrun $(if $(STRICT),-strict)

.DEFAULT_GOAL := help
.PHONY: help demo build test race e2e fuzz bench bench-limits sim mutants lint arch proto proto-check check dist clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: build ## Count words on a cluster of real processes (FILES=…, HOLD=1)
	bin/muster demo $(FILES)

build: ## Build bin/muster
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/muster ./cmd/reference

test: ## Run every test; what this machine cannot run is listed at the end (STRICT=1: fails)
	$(TESTRUN) $(TESTFLAGS) $(PKGS)

race: ## Run the tests under the race detector
	CGO_ENABLED=1 $(TESTRUN) -race $(TESTFLAGS) $(RACE_PKGS)

e2e: ## Run the end-to-end tests, saying what they do
	go test -v -count=1 $(TESTFLAGS) ./e2e/...

fuzz: ## Run each fuzz target for FUZZTIME (FUZZ=part of a name)
	tools/fuzz.sh $(FUZZTIME) $(FUZZ)

bench: ## Print the table of benchmarks
	go run ./bench $(BENCHFLAGS)

bench-limits: ## Measure what this machine can do at most
	go run ./bench -limits $(BENCHFLAGS)

sim: ## Simulate SEEDS clusters with faults (SIMFLAGS='-sim.seed=7 -v' replays one)
	go test ./internal/sim -count=1 -timeout 20m -run TestSeeds -sim.seeds=$(SEEDS) $(SIMFLAGS)

mutants: ## Plant known mistakes in the cores and the scheduler; the simulator and the tests must find each
	go test ./internal/sim -count=1 -timeout 30m -run TestMutants -sim.mutants $(SIMFLAGS)
	go test ./pkg/scheduler -count=1 -timeout 30m -run TestMutants -scheduler.mutants

lint: $(GOLANGCI) ## gofmt, go vet, golangci-lint
	@unformatted=$$(gofmt -l $$(go list -f '{{.Dir}}' ./...) | sort -u); \
	if [ -n "$$unformatted" ]; then echo "gofmt these:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(GOLANGCI) run ./...

$(GOLANGCI):
	@mkdir -p $(TOOLS)
	GOBIN=$(TOOLS) nice go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(TOOLS)/golangci-lint $@

arch: ## Hold the tree to its floors, homes and habits
	go test ./internal/archtest -count=1

proto: ## Generate the wire code from its .proto files
	tools/proto.sh generate

proto-check: ## Compare the wire code with its .proto files
	tools/proto.sh check

check: lint arch proto-check race ## What must pass before a change is shown to others (with make test)

dist: ## Pack the program for PLATFORMS into dist/
	VERSION='$(VERSION)' LDFLAGS='$(LDFLAGS)' tools/dist.sh $(PLATFORMS)

clean: ## Remove what was built; the tools in .tools stay
	rm -rf bin dist
