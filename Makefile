# `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
PRESET ?= solar
# subprocess, or docker: each step in a container.
RUNNER ?= subprocess
KIND ?= cpu
ARGS ?=
# Of the tests; not one a core: each holds a TensorFlow of up to 4 GB. A file's tests share what they train.
SIDE_BY_SIDE ?= -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help install install-dev data run test check docs repeats mutants bench bench-methods bench-imbalance bench-gpu image serve compile sbom audit lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## create .venv and install what a run needs, as locked
install-dev: $(INSTALLED_DEV) ## the rest too: DVC, Beam, JAX, what tests and benchmarks need

$(INSTALLED): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash tools/install.sh requirements.lock
	@touch $@

# It holds all that the other has, so a run after it installs nothing.
$(INSTALLED_DEV): requirements-dev.lock requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" bash tools/install.sh requirements-dev.lock
	@touch $(INSTALLED) $@

data: install ## fetch the demo pictures and weights, check them against data.dvc
	@$(BIN)/graft data pull

run: install ## the main job: fine-tune, evaluate, judge, deploy and query a model (PRESET=solar, RUNNER=docker)
	@if [ "$(PRESET)" = solar ] && [ ! -d data ]; then $(MAKE) --no-print-directory data; fi
	@if [ "$(RUNNER)" = docker ]; then \
	  DOCKER_HOST=$$(tools/engine.sh up) GRAFT_CPU_IMAGE=$$(tools/build_image.sh cpu) \
	  $(BIN)/graft run --preset $(PRESET) --containers $(ARGS); \
	else $(BIN)/graft run --preset $(PRESET) $(ARGS); fi

test: install-dev ## the whole test suite
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(ARGS)

check: install-dev ## the fast part: ruff, mypy strict, import rules, unit tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy -n 2
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -m "not slow" -q $(SIDE_BY_SIDE) $(ARGS)

docs: install-dev ## build the documentation site to build/docs, offline; warnings are errors
	@$(BIN)/python -m sphinx -W --keep-going -q -b html -d build/doctrees docs build/docs
	@echo "open build/docs/index.html"

mutants: install-dev ## change the gate's, statistics', splits' and policies' code one place at a time: do the fast tests notice? (minutes)
	@nice $(BIN)/mutmut run $(ARGS)
	@$(BIN)/mutmut results

repeats: install-dev ## find passages of twelve lines that stand twice in the product (pylint, 40 s)
	@$(BIN)/pylint --rcfile= --disable=all --enable=duplicate-code --min-similarity-lines=12 --score=n components pipelines serving

bench: install-dev data ## quality, speed, serving, drift, each beside what else one would run (many hours; ARGS="--repeats 3 --seeds 1" for less)
	@$(BIN)/python -m benchmarks.quality $(ARGS)
	@$(BIN)/python -m benchmarks.forward
	@$(BIN)/python -m benchmarks.serving_throughput
	@$(BIN)/python -m benchmarks.serving_throughput --soak 50000
	@$(BIN)/python -m benchmarks.finetune_speed
	@$(BIN)/python -m benchmarks.decision_regret
	@$(BIN)/python -m benchmarks.gateway_overhead
	@$(BIN)/python -m benchmarks.batch_prediction
	@$(BIN)/python -m benchmarks.drift_detection
	@$(BIN)/python -m benchmarks.drift_causes
	@$(BIN)/python -m benchmarks.harm_estimate

bench-methods: install-dev data ## the six other ways to transfer beside their goals (ARGS="zero_shot --seeds 1" for less)
	@$(BIN)/python -m benchmarks.methods $(ARGS)
	@$(BIN)/python -m benchmarks.methods --docs

bench-imbalance: install-dev data ## ways to treat rare defects on the demo, side by side (about ten minutes; ARGS="--pooling max" for less)
	@$(BIN)/python -m benchmarks.imbalance $(ARGS)

bench-gpu: install-dev ## training on a GPU beside compiled PyTorch; says so where there is none (ARGS=--cpu: tiny)
	@$(BIN)/python -m benchmarks.gpu_finetune $(ARGS)

image: install ## build the container image of the steps (KIND=cpu, or gpu)
	@tools/build_image.sh $(KIND)

serve: install ## keep serving what has been published (ARGS="--model-name pictures")
	@$(BIN)/graft serve --model-name $(PRESET) $(ARGS)

compile: install ## write the Kubeflow Pipelines YAML to build/
	@$(BIN)/graft compile --preset $(PRESET) $(ARGS)

sbom: install ## write CycloneDX lists of what the environment and the images are made of to build/sbom/
	@PYTHON="$(PYTHON)" VENV="$(VENV)" tools/supply_chain.sh sbom

audit: ## list known vulnerabilities of the locked packages (asks pypi.org, then api.osv.dev)
	@PYTHON="$(PYTHON)" tools/supply_chain.sh audit

lock: ## resolve dependencies into the lock files, the newest with ARGS=--upgrade (needs uv)
	tools/lock.sh $(ARGS)

clean: ## remove runs, caches and builds; keeps data/, .venv and published models
	rm -rf runs .graft/cache build mutants .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
