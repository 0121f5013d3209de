# Every task of the project, from a fresh clone, with nothing but Terraform, Python 3.13 and make; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo down package fmt lint test plan check-plan apply doctor lab docs benchmarks lock clean

ENV ?= dev
PYTHON ?= $(shell for python in python3.13 python3 python; do $(call is_313,$$python) && { echo $$python; break; }; done)
WRONG_PYTHON = 'Python 3.13 is needed: install it, or name one (make PYTHON=/path/to/python3.13).'
is_313 = $(1) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
RUN := .venv/bin/python -m
TERRAFORM = $(RUN) scripts.terraform -chdir=environments/$(ENV)
# A virtual environment is ready when it is younger than its lock files, which alone say what is in it.
DEV := .venv/ready
LINT := .venv-lint/ready
PEERS := .venv-benchmarks/ready
PIP := -m pip install -qq --disable-pip-version-check --require-hashes
SAMPLE := scripts/demo/sample_repository
COMPILE := .venv-lint/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-annotate --no-header

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(DEV) ## Install what development and the demo need into .venv

demo: package $(LINT) ## Deploy everything to this machine and run it on real input, live (WORKFLOW=one alone)
	@$(RUN) scripts.demo $(WORKFLOW)

down: ## Stop the local engine and remove all that it and the demo hold
	@test ! -x .venv/bin/python || $(RUN) scripts.local_engine stop
	@rm -rf build/local build/engine environments/local/engine_override.tf

package: $(DEV) ## Build the zips that Lambda runs
	@$(RUN) scripts.package

fmt: $(DEV) ## Put Python and Terraform files in their form
	@$(RUN) ruff check --quiet --fix . ; $(RUN) ruff format --quiet .
	@$(RUN) scripts.terraform fmt -recursive

lint: $(DEV) ## Check the form, the style and the types of all files
	@$(RUN) ruff check --quiet . && $(RUN) ruff format --quiet --check .
	@$(RUN) mypy
	@$(RUN) scripts.terraform fmt -check -recursive

test: lint package $(LINT) build/providers.ready ## Run everything that CI runs
	@$(RUN) pytest --numprocesses 2 --dist load

plan: environments/$(ENV)/main.tf package ## Show what `make apply` would change (ENV=dev)
	@$(TERRAFORM) init -input=false
	@$(TERRAFORM) plan

check-plan: environments/$(ENV)/main.tf package ## Say what the plan would break, before it is applied (ENV=dev)
	@$(RUN) scripts.check_plan --env $(ENV)

apply: environments/$(ENV)/main.tf package ## Change an account's resources to what the files say, after asking (ENV=dev)
	@$(TERRAFORM) init -input=false
	@$(TERRAFORM) apply

doctor: environments/$(ENV)/main.tf $(DEV) ## Say what is wrong with a deployed environment, and how to mend it (ENV=dev)
	@$(RUN) scripts.doctor --env $(ENV) $(if $(MINUTES),--minutes $(MINUTES))

lab: package $(LINT) ## Break this machine's environment on purpose, diagnose and cure it (FAULT=1 to 5, VARIANT=one alone)
	@$(RUN) scripts.lab $(FAULT) $(VARIANT)

docs: $(DEV) ## Generate the modules' tables and the state machines' diagrams
	@$(RUN) scripts.docs

benchmarks: package $(PEERS) ## Measure throughput, memory and cold starts; write docs/benchmarks.md
	@PYTHONPATH=lambda_src $(RUN) tests.benchmarks

lock: $(LINT) ## Compile requirements/*.in to hash-locked files
	@for name in benchmarks dev layer lint; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt || exit 1; done
	@$(COMPILE) --no-deps requirements/data.in -o requirements/data.txt
	@$(COMPILE) -c requirements/layer.txt $(SAMPLE)/requirements/layer.in -o $(SAMPLE)/requirements/layer.txt

clean: down ## Remove everything that was built or installed
	@rm -rf build .venv .venv-benchmarks .venv-lint .mypy_cache .ruff_cache .pytest_cache .hypothesis

environments/%/main.tf:
	@echo "There is no environment '$*': use ENV= and one of $(patsubst environments/%/main.tf,%,$(wildcard environments/*/main.tf))." >&2; exit 1

$(DEV): requirements/dev.txt requirements/data.txt
	@$(call is_313,$(PYTHON)) || { echo $(WRONG_PYTHON) >&2; exit 1; }
	@$(PYTHON) -m scripts.terraform check && echo 'Installing into .venv …' && $(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) -r requirements/dev.txt && .venv/bin/python $(PIP) --no-deps -r requirements/data.txt && touch $@

$(LINT): requirements/lint.txt | $(DEV)
	@echo 'Installing into .venv-lint …' && .venv/bin/python -m venv .venv-lint
	@.venv-lint/bin/python $(PIP) -r requirements/lint.txt && touch $@

$(PEERS): requirements/benchmarks.txt | $(DEV)
	@echo 'Installing into .venv-benchmarks …' && .venv/bin/python -m venv .venv-benchmarks
	@.venv-benchmarks/bin/python $(PIP) -r requirements/benchmarks.txt && touch $@

# Terraform's shared cache of providers is safe to read at the same time, not to fill: the tests' first init is alone.
build/providers.ready: $(DEV) environments/local/.terraform.lock.hcl
	@$(RUN) scripts.terraform -chdir=environments/local init -input=false -backend=false >/dev/null
	@touch $@
