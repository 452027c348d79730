# Two commands matter to a newcomer: `make demo` and `make test`. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(READY)  ## the environment that every other command uses

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "crossbook needs Python 3.11 or newer; name one: make PYTHON=python3.12 …"; exit 1; }
	@echo "Installing into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo gateway chaos crash generate grid lock clean

demo: $(READY)  ## the main job: 1,000 people into four vendors and back, on the sandbox
	@$(BIN)/python -m examples.demo $(ARGS)

gateway: $(READY)  ## an example application: one REST API and a page over the four vendors, on the sandbox
	@$(BIN)/python -m examples.gateway $(ARGS)

# The recipes of these are in noxfile.py, and run in .venv. ARGS go to pytest (test, check) or to the trials (build).
NOX = PATH="$(abspath $(BIN)):$$PATH" $(BIN)/nox --no-venv
SESSIONS := test lint types specs generated imports grid-check docs build
.PHONY: check $(SESSIONS)

$(SESSIONS): $(READY)
	@$(NOX) --session $@ -- $(ARGS)

check: $(READY)  ## all that CI runs: lint, specs, generated code, import rules, grid, types, docs, tests
	@$(NOX) --tags check -- $(ARGS)

test:  ## every test
lint:  ## ruff: rules and format
types:  ## mypy and pyright, both strict
specs:  ## the specs are valid and keep our rules
generated:  ## generated/ is what specs/ give, and nothing was changed by hand
imports:  ## who may import whom
docs:  ## the site, strict: guides, vendors, reference; says where to open it
build:  ## wheel and sdist, each extra alone in fresh environments, with the lowest and the newest dependencies

chaos: $(READY)  ## every operation against every fault, and the long tests; prints a table
	@$(BIN)/python -m tests.chaos $(ARGS)

crash: $(READY)  ## imports of 20,000 killed 20 times: how many lost, how many doubled
	@$(BIN)/python -m tests.batch.crash $(ARGS)

BENCH := .bench/venv/bin
BENCH_READY := .bench/.ready

.PHONY: bench
bench: $(BENCH_READY)  ## crossbook beside what one would take instead: a table of ratios and their bounds
	@$(BENCH)/python -m benchmarks $(ARGS)

.PHONY: bench-profile
bench-profile: $(BENCH_READY)  ## where the time goes in the hottest rows, into docs/performance.md
	@$(BENCH)/python -m benchmarks.profiles

$(BENCH_READY): benchmarks/requirements-peers.txt pyproject.toml
	@echo "Installing what is compared into .bench …"
	@test -x $(BENCH)/python || $(PYTHON) -m venv .bench/venv
	@$(BENCH)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements-peers.txt
	@$(BENCH)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

generate: $(READY)  ## writes generated/ from specs/, and says what changed
	@$(BIN)/python specs/codegen/generate.py

grid: $(READY)  ## writes the capability grid into README.md, and what is repeated into docs/reliability.md
	@$(BIN)/python -m docs.grid

lock: $(READY)  ## pins the newest releases that pyproject.toml allows, with hashes
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --all-extras --group dev pyproject.toml --output-file requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --extra cli --extra fast --extra httpx2 --group bench pyproject.toml \
		--output-file benchmarks/requirements-peers.txt

clean:  ## removes what the other commands made
	rm -rf .venv .bench .demo .nox .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
