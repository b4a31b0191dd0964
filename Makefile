# Andon's commands. `make` alone lists them.
PY ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
PEERS := .venv-peers
LANE ?= short

# What tries the core: its own tests, the replay of whole stores, and what all stores agree on.
OF_THE_CORE := tests/approvals tests/bot/test_replay.py tests/storage/contract

.DEFAULT_GOAL := help
.PHONY: help demo serve notify postgres doctor test trust planted coverage mutants screenshots lint types contracts check bench bench-peers lock clean

# Tests start hundreds of processes, and a start is measured: where bytecode is not kept, each reads
# every module anew.
test trust coverage mutants screenshots bench bench-peers: export PYTHONDONTWRITEBYTECODE =

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run $(VENV)/.demo ## See all of it in a browser, within a minute, without Slack
	@$(BIN)/python -m bot demo

serve: $(VENV)/.run ## Run the server with the settings of the environment or .env
	@$(BIN)/python -m bot serve

notify: $(VENV)/.run requirements-notify.lock ## Install Apprise too, for pages by the policy's routes
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-notify.lock

postgres: $(VENV)/.run requirements-postgres.lock ## Install asyncpg too, for a database on a PostgreSQL server
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-postgres.lock

doctor: $(VENV)/.run ## Look at everything a server needs, and say what to do
	@$(BIN)/python -m bot doctor

test: $(VENV)/.dev ## Install what is needed and run all tests
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --ignore tests/trust

trust: $(VENV)/.dev ## Prove what Andon claims, with figures; LANE=full takes hours
	@ANDON_TRUST_LANE=$(LANE) $(BIN)/python -m pytest -n 4 --dist worksteal --durations 15 tests/trust

planted: $(VENV)/.dev ## Search for every planted bug anew and store the shortest example of each
	@$(BIN)/python -m tests.approvals.planted

coverage: $(VENV)/.dev ## Every branch of approvals/ is taken by a test
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile $(OF_THE_CORE) \
	  --cov=approvals --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

mutants: $(VENV)/.dev ## Try mutants of what decides on the core's tests; goes on where it was (hours)
	@PATH=$(CURDIR)/$(BIN):$$PATH $(BIN)/python -m tests.mutating

screenshots: $(VENV)/.dev ## Take the pictures of the documents anew, in a headless Chromium
	@ANDON_PICTURES=docs/images $(BIN)/python -m pytest -q tests/browser -k "opens_as_an_approver or seen_whole or gallery or report or memory"

lint: $(VENV)/.dev ## Ruff: style, imports, formatting
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev ## Mypy, strict
	@$(BIN)/mypy

contracts: $(VENV)/.dev ## Who may import whom
	@PYTHONPATH=client $(BIN)/lint-imports

check: lint types contracts test trust ## Everything that has to pass

bench: $(VENV)/.dev ## Speed, as ratios measured side by side
	@$(BIN)/python -m bench

bench-peers: $(VENV)/.dev $(PEERS)/.peers ## The same beside what others make; installs them apart
	@$(BIN)/python -m bench.peers

lock: $(VENV)/bin/uv ## Pin dependencies with hashes (uv.lock stays out: it records addresses)
	@$(BIN)/uv lock -q
	@$(BIN)/uv export -q --locked --no-dev --no-emit-project --no-annotate --no-header --no-emit-index-url -o requirements.lock
	@$(BIN)/uv export -q --locked --no-dev --extra notify --no-emit-project --no-annotate --no-header --no-emit-index-url -o requirements-notify.lock
	@$(BIN)/uv export -q --locked --no-dev --extra postgres --no-emit-project --no-annotate --no-header --no-emit-index-url -o requirements-postgres.lock
	@$(BIN)/uv export -q --locked --no-dev --extra demo --no-emit-project --no-annotate --no-header --no-emit-index-url -o requirements-demo.lock
	@$(BIN)/uv export -q --locked --all-groups --all-extras --no-emit-project --no-annotate --no-header --no-emit-index-url -o requirements-dev.lock

clean: ## Remove the environment and what tests left
	@rm -rf $(VENV) $(PEERS) bench/results .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results mutants

$(VENV)/bin/uv:
	@$(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Andon needs Python 3.11 or newer as $(PY); set PY=python3.12, say."; exit 1; }
	@echo "Preparing an environment of its own in $(VENV) (once, about half a minute) ..."
	@$(PY) -m venv $(VENV) 2>/dev/null \
	  || { echo "Python's venv is missing. On Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

# The server needs its own packages only; tests need the rest. Each set is pinned with hashes.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.demo: requirements-demo.lock pyproject.toml | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-demo.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/uv
	@$(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

# Peers have an environment of their own, so that nothing of theirs is in ours.
$(PEERS)/.peers: bench/peers.txt
	@command -v npm >/dev/null || { echo "Restate's server comes by npm, which is missing here."; exit 1; }
	@$(PY) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install -q --disable-pip-version-check -r bench/peers.txt
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(PEERS) @restatedev/restate-server@1.7.12
	@touch $@
