# Two commands do everything: `make demo` and `make test`. See README.md.
# The first of these that runs and is of a supported version.
FITS   := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
            $$p -c '$(FITS)' >/dev/null 2>&1 && echo $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
DEBIAN := chromium espeak-ng fonts-dejavu-core fonts-liberation libportaudio2
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help install install-dev debian demo test test-slow lint types walls unit bench clean

help: ## what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(FITS)' || \
	  { echo "Scrubjay needs Python 3.11, 3.12 or 3.13 on the path, or: make PYTHON=/path/to/python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing Scrubjay and its parts into $(VENV) (a few minutes the first time)"
	$(BIN)/python -m pip install --quiet --editable '.[all]' --constraint constraints.txt
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[all]' --constraint constraints.txt --group dev
	@touch $@

install: $(VENV)/.installed ## install into .venv

install-dev: $(VENV)/.installed-dev

debian:
	@missing=""; for p in $(DEBIAN); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "Installing Debian packages:$$missing"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
	  echo "Not installed (needs root: apt-get install$$missing): tests that need them are skipped and say so"; \
	fi

demo: install ## install, then show the main job on pictures it draws itself
	$(BIN)/scrubjay demo

lint: install-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: install-dev
	$(BIN)/mypy

walls: install-dev
	$(BIN)/lint-imports

unit: install-dev debian
	$(BIN)/pytest -n $(JOBS)

test: install-dev debian lint types walls unit ## linters, types, import contracts, all fast tests

test-slow: install-dev debian ## the longer proofs: kill matrices, models taught from scratch
	$(BIN)/pytest -m slow -n $(JOBS)

bench: install-dev ## every measurement in bench/ (quiet machine, please)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group bench
	for script in bench/*.py; do echo "== $$script"; $(BIN)/python $$script; code=$$?; \
	  [ $$code != 2 ] || echo "$$script wants to be told more: see its --help"; \
	  [ $$code = 0 ] || [ $$code = 2 ] || exit 1; done

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
