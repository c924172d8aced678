# Two commands do all their own set-up: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test format bench storm clean

demo: .venv/demo.stamp
	@$(BIN)/python -m bot demo

test: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

format: .venv/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/test.stamp
	$(BIN)/python -m tests.bench

SEED ?= $(shell date +%s)
storm: .venv/test.stamp
	$(BIN)/python -m tests.chaos --kills 300 --seed $(SEED)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Spotter needs Python 3.11 or newer; name one with: make PYTHON=python3.12 demo")'
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo 'Python could not make .venv (on Debian: apt install python3-venv).' >&2; exit 1; }

.venv/demo.stamp: requirements.txt pyproject.toml | .venv/bin/python
	@echo 'Installing what Spotter needs; the first time that takes a minute or two.'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	$(BIN)/python -m compileall -q bot
	@touch $@

.venv/test.stamp: tests/requirements.txt .venv/demo.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	@touch $@
