# Everything a stranger needs: `make demo`, `make test`, `make bench`. Each installs what it needs first and is quick when nothing changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench

# Compiled once, not by each process anew: the tests start hundreds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install demo test soak bench check docs clean lock

install: $(STAMP)

$(STAMP): locks/test.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "proxyfleet needs Python 3.11 or newer; found: $$($(PYTHON) --version). Remedy: make install PYTHON=python3.12"; exit 1; }
	@echo "installing into $(VENV) (once)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/test.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(BENCH_STAMP): $(STAMP) locks/bench.txt
	@$(PYTHON) -m venv $(VENV)-bench
	@$(VENV)-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/bench.txt
	@touch $@

demo: install
	@exec $(BIN)/proxyfleet demo

check: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

# Files of tests side by side, one for each processor; then those that measure time.
test: check
	@$(BIN)/python -m pytest -n logical --dist loadfile --no-loadscope-reorder -m "not alone"
	@$(BIN)/python -m pytest -m alone

# The long form of the tests that have one.
soak: check
	@PROXYFLEET_SOAK=1 $(BIN)/python -m pytest

bench: $(BENCH_STAMP)
	@$(BIN)/python -m benchmarks.table

bench-%: $(BENCH_STAMP)
	@$(BIN)/python -m benchmarks.table $*

docs: install
	@$(BIN)/python -m docs.generate

clean:
	@rm -rf $(VENV) $(VENV)-bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Lock files: hashes for every platform, no index address. Needs `uv` (pip install uv).
lock:
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 pyproject.toml --group test -o locks/test.txt
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11 --no-emit-package typing --group bench -o locks/bench.txt
