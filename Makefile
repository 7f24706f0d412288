# Everything a person does with the project. `make up` and `make test` set up all that they need.
STACK ?= local
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
PIPELINES := .venv-pipelines
# Images for containers often turn compiled files off; a second run of the tests starts in half the time with them.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help up preview rehearse destroy check diagram lock test unit bench lint format schema clean

help: ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(READY): requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: $(PYTHON) is missing or older than 3.11; install Python 3.11 or newer, or set PYTHON=..." >&2; exit 1; }
	@echo "installing the Python packages into $(VENV) (about 2 min, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

up: $(READY) ## Run STACK (default local) on an embedded Kubernetes and leave it running
	@$(BIN)/python -m rehearsal up --stack $(STACK)

preview: $(READY) ## Show what an update of STACK would do, and what the policies say
	@$(BIN)/python -m rehearsal preview --stack $(STACK)

rehearse: $(READY) ## The whole life of STACK: up, checks, second up, destroy, report
	@$(BIN)/python -m rehearsal rehearse --stack $(STACK)

destroy: $(READY) ## Remove STACK and stop the control plane
	@$(BIN)/python -m rehearsal destroy --stack $(STACK)

check: $(READY) ## Say what is wrong with STACK's file
	@$(BIN)/python -m rehearsal check --stack $(STACK)

diagram: $(READY) ## Draw STACK into .rehearsal/diagrams
	@$(BIN)/python -m rehearsal diagram --stack $(STACK) --output .rehearsal/diagrams

lock: $(READY) ## Resolve the platform's images to digests in images.lock
	@$(BIN)/python -m rehearsal lock

$(PIPELINES)/.ready: examples/pipelines/requirements.txt
	@echo "installing Kubeflow's SDK into $(PIPELINES), an environment of its own (about 1 min, once)"
	@$(PYTHON) -m venv $(PIPELINES)
	@$(PIPELINES)/bin/pip install --quiet --disable-pip-version-check -r $< "pytest>=9,<10"
	@touch $@

test: $(READY) $(PIPELINES)/.ready ## All tests
	@$(BIN)/python -m pytest -n logical --dist loadfile

unit: $(READY) ## Quick tests: no engine, no processes, no whole SDKs of clouds or Ray
	@$(BIN)/python -m pytest -n logical --dist loadfile -m "not engine and not control_plane and not process and not tools" --ignore tests/sdk

bench: $(READY) ## How previews grow with models, beside a flat program
	@$(BIN)/python -m benchmarks

lint: $(READY) ## Formatting, lint rules and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright

format: $(READY) ## Format the code and sort its imports
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

schema: $(READY) ## Write the JSON Schema of stack files
	@$(BIN)/python -m components.settings.schema

clean: ## Stop the control plane and forget everything but the caches
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m rehearsal stop; fi
	@rm -rf .rehearsal $(VENV) $(PIPELINES)
