# Two commands: `make run` starts Saqshy with its sample web, `make test` checks everything.
# `make evaluate` measures the classifier; real texts beside the checkout (DATA) are measured too where they are.
.DELETE_ON_ERROR:
.PHONY: run test servers setup lint types unit faults bench evaluate lock

PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && command -v $$p && break; done)
VENV := .venv
DATA := ../shared/data
BIN := $(VENV)/bin
ROOMS := classifiers crawlers index migrations models review_api manage.py
PIP := $(BIN)/pip --disable-pip-version-check --quiet install --no-compile
# pip compiles on one processor; this on all of them.
COMPILE := $(BIN)/python -m compileall -q -j 0

run: $(VENV)/installed
	$(BIN)/saqshy demo

# What can go on beside each other does; Python comes first, for it may need apt, as the servers do.
test: $(BIN)/python
	@$(MAKE) --no-print-directory -j 2 servers $(VENV)/installed-dev
	@$(MAKE) --no-print-directory -j 2 lint types
	@$(MAKE) --no-print-directory unit

servers:
	@sh tests/install_servers.sh

setup: $(VENV)/installed

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Saqshy needs Python 3.11 or newer: apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && apt-get install -y -qq python3-venv; } \
		|| { echo "Python's venv module is missing. Run: sudo apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Saqshy's own environment into $(VENV) (hash-pinned list, one or two minutes)"
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	$(COMPILE) $(VENV)/lib $(ROOMS)
	$(BIN)/saqshy install-classifier
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "Installing the tools of the tests into $(VENV)"
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	$(COMPILE) $(VENV)/lib
	@touch $@ $(VENV)/installed

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint review_api/templates

types:
	$(BIN)/mypy

# The classifier is fitted and our code compiled first, or each of pytest's processes would fit it,
# and each of the hundreds that the tests start would compile us (0.5 s for a crawl) where
# PYTHONDONTWRITEBYTECODE is set, and always in a parser child, which writes nothing.
unit:
	$(COMPILE) $(ROOMS) tests
	SAQSHY_DATA_DIR=.cache $(BIN)/saqshy install-classifier
	$(BIN)/pytest -m "not slow" -n 3 --dist loadfile --no-loadscope-reorder --durations=15

faults: $(VENV)/installed-dev
	$(BIN)/pytest -m slow --durations=10

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks

evaluate: $(VENV)/installed
	$(BIN)/saqshy evaluate --curve --left-out $(addprefix --flag-rate ,$(wildcard $(DATA))) \
		--html var/evaluation.html --json var/evaluation.json --card docs/model-card.md

lock:
	uv pip compile --python-version 3.11 --generate-hashes --quiet --no-annotate --no-header --extra build pyproject.toml -o requirements.lock
	uv pip compile --python-version 3.11 --generate-hashes --quiet --no-annotate --no-header --extra build --extra dev pyproject.toml -o requirements-dev.lock
