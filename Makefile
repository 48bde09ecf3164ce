# `make demo` restores a sample picture; `make test` runs the checks. Both make .venv and install into it.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-lowest lint readme site clean

demo: .venv/installed
	$(BIN)/python samples/demo.py

test: .venv/installed-dev lint
	$(BIN)/python -m pytest

# The tests with the lowest versions that pyproject.toml allows of what artifix itself needs, all else as new as goes with
# them, in a place of their own: make test-lowest [TESTS=tests/restoration]
test-lowest:
	$(PYTHON) -m venv .venv-lowest
	sed -n '/^dependencies = \[/,/^]/s/^ *"\(.*\)>=\(.*\)",.*/\1==\2/p' pyproject.toml > .venv-lowest/lowest.txt
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check --constraint .venv-lowest/lowest.txt --editable '.[dev]'
	.venv-lowest/bin/python -m pytest $(TESTS)

lint: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The README's tables, from results/*.json.
readme: .venv/installed-dev
	$(BIN)/python tools/docs/readme.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable .
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml constraints.txt
	$(INSTALL) --editable '.[dev]'
	touch $@ .venv/installed

# The documentation as a site in build/site; any warning is an error.
site: .venv/installed-dev
	$(INSTALL) --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --site-dir build/site

clean:
	rm -rf .venv .venv-lowest demo
