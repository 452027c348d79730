# Start with `make demo` and `make test`. Everything is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help install

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(READY)  ## create .venv, which every other command uses

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "crossbook needs Python 3.11 or newer; name one: make PYTHON=python3.12 …"; exit 1; }
	@echo "Installing into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo gateway chaos consent crash fleet generate grid lock clean

demo: $(READY)  ## write 1,000 contacts to each of four vendors on the sandbox, read them back and compare
	@$(BIN)/python -m examples.demo $(ARGS)

gateway: $(READY)  ## start the example application: one REST API and a page over the four vendors, on the sandbox
	@$(BIN)/python -m examples.gateway $(ARGS)

# The recipes of these are in noxfile.py, and run in .venv. ARGS go to pytest (test, check) or to the trials (build).
NOX = PATH="$(abspath $(BIN)):$$PATH" $(BIN)/nox --no-venv
SESSIONS := test lint types specs generated imports grid-check docs truth build
.PHONY: check $(SESSIONS)

$(SESSIONS): $(READY)
	@$(NOX) --session $@ -- $(ARGS)

check: $(READY)  ## run all that CI runs: lint, specs, generated code, import rules, grid, types, docs, tests
	@$(NOX) --tags check -- $(ARGS)

test:  ## run every test
lint:  ## check the code with ruff: rules and format
types:  ## check the types with mypy and pyright, both strict
specs:  ## check that the specs are valid and follow our rules, then check them with Redocly CLI
generated:  ## check that generated/ matches specs/ and was not changed by hand
imports:  ## check which package imports which
docs:  ## build the site, strictly, and print where to open it
truth:  ## check each fact about the vendors' wire with raw requests to the sandbox, and print it
build:  ## build wheel and sdist, and test each extra alone with the lowest and the newest dependencies

chaos: $(READY)  ## run every operation with every fault, and the long tests; print a table
	@$(BIN)/python -m tests.chaos $(ARGS)

crash: $(READY)  ## kill imports of 20,000 contacts 20 times; count lost and duplicate contacts
	@$(BIN)/python -m tests.batch.crash $(ARGS)

fleet: $(READY)  ## kill and stop the workers of a fleet, and measure what it costs; print a table
	@$(BIN)/python -m tests.fleet $(ARGS)

consent: $(READY)  ## write, opt out and kill at random, 500 times 50 steps; check that no opt-out is lost
	@$(BIN)/python -m tests.suppressions.machine $(ARGS)

BENCH := .bench/venv/bin
BENCH_READY := .bench/.ready

.PHONY: bench
bench: $(BENCH_READY)  ## compare the cost of crossbook with other clients; print ratios and their bounds
	@$(BENCH)/python -m benchmarks $(ARGS)

.PHONY: bench-profile
bench-profile: $(BENCH_READY)  ## write profiles of the hottest code into docs/performance.md
	@$(BENCH)/python -m benchmarks.profiles

$(BENCH_READY): benchmarks/requirements-peers.txt pyproject.toml
	@echo "Installing the compared clients into .bench …"
	@test -x $(BENCH)/python || $(PYTHON) -m venv .bench/venv
	@$(BENCH)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r benchmarks/requirements-peers.txt
	@$(BENCH)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

generate: $(READY)  ## write generated/ from specs/, and print what changed
	@$(BIN)/python specs/codegen/generate.py

grid: $(READY)  ## write the capability grid into docs/vendors/index.md, its summary into README.md, and the retry table into docs/reliability.md
	@$(BIN)/python -m docs.grid

lock: $(READY)  ## pin the newest releases that pyproject.toml allows, with hashes
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --all-extras --group dev pyproject.toml --output-file requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-emit-index-url --no-annotate --extra cli --extra fast --extra httpx2 --extra sandbox --group bench \
		pyproject.toml --output-file benchmarks/requirements-peers.txt

clean:  ## delete everything that the other commands created
	rm -rf specs/lint/node_modules .venv .bench .demo .nox .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
