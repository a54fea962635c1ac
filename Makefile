# Everything a person or CI runs. `make run` is all that a newcomer needs.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check setup lock readme clean

run: setup            ## set up if needed, then open the application
	$(BIN)/notewright serve

test: setup           ## set up if needed, then run every test
	$(BIN)/pytest

check: setup          ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup:                ## make .venv what requirements.lock says
	@$(PYTHON) scripts/setup.py

lock:                 ## write requirements.lock from what is installed in .venv
	$(BIN)/python scripts/lock.py

readme:               ## write the README's file map and settings table
	$(BIN)/python scripts/readme.py

clean:                ## remove the environment and caches (what you wrote is elsewhere, and stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
