# PersonaPulse: `make help` lists the menu. Needs only python 3.11 to 3.13, make and a C library.
SHELL := /bin/bash
PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=
ENVIRONMENT ?= test
export PYTHONUNBUFFERED := 1
# Python compiles what is used when it is first used, and keeps it: of a third of a gigabyte that is installed, a tenth.
unexport PYTHONDONTWRITEBYTECODE

# requirements-uv.lock pins the installer, the other locks pin everything it installs; nothing is fetched that has no hash.
define make_environment
@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "PersonaPulse needs python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another: make $@ PYTHON=python3.12")'
@echo "Installing $(2) into $(1) (once; a changed lock installs again) ..."
@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
@$(1)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.lock
@$(1)/bin/uv pip install --quiet --python $(1)/bin/python --require-hashes --requirement $(2)
@$(1)/bin/uv pip install --quiet --python $(1)/bin/python --no-deps --no-build-isolation --editable .
@touch $(1)/.installed
endef

.PHONY: help
help: ## list what make can do
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-15s %s\n", $$1, $$2}'

.PHONY: run
run: .venv/.installed ## start the shop: PostgreSQL, Airflow, sample data; stays up until Ctrl-C (ARGS="--once" ends after the last day)
	@exec .venv/bin/personapulse up $(ARGS)

# tests/conftest.py says which files come first. Two processes have two cores: threads of theirs would wait for each other.
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 .venv-test/bin/python -m pytest --ignore tests/faults --ignore tests/exports --ignore tests/deployed --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 10

.PHONY: test
test: look browser ## lint, types, unit, SQL, dags, end to end; two files of tests at a time (what takes long is in `make faults` and `make audiences`)
	@$(PYTEST) tests $(PYTEST_ARGS)

.PHONY: faults
faults: .venv-test/.installed ## break things while a night is under way: workers, scheduler, database, late days, midnight in a backfill (up to an hour)
	@.venv-test/bin/python -m pytest -v --durations 10 tests/faults tests/e2e/test_crashes.py $(PYTEST_ARGS)

.PHONY: audiences
audiences: .venv-test/.installed ## take three days through a real scheduler and see what leaves: the newest day's audiences, once (three minutes)
	@.venv-test/bin/python -m pytest -v tests/exports $(PYTEST_ARGS)

.PHONY: redis
redis: ## the system's Redis, which `make test-celery` starts on this machine (apt-get install redis-server, where it is missing)
	@command -v redis-server > /dev/null || { apt-get update -qq && apt-get install -y -qq redis-server; }

# As the Dockerfile does: the lock, and on top of it the package as a wheel.
.PHONY: test-celery
test-celery: .venv-test/.installed .venv-celery/.installed redis ## run what docker-compose.yaml starts, without containers: two Celery workers, one of them killed (ten minutes, more beside other work)
	@rm -rf .venv-celery/wheel && .venv-celery/bin/python -m hatchling build --target wheel --directory .venv-celery/wheel
	@.venv-celery/bin/uv pip install --quiet --python .venv-celery/bin/python --no-deps --no-index --reinstall .venv-celery/wheel/*.whl
	@.venv-test/bin/python -m pytest -v --durations 10 --timeout 3600 tests/deployed $(PYTEST_ARGS)

.PHONY: quick
quick: look browser ## what needs no Airflow scheduler
	@$(PYTEST) tests --ignore tests/e2e $(PYTEST_ARGS)

.PHONY: browser
browser: ## the system's Chromium, which tests of the dashboard drive (apt-get install chromium, where it is missing)
	@command -v chromium chromium-browser google-chrome > /dev/null || { apt-get update -qq && apt-get install -y -qq chromium; }

.PHONY: screenshots
screenshots: .venv-test/.installed browser ## draw the docs' pictures of the dashboard anew, from what `make run` has published
	@PERSONAPULSE_SCREENSHOTS="$(abspath $(or $(ARGS),.personapulse/report/latest))" .venv-test/bin/python -m pytest -q tests/sql/test_dashboard_in_a_browser.py -k pictures

.PHONY: bench
bench: .venv-test/.installed ## measure how fast data come in, about 10 minutes (a quick look: ARGS="--events 1000000 --long 60")
	@.venv-test/bin/python -m benchmarks $(ARGS)

.PHONY: look
look: .venv-test/.installed
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint types

.PHONY: lint
lint: .venv-test/.installed ## ruff (with its Airflow rules) and sqlfluff
	@.venv-test/bin/ruff check . && .venv-test/bin/ruff format --check . && .venv-test/bin/python .ci/lint_sql.py lint -q --processes 2 include/sql

.PHONY: types
types: .venv-test/.installed ## mypy, strict
	@.venv-test/bin/mypy

.PHONY: audit
audit: .venv-test/.installed ## ask PyPI for known holes in what the locks name (pip-audit)
	@for lock in requirements.lock requirements-powerbi.lock requirements-deploy.lock; do .venv-test/bin/uv tool run pip-audit --strict --disable-pip --no-deps --requirement $$lock || exit 1; done

.PHONY: format
format: .venv-test/.installed ## rewrite the code the way lint wants it
	@.venv-test/bin/ruff check --fix . ; .venv-test/bin/ruff format . ; .venv-test/bin/sqlfluff fix -q include/sql

.PHONY: powerbi
powerbi: .venv-test/.installed ## write the Power BI project anew from include/powerbi.yaml and include/metrics.yaml
	@.venv-test/bin/python -m personapulse.powerbi write

LOCK = .venv-test/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade

.PHONY: powerbi-deploy
powerbi-deploy: .venv-powerbi/.installed ## bring the Power BI report into a workspace (ENVIRONMENT=test; only look: ARGS="--dry-run")
	@.venv-powerbi/bin/python -m personapulse.powerbi_service $(ENVIRONMENT) $(ARGS)

.PHONY: docs
docs: .venv-test/.installed ## write the pages and the picture of docs/ that are made of something else anew: definitions, configuration, architecture
	@.venv-test/bin/python -m personapulse.metrics write
	@.venv-test/bin/python -m personapulse.reference write
	@.venv-test/bin/python docs/images/architecture.py

.PHONY: lock
lock: .venv-test/.installed ## renew the hash-pinned locks from pyproject.toml
	$(LOCK) requirements-uv.in --output-file requirements-uv.lock
	$(LOCK) pyproject.toml --extra build --extra test --output-file requirements-test.lock
	$(LOCK) pyproject.toml --extra build --constraint requirements-test.lock --output-file requirements.lock
	$(LOCK) requirements-powerbi.in --constraint requirements-test.lock --output-file requirements-powerbi.lock
	$(LOCK) pyproject.toml --extra build --extra deploy --constraint requirements-test.lock --output-file requirements-deploy.lock

.PHONY: clean
clean: ## remove the environments and the default home (its data too)
	rm -rf .venv .venv-test .venv-powerbi .venv-celery .personapulse .mypy_cache .ruff_cache .pytest_cache

.venv/.installed: requirements.lock requirements-uv.lock pyproject.toml
	$(call make_environment,.venv,requirements.lock)

.venv-powerbi/.installed: requirements-powerbi.lock requirements-uv.lock pyproject.toml
	$(call make_environment,.venv-powerbi,requirements-powerbi.lock)

.venv-celery/.installed: requirements-deploy.lock requirements-uv.lock pyproject.toml
	$(call make_environment,.venv-celery,requirements-deploy.lock)

.venv-test/.installed: requirements-test.lock requirements-uv.lock pyproject.toml
	$(call make_environment,.venv-test,requirements-test.lock)
