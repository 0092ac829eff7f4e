# Targets that need more than Go, gcc and make say so in their line of `make help`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .run/tributary
GOLANGCI := v2.15.0
DATACONTRACT := 1.2.8
OPENLINEAGE := 1.54.0
VERSITYGW := v1.8.0
DASHBOARD_LINTER := v0.1.1
COMPOSE := v2.16.2
AIRFLOWS := 3.3.2 2.11.2
LEADS := 1000000
MEMORY := 1GiB
ROWS := 5000000
# ./... passes over folders named testdata: the packages in ours are named
PACKAGES = ./... $(shell find testdata -name node_modules -prune -o -name '*.go' -exec dirname {} + | sort -u | sed 's|^|./|')

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 25

.PHONY: build
build: ## build the program as .run/tributary
	@mkdir -p .run
	go build -o $(BIN) ./cmd/tributary

# The line of JSON that ends a run off a terminal is for schedulers, not for the reader of this.
.PHONY: run
run: build ## the demo vendor end to end: progress, the six results, HTML pages to open; then once more over the APIs of its CRM and marketing
	@rm -rf .run/demo
	@$(BIN) demo .run/demo >/dev/null
	@$(BIN) run --project .run/demo --as-of 2026-09-30 | sed '/^{"run_id"/d'
	@echo; echo "Open these pages:"; $(BIN) report --project .run/demo --out .run/demo/report.html
	@$(BIN) report cfo --project .run/demo --out .run/demo/cfo.html
	@$(BIN) report qbr --project .run/demo --partner P0044 --out .run/demo/qbr-P0044.html
	@echo; echo "The same vendor, its CRM asked over Salesforce's API and its marketing over HubSpot's, from servers on this machine:"
	@rm -rf .run/live
	@$(BIN) demo .run/live --sources -- $(BIN) run --project .run/live --as-of 2026-09-30 2>&1 | sed -n -E '/^(extract|build|check|publish|tributary)|^ revenue  +Partner-sourced/p'

.PHONY: test
test: ## every test that needs Go, gcc and make alone
	go vet $(PACKAGES)
	go test -timeout 30m $(PACKAGES)

.PHONY: adventureworks
adventureworks: build ## AdventureWorks by configuration alone: prints the reseller share (REV-5) by year
	@rm -rf .run/adventureworks && cp -r testdata/adventureworks .run/adventureworks
	@$(BIN) run --project .run/adventureworks --as-of 2011-12-31 | sed '/^{"run_id"/d'
	@echo; $(BIN) metrics query REV-5 --grain year --project .run/adventureworks
	@$(BIN) metrics query REV-5 --grain year --project .run/adventureworks --json | sed -nE 's/.*"period_start":"([0-9]{4}).*"value":([0-9.]+).*/\1 \2/p' | xargs -n2 printf 'REV-5 %s = %.4f\n'

.PHONY: salesforce
salesforce: build ## Salesforce-shaped seeds whose keys hardly join: orphans keep their rows
	@rm -rf .run/salesforce && cp -r testdata/fivetran_salesforce .run/salesforce
	@$(BIN) run --project .run/salesforce --as-of 2022-12-31 | sed '/^{"run_id"/d'

.PHONY: test-contracts
test-contracts: ## datacontract-cli on the contracts and on the demo's warehouse (needs python3 and PyPI, once)
	testdata/outside/install-python.sh .tools/datacontract-$(DATACONTRACT) 'datacontract-cli[duckdb]==$(DATACONTRACT)'
	DATACONTRACT=$(CURDIR)/.tools/datacontract-$(DATACONTRACT)/bin/datacontract go test -count=1 -tags contracts ./testdata/outside

.PHONY: test-lineage
test-lineage: ## every OpenLineage event of a demo night loaded by openlineage-python, strictly (needs python3 and PyPI, once)
	testdata/outside/install-python.sh .tools/openlineage-$(OPENLINEAGE) openlineage-python==$(OPENLINEAGE)
	OPENLINEAGE_PYTHON=$(CURDIR)/.tools/openlineage-$(OPENLINEAGE)/bin/python go test -count=1 -tags lineage ./testdata/outside

.PHONY: test-s3
test-s3: .tools/versitygw-$(VERSITYGW) ## nights from objects in S3, against a server that others wrote (builds versitygw once, minutes)
	VERSITYGW=$(CURDIR)/$< go test -count=1 -tags s3 ./testdata/outside

.tools/versitygw-$(VERSITYGW):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools/bin go install github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW)
	@mv .tools/bin/versitygw $@

INSTALL := testdata/outside/install-debian.sh
FIND_CHROMIUM := $(INSTALL) 'chromium chromium-browser google-chrome' chromium fonts-dejavu-core
.PHONY: test-browser
test-browser: ## the reports in a headless Chromium: drawn, complete, no network, printed (installs Debian's as root)
	chromium=$$($(FIND_CHROMIUM)); CHROMIUM=$$chromium go test -count=1 -tags browser ./testdata/outside

.PHONY: test-psql
test-psql: ## the roles of dashboards/postgres, made by psql as PostgreSQL's image does it (installs Debian's as root)
	psql=$$($(INSTALL) psql postgresql-client); PSQL=$$psql go test -count=1 -tags psql ./dashboards/postgres

# A server in Go, a client from npm: one line each.
NPM := testdata/outside/npm
.PHONY: test-npm-clients
test-npm-clients: $(NPM)/node_modules/.package-lock.json ## clients of vendors' APIs that others wrote, against our test servers (needs Node; npm's registry, once)
	cd $(NPM) && go run ./hubspot node hubspot.mjs
	cd $(NPM) && go run ./salesforce node salesforce.mjs

$(NPM)/node_modules/.package-lock.json: $(NPM)/package-lock.json
	cd $(NPM) && npm ci --no-audit --no-fund
	@touch $@

.PHONY: dashboards
dashboards: ## write dashboards/provisioning anew from the catalogue: dashboards, data source, alert rules
	go test -count=1 ./dashboards/provision -run UpToDate -update

# v0.1.1 is the last that builds without Grafana's own modules; later ones add the format of dashboards that we do not write.
.PHONY: lint-dashboards
lint-dashboards: .tools/dashboard-linter-$(DASHBOARD_LINTER) ## Grafana's dashboard-linter on the committed dashboards (builds it once, minutes)
	for file in dashboards/provisioning/json/*.json; do $< lint --strict --config dashboards/dashboard-linter.yaml $$file; done

.tools/dashboard-linter-$(DASHBOARD_LINTER):
	@mkdir -p .tools
	GOPROXY="$$(go env GOPROXY | tr , '|')" GOBIN=$(CURDIR)/.tools/bin go install github.com/grafana/dashboard-linter@$(DASHBOARD_LINTER)
	@mv .tools/bin/dashboard-linter $@

.PHONY: lint-compose
lint-compose: ## compose.yaml against the Compose Specification, by the package that Docker reads it with
	go run github.com/compose-spec/compose-go/v2/cmd@$(COMPOSE) --no-interpolation compose.yaml >/dev/null

.PHONY: test-airflow
test-airflow: build ## nights under real Airflow servers of both kinds: success, nothing new, bad data, a killed task, a backfill (needs python3 and PyPI, once; ten minutes)
	for version in $(AIRFLOWS); do testdata/airflow/install.sh $(CURDIR)/.tools/airflow-$$version $$version; done
	testdata/outside/install-python.sh .tools/openlineage-$(OPENLINEAGE) openlineage-python==$(OPENLINEAGE)
	TRIBUTARY=$(CURDIR)/$(BIN) OPENLINEAGE_PYTHON=$(CURDIR)/.tools/openlineage-$(OPENLINEAGE)/bin/python $(foreach v,$(AIRFLOWS),AIRFLOW_$(subst .,_,$(v))=$(CURDIR)/.tools/airflow-$(v)) go test -count=1 -timeout 30m -tags airflow ./testdata/airflow

PREVIEW := dashboards/preview
.PHONY: dashboards-preview
dashboards-preview: $(PREVIEW)/node_modules/.package-lock.json ## every dashboard drawn by Grafana's own code, light and dark, into .run/preview; fails on panels that are empty, cut off or without unit (needs Node; installs Debian's Chromium as root; DOCS=1 renews docs/images)
	@rm -rf .run/preview
	go run ./$(PREVIEW) -out .run/preview/frames dashboards/provisioning/json/*.json
	@chromium=$$($(FIND_CHROMIUM) | tail -1); CHROMIUM=$$chromium node $(PREVIEW)/build.mjs .run/preview/frames .run/preview $(if $(DOCS),docs/images)

$(PREVIEW)/node_modules/.package-lock.json: $(PREVIEW)/package-lock.json
	cd $(PREVIEW) && npm ci --legacy-peer-deps --no-audit --no-fund
	@touch $@

.PHONY: report-images
report-images: ## draw the pictures of the reports in docs/images again
	chromium=$$($(FIND_CHROMIUM)); CHROMIUM=$$chromium go test -count=1 -tags images ./testdata/outside

.PHONY: bench
bench: build ## tributary run against the same SQL in bare DuckDB: time, peak memory (LEADS=1000000 MEMORY=1GiB; ten minutes)
	go run ./testdata/bench -tributary $(CURDIR)/$(BIN) -leads $(LEADS) -memory "$(MEMORY)"

.PHONY: bench-extract
bench-extract: build ## a PostgreSQL table to raw Parquet against the Parquet writer alone and against COPY and DuckDB; fails above 300 MiB (ROWS=5000000; two minutes)
	go run ./testdata/bench/extract -tributary $(CURDIR)/$(BIN) -rows $(ROWS)

.PHONY: bench-panels
bench-panels: ## how long the queries of all dashboards take on a generated vendor in a real PostgreSQL (LEADS=1000000; a quarter of an hour)
	go test ./dashboards/panel -count=1 -timeout 60m -run TestEveryPanelOnTheDemo -v -leads $(LEADS) | grep -E 'panels_test|^(ok|FAIL)'

.PHONY: lint
lint: .tools/golangci-lint-$(GOLANGCI) ## golangci-lint with every linter that .golangci.yml does not switch off (builds it once, minutes)
	go mod tidy -diff
	$< run $(PACKAGES)

.tools/golangci-lint-$(GOLANGCI):
	@mkdir -p .tools
	GOBIN=$(CURDIR)/.tools/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv .tools/bin/golangci-lint $@

.PHONY: clean
clean: ## remove what these targets have made
	rm -rf .run .tools
