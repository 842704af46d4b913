# Everything here runs from a machine with Python >= 3.11 and make; uv is fetched into .tools/.
UV_VERSION := 0.13.9
UV := .tools/bin/uv
RUN := $(UV) run --locked --all-extras
SOFTHSM := .tools/softhsm
CLAMAV := .tools/clamav
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench format clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 10

$(UV):
	python3 -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# A software HSM for tests, which no wheel has; without it those tests are skipped, and say so.
$(SOFTHSM):
	@mkdir -p $@
	@cd $@ && apt-get -o Acquire::http::Timeout=5 -o Acquire::Retries=0 download \
	    softhsm2 libsofthsm2 >/dev/null 2>&1 && for deb in *.deb; do dpkg -x $$deb .; done || true

# A clamd for tests, likewise; it gets a signature of our own and looks at nothing outside.
$(CLAMAV):
	@mkdir -p $@
	@cd $@ && apt-get -o Acquire::http::Timeout=5 -o Acquire::Retries=0 download \
	    clamav-daemon clamav-base libclamav12 libmspack0 >/dev/null 2>&1 \
	    && for deb in *.deb; do dpkg -x $$deb .; done || true

setup: $(UV) $(SOFTHSM) $(CLAMAV)  ## Install everything the project needs into .venv, .tools and build
	$(UV) sync --locked --all-extras
	-$(RUN) python -m tests.clients

demo: setup  ## Do the main job on a sample case, show who sees what, then serve it
	$(RUN) subrosa demo

test: setup  ## Run every test on embedded PostgreSQL and S3
	$(RUN) pytest -n $(WORKERS)

check: setup  ## Lint, types, import contracts, deploy files
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) basedpyright
	$(RUN) lint-imports
	$(RUN) yamllint --strict deploy
	$(RUN) hadolint deploy/Dockerfile

bench: setup  ## Measure; ONLY=name[,name] runs some, BENCH_QUICK=1 shrinks sizes; build/bench.json
	$(RUN) python -m tests.benchmarks

format: setup  ## Format the code
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

clean:  ## Remove what setup and the tests made (never a data directory)
	rm -rf .venv .tools build .pytest_cache .ruff_cache .import_linter_cache
