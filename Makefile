# Each target sets up what it needs. `make` alone lists them.
VENV := .venv
PYTHON := $(VENV)/bin/python
MADE := $(VENV)/made
RUNTIME := $(VENV)/runtime-installed
DEVELOPMENT := $(VENV)/development-installed
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes
UV_COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
TESTS ?=
CATALOGUE ?= translations/messages.pot
WORKERS ?= 2
RERUNS ?= 0

.DEFAULT_GOAL := help
.PHONY: help demo run test lint format check bench messages lock clean debian-packages
MAKEFLAGS += --no-print-directory

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(RUNTIME) ## a portal with made-up people and devices, on PORT (8000), its data in MUSTER_DATA (./demo-data)
	@MUSTER_DATA="$${MUSTER_DATA:-./demo-data}" PORT="$${PORT:-8000}" exec $(PYTHON) -m flask --app app demo

run: $(RUNTIME) ## the real portal, on PORT (8000), its data in MUSTER_DATA (./data)
	@exec $(PYTHON) -m flask --app app serve

test: $(DEVELOPMENT) debian-packages ## all tests, or some: make test TESTS=tests/services
	@exec $(PYTHON) -m pytest -n $(WORKERS) --reruns $(RERUNS) --rerun-show-tracebacks $(TESTS)

lint: $(DEVELOPMENT) ## style, types and templates; changes nothing
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m djlint templates --lint --quiet

format: $(DEVELOPMENT) ## rewrite the Python files in the house's layout
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

check: ## lint, then test: green before every commit
	@$(MAKE) lint
	@$(MAKE) test

bench: $(DEVELOPMENT) debian-packages ## the benchmarks, or one: make bench ONLY=name
	@exec $(PYTHON) -m benchmarks $(ONLY)

messages: $(DEVELOPMENT) ## collect the sentences that can be translated into CATALOGUE
	@$(PYTHON) -m babel.messages.frontend --quiet extract -F babel.cfg -k N_ -k lazy_gettext --no-location --sort-output \
		--omit-header -o $(CATALOGUE) .

lock: $(DEVELOPMENT) ## newest versions that the .in files allow, with their hashes
	$(UV_COMPILE) --upgrade requirements.in --output-file requirements.lock
	$(UV_COMPILE) --upgrade requirements-dev.in --output-file requirements-dev.lock

clean: ## remove what can be made again; data and demo-data stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

debian-packages:
	@scripts/debian-packages

$(MADE):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Muster needs Python 3.11 or newer, not " + sys.version)'
	@python3 -m venv $(VENV)
	@touch $@

$(RUNTIME): requirements.lock | $(MADE)
	@echo "Installing what Muster needs"
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(DEVELOPMENT): requirements-dev.lock | $(MADE)
	@echo "Installing what Muster and its tests need"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(RUNTIME)
