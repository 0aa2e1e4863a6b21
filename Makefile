# Everything is built into .venv from the pinned constraints.txt; needs Python 3.11+ (with venv and pip), make and git.
PYTHON ?= python3.11
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
JOBS ?= 2
# CI wants everything freshly checked; a developer may pick tests: make test ARGS="-k journal"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench soak docs pictures clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.created: constraints.txt
	@command -v $(PYTHON) >/dev/null 2>&1 && interpreter=$(PYTHON) || interpreter=python3; \
	 $$interpreter -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	 { echo "Python 3.11 or newer is needed (set PYTHON=...)" >&2; exit 1; }; \
	 test -x $(BIN)/python || $$interpreter -m venv $(VENV)
	@$(PIP) install --quiet pip
	@touch $@

$(VENV)/.runtime: $(VENV)/.created pyproject.toml
	@$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.develop: $(VENV)/.runtime
	@$(PIP) install --quiet --group test --group check
	@touch $@

demo: $(VENV)/.runtime  ## open the cockpit on a live demo workspace (without a terminal: print its status)
	@$(BIN)/cockpit demo

test: $(VENV)/.develop  ## run the whole suite
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(VENV)/.develop  ## lint, format check, strict types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.develop  ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.develop  ## measure the budgets (QUICK=1 for less data, WRITE=1 makes docs/performance.md); prints a table
	@$(BIN)/python -m tests.benchmarks $(if $(QUICK),--quick) $(if $(WRITE),--write) $(ARGS)

soak: $(VENV)/.develop  ## change files under a live board for long; fails on growth or drift (ARGS="--changes N")
	@$(BIN)/python -m tests.benchmarks --soak $(ARGS)

docs: $(VENV)/.develop  ## write what of the documentation is made from the code
	@$(BIN)/python -m tests.generated

pictures: $(VENV)/.develop  ## draw the pictures of the documentation anew (look at them before committing)
	@$(BIN)/python -m tests.pictures

clean:  ## remove what make built
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
