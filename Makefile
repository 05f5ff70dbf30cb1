# Everything a person does with this repository. Needs make and Python 3.11 or later, nothing else: `setup` brings
# the rest into .venv, in the versions of requirements.lock.

BIN := .venv/bin
READY := .venv/.ready
MIGRATIONS := src/riviere/database/migrations
# Compiled modules are kept whatever this shell says: without them every start takes twice as long.
export PYTHONDONTWRITEBYTECODE :=
# Given to the program or to pytest: make run ARGS="--port 8080", make test ARGS="-k combo".
ARGS ?=

# The first Python that is new enough and works; `python3.12` may be there and lead nowhere.
FIND_PYTHON = for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && break; python=; done

# Says nothing unless the command fails.
quietly = $(1) >.venv/check.log 2>&1 || { cat .venv/check.log >&2; exit 1; }

.DEFAULT_GOAL := help
.PHONY: setup run test coverage test-slow check bench wheel lock clean help

setup: $(READY) ## Make .venv with the locked packages
	@echo "setup: ready"

# uv comes by pip, at the lock's version and hashes, and puts in the rest; pip does it where only pip knows the way to
# a mirror. The environment is named, so that another one, activated in this shell, is left alone. The program's first
# start compiles its modules.
$(READY): requirements.lock pyproject.toml
	@set -e; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(FIND_PYTHON); \
		if [ -z "$$python" ]; then echo "setup: no Python 3.11 or later here; install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; fi; \
		echo "setup: .venv with $$("$$python" --version)"; \
		"$$python" -m venv --clear .venv >.venv.log 2>&1 || { cat .venv.log >&2; rm -f .venv.log; \
			echo "setup: $$python cannot make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
		rm -f .venv.log; \
	fi; \
	echo "setup: installing the packages of requirements.lock"; \
	awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock >.venv/uv.txt; \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement .venv/uv.txt; \
	quiet=$$(test -t 2 || echo --quiet); \
	$(BIN)/uv pip sync $$quiet --python $(BIN)/python --require-hashes requirements.lock || \
		$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock; \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	$(BIN)/riviere --help >/dev/null; \
	touch $(READY)

run: $(READY) ## Start Riviere with a demo economy (Ctrl-C stops it; everything is kept)
	@exec $(BIN)/riviere up --demo $(ARGS)

test: check ## Run the checks, then the tests
	@$(BIN)/pytest -n 4 $(ARGS)

coverage: $(READY) ## Run the tests, and say which lines none of them reaches
	@$(BIN)/pytest -n 4 --cov --cov-report=term-missing:skip-covered $(ARGS)

test-slow: $(READY) ## Run the long tests: thousands of examples, twenty kills
	@RIVIERE_SLOW=1 $(BIN)/pytest -n 2 -m slow $(ARGS)

check: $(READY) ## Lint, types, import contract and SQL
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --quiet --check || { echo "check: run $(BIN)/ruff format" >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(call quietly,$(BIN)/lint-imports --no-logo)
	@$(call quietly,$(BIN)/squawk $(MIGRATIONS)/*.sql)
	@$(call quietly,$(BIN)/sqlfluff lint src --processes 0)
	@echo "check: clean"

bench: $(READY) ## Measure Riviere here, ten minutes (one of it: make bench ARGS="writer --hot")
	@set -e; if [ -n "$(ARGS)" ]; then $(BIN)/riviere bench $(ARGS); else \
		for what in writer http read feed start; do echo "bench $$what"; $(BIN)/riviere bench $$what; done; fi

wheel: $(READY) ## Build the wheel into dist/
	@$(BIN)/hatchling build --target wheel

lock: $(READY) ## Choose versions again and write requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-annotate --no-header \
		--quiet --output-file requirements.lock

clean: ## Remove what these targets made; data folders stay
	@rm -rf .venv dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
