# Needs Python 3.12 or newer and the package index; everything else is installed into $(VENV).
# PYTHON=3.13 or PYTHON=/path/to/python3 chooses the interpreter; ARGS=… goes to the command.

VENV ?= .venv
PYTHON ?=
ARGS ?=

bin := $(VENV)/bin
environment := ./scripts/environment
pinned := --constraint constraints.txt
# The kernels are compiled on their first use and kept; do it while the user expects to wait.
compile := echo "Compiling the kernels, once" >&2; $(bin)/python -c \
	'import localsim as ls; ls.Model(ls.Place.synthetic(60), warmup_years=1)'
# A worker that has done its own tests takes over half of what another has left.
parallel := --numprocesses auto --dist worksteal
# One stamp for what a run needs and one for what the tests need.
installed := $(VENV)/.installed
developing := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test quick lint bench lock clean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

run: $(installed) ## simulate Norbiton inside Kingston and compare the policies
	$(bin)/localsim run experiments/norbiton.yaml -o out/norbiton $(ARGS)

test: $(developing) ## run every test
	$(bin)/python -m pytest $(parallel) $(ARGS)

quick: $(developing) ## run the tests that are not slow
	$(bin)/python -m pytest $(parallel) -m "not slow" $(ARGS)

lint: $(developing) ## check style, types and the direction of imports
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy --strict localsim
	$(bin)/lint-imports

bench: $(developing) ## measure speed and memory
	$(bin)/python -m benchmarks $(ARGS)

lock: ## remake constraints.txt from the newest versions that fit
	rm -rf .venv-lock
	$(environment) install .venv-lock "$(or $(PYTHON),3.12)" --editable '.[notebook]' --group dev
	sed '/^[^#]/d' constraints.txt >.venv-lock/constraints.txt
	.venv-lock/bin/python -m pip freeze --exclude-editable >>.venv-lock/constraints.txt
	mv .venv-lock/constraints.txt constraints.txt
	rm -rf .venv-lock

clean: ## remove the environments and the caches; results in out/ stay
	rm -rf .venv .venv-* build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf .import_linter_cache
	find localsim tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The package is installed editable, so its own files need no reinstalling.
$(installed): pyproject.toml constraints.txt
	@$(environment) install "$(VENV)" "$(PYTHON)" $(pinned) --editable .
	@$(compile)
	@touch $@

$(developing): pyproject.toml constraints.txt
	@$(environment) install "$(VENV)" "$(PYTHON)" $(pinned) --editable . --group dev
	@$(compile)
	@touch $(installed) $@

ifeq ($(shell $(environment) sound "$(VENV)" "$(PYTHON)" && echo sound),)
$(installed) $(developing): FORCE
endif
