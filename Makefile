# ecu-bundle: the two commands that matter are `make ecu-bundle MODEL=...` and `make test`.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV ?= .venv
# Options of `make ecu-bundle`; empty means: as ecu-bundle.toml beside the model says, else the default.
MODEL ?=
TARGET ?=
ENGINE ?=
OUT ?=
DATA ?=
TRUST ?=
REPLACE ?=
UPDATE ?=
# Options of pytest, for instance TESTS="tests/parity -k trees".
TESTS ?=

export ORT_DISABLE_TELEMETRY := 1
TOOL := $(VENV)/bin/ecu-bundle
RUN := $(VENV)/bin/python -m
# Twice quiet: pip shows errors and leaves out warnings about how this machine is set up.
INSTALL := $(VENV)/bin/python -m pip install -qq --disable-pip-version-check
CPP := $(foreach folder,runtime tests benchmarks cmake toolchain examples,'$(folder)/*.h' '$(folder)/*.cpp' '$(folder)/*.c')
NATIVE := CMakeLists.txt pyproject.toml $(shell find runtime cmake -name '*.cpp' -o -name '*.h' -o -name 'CMakeLists.txt' -o -name '*.cmake')

.PHONY: ecu-bundle
ecu-bundle: $(VENV)/ready ## build a verified bundle: MODEL=file [TARGET=host] [ENGINE=auto] [OUT=dir] [DATA=rows] [UPDATE=ed25519] [TRUST=1] [REPLACE=1]
	@test -n "$(MODEL)" || { echo 'say which model: make ecu-bundle MODEL=examples/auto_mpg/auto_mpg.skops' >&2; exit 2; }
	@$(TOOL) build "$(MODEL)" --install-missing $(if $(TARGET),--target "$(TARGET)") $(if $(ENGINE),--engine "$(ENGINE)") \
		$(if $(OUT),--output "$(OUT)") $(if $(DATA),--data "$(DATA)") $(if $(UPDATE),--update "$(UPDATE)") $(if $(filter 1 true yes,$(TRUST)),--trust-pickle) \
		$(if $(filter 1 true yes,$(REPLACE)),--replace)

.PHONY: test
test: $(VENV)/ready-dev lint ## install what the tests need, check style and types, run the tests
	$(RUN) pytest -n auto -m "not slow" $(TESTS)

.PHONY: test-full
test-full: $(VENV)/ready-dev lint ## the same with the slow sweeps, and the target that needs a newer QEMU
	@$(TOOL) doctor --target cortex-r52 --install
	@scripts/install-system-packages.sh opensc softhsm2
	$(RUN) pytest -n auto $(TESTS)

.PHONY: lint
lint: $(VENV)/ready-dev ## style and types of the Python and C++ sources
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(VENV)/bin/clang-format --dry-run --Werror $$(git ls-files $(CPP))

.PHONY: format
format: $(VENV)/ready-dev ## rewrite the sources in our style
	$(RUN) ruff format .
	$(RUN) ruff check --fix .
	$(VENV)/bin/clang-format -i $$(git ls-files $(CPP))

.PHONY: examples
examples: $(VENV)/ready-dev ## train the models of examples/ again
	@for script in examples/*/train.py; do echo "$$script"; $(VENV)/bin/python "$$script" || exit 1; done

.PHONY: demo-update
demo-update: $(VENV)/ready ## the story of an update on emulated ECUs, told step by step
	@$(TOOL) doctor --install --target cortex-m4f --target riscv32 >/dev/null
	@$(RUN) examples.update.demo

.PHONY: benchmarks
benchmarks: $(VENV)/ready-dev ## time of each stage, cost of open and run, memory; writes build/benchmarks
	$(RUN) benchmarks

.PHONY: benchmarks-peers
benchmarks-peers: $(VENV)/ready-dev ## the native engine beside other generators, which it installs; writes build/peers
	$(RUN) benchmarks.peers

.PHONY: doctor
doctor: $(VENV)/ready ## check compilers and emulators of every target
	@$(TOOL) doctor

.PHONY: lock
lock: ## pin the newest Python packages (needs uv)
	uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 --universal \
		--extra build --extra flashing --extra packaging --extra parquet -o requirements/runtime.lock pyproject.toml
	uv pip compile -q --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 --universal \
		--extra build --extra flashing --extra packaging --extra parquet --extra dev -c requirements/runtime.lock -o requirements/dev.lock pyproject.toml

.PHONY: clean
clean: ## remove what was built, keep .venv
	rm -rf build

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | \
		awk -F '\t' '{ printf "  make %-16s %s\n", $$1, $$2 }'

$(VENV)/bin/python:
	@scripts/install-system-packages.sh --python "$(PYTHON)" cmake g++ make python3-venv python3-dev
	@echo 'making $(VENV)' >&2
	@$(PYTHON) -m venv "$(VENV)"

$(VENV)/packages: requirements/runtime.lock | $(VENV)/bin/python
	@echo 'installing the pinned Python packages, one or two minutes' >&2
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements/runtime.lock
	@touch $@

$(VENV)/ready: $(NATIVE) $(VENV)/packages
	@echo 'compiling the in-process engine, about a minute' >&2
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/ready-dev: requirements/dev.lock $(VENV)/ready
	@echo 'installing what the tests need' >&2
	@$(INSTALL) --require-hashes --only-binary :all: -r requirements/dev.lock
	@scripts/install-system-packages.sh binutils chromium chromium-driver clang clang-tidy cppcheck valgrind \
		g++-powerpc-linux-gnu gcc-arm-none-eabi libclang-rt-dev libnewlib-arm-none-eabi qemu-user
	@$(TOOL) doctor --install
	@touch $@
