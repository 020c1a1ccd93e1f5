# Seatkeeper: every command of the project. `make` alone lists them.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PORT

.PHONY: help run test lint bench clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/installed ## serve on 127.0.0.1:$PORT (8000) with data in .local/; Ctrl-C stops all
	@exec $(BIN)/python -m infra.run

test: .venv/installed ## run every test; the first time installs Chromium and axe-core for them
	@$(BIN)/python -m tests.e2e.install
	$(BIN)/python -m pytest -n auto

lint: .venv/installed ## check style, types and the direction of the imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed ## measure against the bare engine, in one run
	@$(BIN)/python -m infra.bench

clean: ## remove what the other targets made, except the data in .local/
	rm -rf .venv .browser .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Seatkeeper needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing into .venv; this is done once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
