# Two commands do what most people came for: `make demo` and `make test`. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' -not -path 'web/test-results/*' 2>/dev/null)

.PHONY: help
help: ## Show these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: $(BIN)/.run web/dist/.built ## Try it: server, simulated chargers, board in the browser (DEMO='--port 8080 --fresh')
	$(BIN)/python -m evgraph demo $(DEMO)

.PHONY: test
test: $(BIN)/.dev web/node_modules/.installed ## Every test: Python on SQLite and PostgreSQL, web app
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)
	EVGRAPH_TEST_DATABASE=postgres $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ON_POSTGRES)
	cd web && npm test

.PHONY: test-ahead
test-ahead: $(BIN)/.dev web/node_modules/.installed ## Every test with the clock moved (AHEAD=days or 2028-02-29T23:50:00Z); Linux on x86-64
	$(BIN)/python -m tests.ahead $(AHEAD) $(BIN)/python -m pytest $(SIDE_BY_SIDE) $(AHEAD_TESTS)
	$(BIN)/python -m tests.ahead $(AHEAD) npm --prefix web test

AHEAD ?= 366
# All of them, so that no test is forgotten; benchmarks only measure.
AHEAD_TESTS ?= --ignore tests/benchmarks

# What asks the database. Four files tell hundreds of stories of one rule each, by statements that the others use too;
# `EVGRAPH_TEST_DATABASE=postgres pytest tests/services` runs them all.
ON_POSTGRES := tests/services tests/journeys tests/models $(foreach stories,any_order habits_of_starts_and_stops \
  our_clock_put_back told_in_another_order,--ignore tests/services/test_$(stories).py)

# A file a process, and more processes than cores, since many tests wait: for sockets, for a time limit, for a kill. In the
# order of their names: the longest files are not the ones with the most tests, and would come last otherwise, one after
# the other.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(min(4, 2 * (os.cpu_count() or 1)))")
SIDE_BY_SIDE = -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: browser
browser: $(BIN)/.dev web/dist/.built ## The journey through the screens, in a headless Chromium
	$(BIN)/python -m tests.browser

.PHONY: fuzz
fuzz: $(BIN)/.dev ## A million hostile frames through the frame reader (FUZZ='--frames 100000 --seed 7')
	$(BIN)/python -m tests.ocpp.fuzz $(FUZZ)

.PHONY: calculate
calculate: $(BIN)/.dev ## Compare thousands of generated sessions with the independent bill calculator (STORIES=3000)
	EVGRAPH_STORIES=$(or $(STORIES),3000) $(BIN)/python -m pytest $(SIDE_BY_SIDE) --timeout 0 tests/calculator

.PHONY: lint
lint: $(BIN)/.dev web/node_modules/.installed ## Style, Python and web
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd web && npm run lint

.PHONY: types
types: $(BIN)/.dev web/node_modules/.installed ## Strict types, Python and web
	$(BIN)/mypy
	cd web && npm run typecheck && npm run codegen:check

.PHONY: bench
bench: $(BIN)/.dev benchmarks/peers/node_modules/.installed ## Measure in 15 minutes; writes benchmarks/results.md
	$(BIN)/python -m benchmarks

.PHONY: bench-quick
bench-quick: $(BIN)/.dev ## Measure a change at hand, in two minutes (BENCH='--only readings')
	$(BIN)/python -m benchmarks --quick $(BENCH)

.PHONY: bench-growth
bench-growth: $(BIN)/.dev ## What a million sessions cost; fills var/growth once, writes benchmarks/growth.md
	$(BIN)/python -m benchmarks.grown

.PHONY: profile
profile: $(BIN)/.dev ## A flame graph of a road in var/ (ROAD=readings, board, board-unchanged, fan-out or taps)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m benchmarks.profiling $(or $(ROAD),readings)

.PHONY: web
web: web/dist/.built ## Build the web app into web/dist

.PHONY: schema
schema: $(BIN)/.dev ## Write the GraphQL schema and what the web app generates from it
	$(BIN)/python -m evgraph schema > evgraph/schema/schema.graphql.new
	mv evgraph/schema/schema.graphql.new evgraph/schema/schema.graphql
	cd web && npm run codegen

.PHONY: lock
lock: $(BIN)/.dev ## Pin the newest dependencies, with hashes and without addresses
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --extra dev pyproject.toml -o requirements-dev.txt

.PHONY: clean
clean: ## Remove what was built and installed; the databases in var/ stay
	rm -rf $(VENV) web/node_modules web/dist .mypy_cache .ruff_cache .pytest_cache benchmarks/peers/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "EVGraph needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(BIN)/.run: requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	touch $@

$(BIN)/.dev: requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@ $(BIN)/.run

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --no-audit --no-fund --loglevel=error
	touch $@

benchmarks/peers/node_modules/.installed: benchmarks/peers/package-lock.json
	cd benchmarks/peers && npm ci --no-audit --no-fund --loglevel=error
	touch $@

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	touch $@
