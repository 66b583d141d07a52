# Every target works in a fresh clone: it sets up what it needs first.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed

.PHONY: setup run dev test lint bench clean help

help: ## Show the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(STAMP) ## Create .venv and install the pinned packages

$(STAMP): pyproject.toml constraints.txt
	@sh scripts/system_packages.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[embedded,dev]'
	@touch $(STAMP)

run: setup ## Sync every campaign (the built-in sample account unless .env names yours), and list who engaged
	$(BIN)/octopus sync --all
	$(BIN)/octopus consolidate --engaged

dev: setup ## Open the Dagster UI on http://localhost:3000
	$(BIN)/octopus dev

test: setup ## Run the tests
	$(BIN)/python -m pytest --numprocesses=2

lint: setup ## Check style, types and import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup ## Measure speed and memory against their bounds
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[bench]'
	$(BIN)/python -m benchmarks

clean: ## Remove what the project made under data/ (the embedded database, tables, exports, run history)
	@test ! -x $(BIN)/octopus || $(BIN)/octopus clean --yes
