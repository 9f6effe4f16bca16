# make run: everything, on this machine. make test: every check and test. make install: what both need.
# Settings (README.md has the table) are read from the environment: PIPELINE_BIND=0.0.0.0:8080 make run

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MODEL := $(or $(PIPELINE_MODELS_DIR),$(or $(PIPELINE_VAR),var)/models)/SmolLM2-135M-Instruct
# On a broker of yours the tests run one after another: two processes' workers would take each other's messages.
PARALLEL := $(if $(REDIS_URL),,--numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder)
PIP := $(BIN)/pip --disable-pip-version-check install --progress-bar off --quiet
LOCK := $(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-header --annotation-style=line \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --unsafe-package torch

SCHEMA := $(BIN)/python -W ignore::RuntimeWarning manage.py spectacular --validate --fail-on-warn

.PHONY: help install run test chaos lint lock figures picture wheel audit schema fuzz hostile

help:
	@echo "make run      start Pipeline on this machine (installs what is missing)"
	@echo "make test     run every check and test"
	@echo "make chaos    jobs, uploads, deletions for ten minutes while things are killed and disks are full"
	@echo "make lint     run the checks alone"
	@echo "make audit    ask whether a locked dependency has a known vulnerability (needs the internet)"
	@echo "make figures  count the house: sizes, types, docstrings, directions"
	@echo "make picture  renew what docs/ says of the code: imports, hyperparameters"
	@echo "make schema   renew docs/openapi.yaml, the API's description, from its views"
	@echo "make hostile  send 20,000 requests that no client of ours sends, to every route"
	@echo "make fuzz     try the whole API by its description, for minutes (schemathesis)"
	@echo "make wheel    build dist/pipeline-*.whl"
	@echo "make install  set up, without starting"
	@echo "make lock     renew the locked dependencies from pyproject.toml"

run: install
	@$(BIN)/python -m pipeline.launcher

install: $(VENV)/installed
	@cd training && ../$(BIN)/python -m trainer.bundled "$(abspath $(MODEL))"

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	    { echo "Pipeline needs Python 3.11 or newer as $(PYTHON). Name another: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@test $$(df -Pk . | awk 'NR==2 {print int($$4 / 1024)}') -ge 3000 || \
	    { echo "Installing needs about 3 GB of disk here; df -h . shows what is free."; exit 1; }
	@echo "Creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# torch stands alone, without hashes: a local wheel may serve, and a GPU host's build brings CUDA packages.
$(VENV)/installed: $(VENV)/python requirements/train.lock requirements/torch.txt
	@echo "Installing dependencies (1.5 GB, some minutes on a slow network)"
	@$(PIP) --no-deps --require-hashes -r requirements/train.lock
	@$(PIP) -r requirements/torch.txt
	@touch $@

# trl's chat templates are read as files; with its dependencies would come another package named datasets.
$(VENV)/installed-dev: $(VENV)/installed requirements/dev.lock requirements/oracle.txt
	@echo "Installing what tests need"
	@$(PIP) --no-deps --require-hashes -r requirements/dev.lock
	@$(PIP) --no-deps --require-hashes -r requirements/oracle.txt
	@touch $@

test: install $(VENV)/installed-dev lint
	@if [ ! -x /usr/bin/chromium ] && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium for the browser tests"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; fi
	$(BIN)/python -m pytest $(PARALLEL) $(PYTEST_ARGS)

chaos: $(VENV)/installed-dev
	$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(SCHEMA) | diff docs/openapi.yaml - || { echo "docs/openapi.yaml is out of date: run make schema"; exit 1; }
	$(BIN)/djlint --lint --quiet templates
	PIPELINE_HTTPS=true $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@if command -v npx >/dev/null; then npx --yes @biomejs/biome@2.6.8 ci static/js; \
	else echo "JavaScript is not checked: npx (Node.js) is missing"; fi

# A package that could not be looked up is no good news: --strict. The report says whether one was found, or none asked.
audit: $(VENV)/installed-dev
	@report=$$(mktemp) && trap 'rm -f "$$report"' EXIT; \
	for locked in "--require-hashes -r requirements/dev.lock -r requirements/oracle.txt" \
	              "--no-deps -r requirements/torch.txt"; do \
	    $(BIN)/pip-audit --strict --disable-pip --progress-spinner off $(AUDIT_ARGS) $$locked 2>"$$report" && continue; \
	    grep '^Found [0-9]' "$$report" && exit 1; \
	    tail -n 1 "$$report"; \
	    echo "Nothing is known of the locked dependencies: the vulnerability service could not be asked. Try again where"; \
	    echo "the internet can be reached, or ask another service: make audit AUDIT_ARGS='--vulnerability-service osv'"; \
	    exit 2; \
	done; \
	echo "No known vulnerabilities in the locked dependencies"

figures: $(VENV)/installed-dev
	@$(BIN)/python -m tests.house.figures
	@$(BIN)/python -m pytest -q -s --no-header --durations 0 tests/house/test_slider.py

picture: $(VENV)/installed-dev
	$(BIN)/python -m tests.house.docs

schema: $(VENV)/installed-dev
	$(SCHEMA) --file docs/openapi.yaml

hostile: $(VENV)/installed-dev
	$(BIN)/python -m tests.web.hostile $(HOSTILE_ARGS)

fuzz: $(VENV)/installed-dev
	$(BIN)/python -m tests.openapi $(FUZZ_ARGS)

wheel: $(VENV)/installed-dev
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

lock: $(VENV)/installed-dev
	$(LOCK) -o requirements/base.lock pyproject.toml
	$(LOCK) -o requirements/train.lock --extra train -c requirements/base.lock pyproject.toml
	$(LOCK) -o requirements/dev.lock --extra train --extra dev -c requirements/train.lock pyproject.toml
