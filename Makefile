# Infusion Clinic. Needs Python 3.11 or later, make and git; everything else goes into .venv and .demo.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

ifndef PYTHON
PYTHON := $(shell for name in python3.11 python3.12 python3.13 python3; do \
  $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$name && break; done)
endif

RUN := .venv/bin/python
# Tools that import the settings find a production-like environment here; nothing listens at its addresses.
TOOLING := set -a; . ./tests/tooling.env; set +a;

.PHONY: help demo demo-reset test check bench lock environment environment-dev python

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

demo: environment ## Start the demo clinic on PORT (8000); Ctrl-C stops it and keeps its data
	@exec $(RUN) infusion_clinic/demo/__main__.py run

demo-reset: environment ## Throw the demo's data away and start it afresh
	@$(RUN) infusion_clinic/demo/__main__.py reset
	@exec $(RUN) infusion_clinic/demo/__main__.py run

test: environment-dev ## Run the whole suite (one part: make test ARGS=tests/runtime)
	@exec $(RUN) -m pytest -n 2 --dist loadfile $(ARGS)

check: environment-dev ## Lint, types, templates, layers, migrations, deploy settings, house tests
	@$(RUN) tests/checks.py

bench: environment-dev ## Measure what people wait for against plain SQL, in one table
	@exec $(RUN) -m bench

lock: environment-dev ## Lock requirements/*.in into requirements/*.txt with hashes
	@cd requirements && for name in base embedded dev; do \
	  ../.venv/bin/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --python-version 3.11 $$name.in -o $$name.txt || exit 1; echo "requirements/$$name.txt"; done

environment: python
	@$(PYTHON) requirements/install.py embedded

environment-dev: python
	@$(PYTHON) requirements/install.py dev

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 (or 3.12, 3.13) is needed and was not found; on Debian: apt-get install python3.11 python3.11-venv" >&2; exit 1; }
