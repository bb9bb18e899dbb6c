# Every target brings up what it needs by itself; a second run finds it there and starts at once.
PYTHON ?= python3
PORT ?= 8000
export PORT

SETUP := @$(PYTHON) -m portal.bootstrap setup --for
TEST_SETTINGS := DJANGO_SETTINGS_MODULE=portal.settings.test

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow bench lint format check messages lock reset clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what is missing: system packages (as root), virtual environment, locked dependencies
	$(SETUP) development

demo: ## everything from nothing, the main job once, then serve http://127.0.0.1:8000 (PORT= changes it)
	$(SETUP) demo
	@.venv/bin/python manage.py demo

test: ## everything from nothing, then the test suite, browser tests included
	$(SETUP) test
	.venv/bin/pytest -n 2 -m "not slow"

test-slow: ## the tests that take long: simulation, load, large data
	$(SETUP) test
	.venv/bin/pytest -m slow

bench: ## measure the hot paths beside their peers and limits; writes bench/results/*.json
	$(SETUP) bench
	.venv/bin/python -m tests.bench

lint: ## formatting and lint
	$(SETUP) development
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

format: ## rewrite sources and templates in the house format
	$(SETUP) development
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	-.venv/bin/djlint --quiet --reformat portal/templates ledger content

check: lint ## lint, types, import layers, templates, migrations, translations complete
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --quiet --check portal ledger content
	.venv/bin/djlint --quiet --lint portal ledger content
	$(TEST_SETTINGS) .venv/bin/python manage.py check --fail-level WARNING
	$(TEST_SETTINGS) .venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/python -m portal.bootstrap.translations check

messages: ## bring the Chinese catalogues in line with the sources
	$(SETUP) development
	.venv/bin/python -m portal.bootstrap.translations update

lock: ## resolve pyproject.toml anew into the two lock files, with hashes and without an index
	$(SETUP) development
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
		pyproject.toml -o requirements.lock
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
		-c requirements.lock --group dev pyproject.toml -o requirements-dev.lock
	.venv/bin/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --no-emit-index-url \
		-c requirements-dev.lock --group dev --group bench pyproject.toml -o requirements-bench.lock

reset: ## remove this checkout's databases, demo secrets and uploaded files
	@$(PYTHON) -m portal.bootstrap reset

clean: ## remove what set-up and builds have made in the checkout; keeps databases, secrets and uploaded files
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles bench/results
	find portal ledger content tests -name __pycache__ -prune -exec rm -rf {} +
	find portal ledger content -name '*.mo' -delete
