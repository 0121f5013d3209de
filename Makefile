# Every task of the project, from a fresh clone, with nothing but Terraform, Python 3.13 and make; `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo down package fmt lint test plan apply docs benchmarks lock clean

ENV ?= dev
PYTHON ?= $(shell for python in python3.13 python3 python; do $(call is_313,$$python) && { echo $$python; break; }; done)
WRONG_PYTHON = 'Python 3.13 is needed: install it, or name one (make PYTHON=/path/to/python3.13).'
is_313 = $(1) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
RUN := .venv/bin/python -m
TERRAFORM = $(RUN) scripts.terraform -chdir=environments/$(ENV)
# A virtual environment is ready when it is younger than its lock files, which alone say what is in it.
DEV := .venv/ready
LINT := .venv-lint/ready
PIP := -m pip install -qq --disable-pip-version-check --require-hashes
COMPILE := .venv-lint/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-annotate --no-header

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: $(DEV) ## Install what development and the demo need into .venv

demo: package ## Deploy everything to this machine and run it on real input, live (WORKFLOW=one alone)
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
	@$(RUN) pytest

plan: environments/$(ENV)/main.tf package ## Show what `make apply` would change (ENV=dev)
	@$(TERRAFORM) init -input=false
	@$(TERRAFORM) plan

apply: environments/$(ENV)/main.tf package ## Change an account's resources to what the files say, after asking (ENV=dev)
	@$(TERRAFORM) init -input=false
	@$(TERRAFORM) apply

docs: $(DEV) ## Generate the modules' tables and the state machines' diagrams
	@$(RUN) scripts.docs

benchmarks: package ## Measure throughput, memory and cold starts; write docs/benchmarks.md
	@PYTHONPATH=lambda_src $(RUN) tests.benchmarks

lock: $(LINT) ## Compile requirements/*.in to hash-locked files
	@for name in dev layer lint; do $(COMPILE) requirements/$$name.in -o requirements/$$name.txt || exit 1; done
	@$(COMPILE) --no-deps requirements/data.in -o requirements/data.txt

clean: down ## Remove everything that was built or installed
	@rm -rf build .venv .venv-lint .mypy_cache .ruff_cache .pytest_cache .hypothesis

environments/%/main.tf:
	@echo "There is no environment '$*': use ENV= and one of $(patsubst environments/%/main.tf,%,$(wildcard environments/*/main.tf))." >&2; exit 1

$(DEV): requirements/dev.txt requirements/data.txt
	@$(call is_313,$(PYTHON)) || { echo $(WRONG_PYTHON) >&2; exit 1; }
	@$(PYTHON) -m scripts.terraform check && echo 'Installing into .venv …' && $(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) -r requirements/dev.txt && .venv/bin/python $(PIP) --no-deps -r requirements/data.txt && touch $@

$(LINT): requirements/lint.txt | $(DEV)
	@echo 'Installing into .venv-lint …' && .venv/bin/python -m venv .venv-lint
	@.venv-lint/bin/python $(PIP) -r requirements/lint.txt && touch $@

# Terraform's shared cache of providers is safe to read at the same time, not to fill: the tests' first init is alone.
build/providers.ready: $(DEV) environments/local/.terraform.lock.hcl
	@$(RUN) scripts.terraform -chdir=environments/local init -input=false -backend=false >/dev/null
	@touch $@
