# `make demo` reads the sample receipts, `make test` passes the tests; each sets up all that it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
MODEL  ?= qwen2.5-coder-0.5b
OUT    ?= out/receipts

# A command that needs the network, up to three times.
AGAIN = again() { "$$@" || { sleep 10 && "$$@"; } || { sleep 60 && "$$@"; }; }; again

.PHONY: demo test test-lowest coverage campaign docs test-airflow test-airflow-celery test-orchestrators programs lint setup setup-test clean

demo: setup
	$(BIN)/extractor local pull $(MODEL)
	$(BIN)/python samples/demo.py local:$(MODEL) $(OUT)
	@echo
	$(BIN)/extractor eval $(OUT) --gold samples/receipts/gold.jsonl
	@echo
	@echo "Open $$($(BIN)/extractor report $(OUT)) in a browser: each value beside its place in the receipt."
	@echo "$(OUT)/records.jsonl has the rows. The best of the small models is slower: make demo MODEL=qwen2.5-coder-1.5b OUT=out/best"

test: setup-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# The suite, or TESTS of it, with the lowest versions that pyproject.toml declares. Warnings are no errors here: old
# versions warn of what newer ones deprecate.
TESTS ?=
test-lowest: $(VENV)-lowest/.ready
	$(VENV)-lowest/bin/python -m pytest -n 2 --dist loadgroup -o filterwarnings=default $(TESTS)

# Lines and branches that the tests reach: a table, and htmlcov/index.html.
coverage: setup-test
	$(AGAIN) $(BIN)/python -m pip install --quiet --editable '.[coverage]'
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered --cov-report=html $(TESTS)

# Debian's programs that some tests use, and are skipped without.
programs:
	@if ! command -v chromium || ! command -v redis-server || ! command -v tesseract || ! ls /usr/lib/postgresql/*/bin/initdb; then \
	  if [ "$$(id -u)" != 0 ]; then echo "first: sudo apt-get install chromium postgresql redis-server tesseract-ocr"; exit 1; fi; \
	  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
	  $(AGAIN) sh -c 'apt-get update && apt-get install -y --no-install-recommends chromium postgresql redis-server tesseract-ocr'; \
	fi

# Every fault over calls, streams and runs, at 30, 50 and 100 %; and pairs of them at 5, 20 and 50 %: half an hour.
campaign: setup-test
	$(BIN)/python -m pytest tests/call/test_campaign.py tests/pipeline/test_faults.py -m campaign -n 2 -q

# The pages of docs/ as a site in out/site; a broken link ends it.
docs: setup-test
	$(AGAIN) $(BIN)/python -m pip install --quiet --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(VENV)/.demo
setup-test: $(VENV)/.test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml
	$(AGAIN) $(BIN)/python -m pip install --quiet --editable '.[local,documents]'
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(AGAIN) $(BIN)/python -m pip install --quiet --editable '.[local,tokens,emulator,documents,ocr,tables,dev]'
	@touch $@

$(VENV)-lowest/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)-lowest
	$(AGAIN) $(VENV)-lowest/bin/python -m pip install --quiet uv
	$(AGAIN) $(VENV)-lowest/bin/uv pip install --quiet --resolution lowest-direct --python $(VENV)-lowest/bin/python \
	  --editable '.[local,tokens,emulator,documents,ocr,tables,telemetry,dev]'
	@touch $@

# A real Airflow in an environment of its own, AIRFLOW=2.11.2 for the older one; sources on S3 as well.
AIRFLOW   ?= 3.3.2
AIRVENV    = $(VENV)-airflow-$(AIRFLOW)
AIREXTRAS  = airflow,emulator,test-airflow
AIRTEST    = $(AIRVENV)/bin/python -m pytest -o filterwarnings=default -o timeout=900 --durations=5
ifeq ($(filter 2.%,$(AIRFLOW)),)
AIREXTRAS := $(AIREXTRAS),documents,tables,telemetry,test-spread
endif

test-airflow: $(AIRVENV)/.ready
	$(if $(filter 2.%,$(AIRFLOW)),,$(AIRVENV)/bin/mypy)
	$(AIRTEST) tests/airflow tests/shards/test_spread.py $(if $(filter 2.%,$(AIRFLOW)),,tests/sources/test_files.py)

# The recipes for Dagster and Prefect, in an environment of their own.
test-orchestrators:
	$(PYTHON) -m venv $(VENV)-orchestrators
	$(AGAIN) $(VENV)-orchestrators/bin/python -m pip install --quiet --editable '.[emulator,test-orchestrators]'
	$(VENV)-orchestrators/bin/python -m pytest -o filterwarnings=default tests/shards/test_spread.py

# Two workers, one of which is killed, with Debian's Redis and PostgreSQL.
test-airflow-celery: $(AIRVENV)/.ready programs
	TEST_CELERY=1 $(AIRTEST) tests/airflow/test_celery.py

$(AIRVENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(AIRVENV)
	$(AGAIN) $(AIRVENV)/bin/python -m pip install --quiet uv
	$(AGAIN) $(AIRVENV)/bin/uv pip install --quiet --compile-bytecode --python $(AIRVENV)/bin/python \
	  'apache-airflow==$(AIRFLOW)' --editable '.[$(AIREXTRAS)]'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-airflow-* $(VENV)-lowest $(VENV)-orchestrators out dist build htmlcov .coverage*
