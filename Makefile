# Every target has its line in `make help`.

BIN     := bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
# The race detector needs a C compiler.
RACE    := $(shell command -v $${CC:-cc} >/dev/null 2>&1 && echo -race)
FUZZTIME ?= 20s
LINT    := go tool -modfile=hack/tools/go.mod golangci-lint

.DEFAULT_GOAL := help
.PHONY: help build run test verify lint golden fuzz bench microbench e2e image generate

help: ## Show this
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the static binary bin/fairlead
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/fairlead ./controller

run: build ## Show it without Docker: demo backends, a certificate, two Routes, curl lines that work
	CGO_ENABLED=0 go build -trimpath -o $(BIN)/demo ./hack/demo
	CGO_ENABLED=0 go build -trimpath -o $(BIN)/run ./hack/run
	@exec $(BIN)/run

test: ## Test everything; what needs a real swarm is skipped, with the reason, where none can run
	go vet ./...
	@failed=0; \
	go run ./hack/report $(RACE) -timeout 15m $$(go list ./... | grep -v /hack/e2e) || failed=1; \
	go run ./hack/report -timeout 20m ./hack/e2e/... || failed=1; \
	exit $$failed

verify: lint generate test ## What must pass before a commit: lint, generated files as committed, tests
	git diff --exit-code -- manifests/schema

lint: ## Run gofmt and the pinned linters
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(LINT) run --config hack/tools/golangci.yml ./...

golden: ## Rewrite the expected outputs of golden tests; read the diff before you commit it
	go test $$(grep -rl 'flag.Bool("update"' --include='*_test.go' . | xargs -n1 dirname | sort -u) -update

fuzz: ## Run every fuzz test for FUZZTIME (20s)
	@grep -rn '^func Fuzz' --include='*_test.go' . | sed -E 's|^(.*)/[^/]*:[0-9]+:func (Fuzz[A-Za-z0-9_]*).*|\1 \2|' | \
	while read -r dir name; do echo "$$name in $$dir"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) $$dir || exit 1; done

bench: build $(BIN)/caddy ## Compare with nginx, HAProxy and Caddy: hack/bench/install-deps, then ARGS=--quick or nothing
	CGO_ENABLED=0 go build -trimpath -o $(BIN)/benchmark ./hack/bench
	@$(BIN)/benchmark --bin $(BIN) --out $(BIN)/bench $(ARGS)

# Its module pins the version; it takes two minutes the first time.
$(BIN)/caddy: hack/bench/caddy/go.mod hack/bench/caddy/main.go
	cd hack/bench/caddy && CGO_ENABLED=0 go build -trimpath -o $(abspath $(BIN))/caddy .

microbench: ## Run the benchmarks of single functions
	go test -run '^$$' -bench . -benchmem $$(grep -rl '^func Benchmark' --include='*_test.go' . | xargs -n1 dirname | sort -u)

e2e: ## Run the scenarios on real swarms (needs root; see hack/install-deps)
	go test -v -timeout 30m ./hack/e2e/...

image: build ## Make the image as bin/fairlead-image.tar, and load it where an engine answers
	go run ./hack/image/cmd --name fairlead:latest

generate: ## Write manifests/schema from the types of the API
	go run ./hack/schema
