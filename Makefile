# Targets that need more than Go, gcc and make say so; `make help` lists all.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .run/tributary
# ./... passes over folders named testdata: the packages in ours are named
PACKAGES = ./... $(shell find testdata -name '*.go' -exec dirname {} + | sort -u | sed 's|^|./|')

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 20

.PHONY: build
build: ## build the program into .run/
	@mkdir -p .run
	go build -o $(BIN) ./cmd/tributary

.PHONY: run
run: build ## the demo vendor end to end: progress, the six results, an HTML page to open
	@rm -rf .run/demo
	@$(BIN) demo .run/demo >/dev/null
	@$(BIN) run --project .run/demo --as-of 2026-09-30
	@echo; echo "Open this page:"; $(BIN) report --project .run/demo --out .run/demo/report.html

.PHONY: test
test: ## every test that needs Go, gcc and make alone
	go vet $(PACKAGES)
	go test -timeout 30m $(PACKAGES)
