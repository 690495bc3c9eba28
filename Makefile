# Each command makes what it needs: start with `make demo` or `make test` in a fresh clone.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
TEXTS := build/flask_twofactor.pot
FOLDER := flask_twofactor/translations
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test check format lint types coverage bench bench-peers bench-scale soak docs screenshots messages deps-system pins clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/installed ## start the example app, print its address and demo accounts
	$(BIN)/python -m example_app $(ARGS)

test: .venv/installed ## run the tests, on real servers and Chromium where found (ARGS="tests/web -k name")
	$(BIN)/python -m pytest -n auto $(ARGS)

check: lint types test ## all that must pass before a change lands

format: .venv/installed ## put the code in the house layout
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lint: .venv/installed ## look at layout and style
	$(BIN)/ruff format --check
	$(BIN)/ruff check

types: .venv/installed ## check the types
	$(BIN)/mypy

coverage: .venv/installed ## say which lines no test reaches
	$(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage report

bench: .venv/installed ## compare times and statements with bare Flask-Login
	$(BIN)/python -m benchmarks $(ARGS)

bench-peers: .venv/installed ## compare with other second factors, each in an environment of its own
	$(BIN)/python -m benchmarks.peers $(ARGS)

bench-scale: .venv/installed ## compare a thousand users with a million, on SQLite and PostgreSQL
	$(BIN)/python -m benchmarks.scale $(ARGS)

soak: .venv/installed ## check every answer under load while workers and PostgreSQL are restarted
	$(BIN)/python -m benchmarks.soak $(ARGS)

docs: .venv/installed ## build the site of the docs, and say where it is
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

screenshots: .venv/installed ## take the pictures and the film of the docs from the running example app
	$(BIN)/python -m docs.screenshots $(ARGS)

messages: .venv/installed ## bring the catalogues up to date and compile them (NEW=it starts one)
	mkdir -p build
	$(BIN)/pybabel --quiet extract --mapping pyproject.toml --keywords mark --keywords tf_ \
		--keywords tf_n:1,2 --add-comments Translators: --add-location file --no-wrap \
		--project flask_twofactor --output $(TEXTS) flask_twofactor
	$(if $(NEW),$(BIN)/pybabel init --input-file $(TEXTS) --no-wrap --output-dir $(FOLDER) \
		--domain flask_twofactor --locale $(NEW))
	$(BIN)/pybabel --quiet update --input-file $(TEXTS) --no-fuzzy-matching --ignore-obsolete \
		--ignore-pot-creation-date --no-wrap --output-dir $(FOLDER) --domain flask_twofactor
	$(BIN)/pybabel compile --directory $(FOLDER) --domain flask_twofactor --statistics

deps-system: ## install what the tests use beside Python (Debian, Ubuntu)
	$(SUDO) apt-get update
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
		python3-venv postgresql mariadb-server redis-server chromium oathtool fonts-dejavu-core fonts-noto-core

pins: ## write requirements/dev.txt anew from pyproject.toml (ARGS=--upgrade for newest)
	tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PYTHON) -m venv "$$tools" && \
	"$$tools/bin/pip" install --quiet uv && \
	"$$tools/bin/uv" pip compile --no-config --quiet --universal --all-extras --group dev \
		--generate-hashes --no-annotate --custom-compile-command "make pins" \
		--output-file requirements/dev.txt $(ARGS) pyproject.toml

clean: ## remove the environment and what tools remember
	rm -rf .venv build dist docs/_build htmlcov .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Every package is pinned by hash; the environment is made anew when a pin changes.
.venv/pinned: requirements/dev.txt
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

.venv/installed: .venv/pinned pyproject.toml
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/pip check
	@touch $@
