# Two commands for a fresh checkout; both need only Python >= 3.11, make and git, and neither needs root:
#
#   make demo    sets up .venv, simulates a small world, scans it, scores the result and says where to look
#   make test    sets up .venv, and passes the checks and the tests
#
# Beside them: `make test-real` (real servers and libraries, each in a virtual environment of its own), `make lock` (pins again),
# `make docs` (writes generated pages again), `make format`, `make clean`.
# `make bench` measures speed, false alarms and detection again (half an hour), `make range` hydrometer beside its rivals
# (hours; RANGE_ARGUMENTS=--smoke is short). PYTHON=python3.12 picks an interpreter.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# The tests of one file stay in one process, which makes its worlds once; each process may need two gigabytes.
AT_ONCE ?= --numprocesses auto --maxprocesses 4 --dist loadfile
PIP_QUIET := --quiet --disable-pip-version-check --no-input
PEERS := $(patsubst requirements/%.in,%,$(wildcard requirements/peer-*.in))
REAL := $(patsubst requirements/%.in,%,$(filter-out requirements/build.in requirements/dev.in,$(wildcard requirements/*.in)))

.PHONY: help demo setup setup-dev test check pytest test-real peers lock docs bench range format clean

help:
	@sed -n '1,/^$$/{/^#/s/^# \{0,1\}//p}' Makefile

# ---- set-up ---------------------------------------------------------------------------------------------------------

# An unfinished or foreign environment is repaired: `venv` keeps what is already there.
.venv/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "hydrometer needs Python 3.11 or newer, $(PYTHON) is older; try: make PYTHON=python3.12 …" >&2; exit 2; }
	@echo "setting up .venv" >&2
	$(PYTHON) -m venv .venv
	touch $@

.venv/.runtime: requirements/runtime.txt pyproject.toml .venv/.python
	$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements/runtime.txt
	$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --no-index -e .
	touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes -r requirements/dev.txt
	touch $@

.venvs/%/.stamp: requirements/%.txt
	@echo "setting up .venvs/$*" >&2
	$(PYTHON) -m venv .venvs/$*
	.venvs/$*/bin/python -m pip install $(PIP_QUIET) --require-hashes -r requirements/$*.txt
	touch $@

setup: .venv/.runtime

setup-dev: .venv/.dev

# ---- the two commands -----------------------------------------------------------------------------------------------

demo: setup
	$(BIN)/hydrometer demo

test: check pytest

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pytest: setup-dev
	$(BIN)/python -m pytest --ignore=tests/real $(AT_ONCE) $(PYTEST_ARGUMENTS)

# ---- beside them ----------------------------------------------------------------------------------------------------

test-real: setup-dev $(REAL:%=.venvs/%/.stamp)
	$(BIN)/python -m pytest tests/real $(PYTEST_ARGUMENTS)

# Rivals from the package index, each in an environment of its own.
peers: $(PEERS:%=.venvs/%/.stamp)

# Pins carry hashes and no addresses: where packages come from is the machine's configuration. Needs `uv` on the PATH.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links
lock:
	$(COMPILE) pyproject.toml requirements/build.in -o requirements/runtime.txt
	$(COMPILE) pyproject.toml requirements/build.in requirements/dev.in -o requirements/dev.txt
	for name in $(REAL); do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt; done

docs: setup
	$(BIN)/python scripts/write_docs.py docs

bench: setup
	for name in speed signals profile incremental generation false_alarms demo kinds gateway h1_null clumping leakage no_content link_scale steering replacements; do \
		$(BIN)/python -m bench.$$name; done

# Hydrometer and its rivals on all worlds; hours. It goes on where it was interrupted; `--smoke` is the short form.
range: setup-dev peers
	$(BIN)/python -m bench.range $(RANGE_ARGUMENTS)

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .venvs dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
