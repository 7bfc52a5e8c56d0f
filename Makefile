# `make demo` does the main job on the samples, `make test` passes the tests; each sets up all that it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
MODEL  ?= local
OUT    ?= out/receipts

.PHONY: demo test campaign test-airflow test-airflow-celery lint setup setup-test clean

demo: setup
	$(BIN)/extractor local pull $(MODEL)
	$(BIN)/extractor run samples/receipts --schema receipt --model $(MODEL) --out $(OUT)
	$(BIN)/extractor eval $(OUT) --gold samples/receipts/gold.jsonl
	@echo "Open $(OUT)/report.html in a browser; the rows are in $(OUT)/records.jsonl."

test: setup-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Every fault of the service and every pair of them, at 5, 20 and 50 %: some minutes.
campaign: setup-test
	$(BIN)/python -m pytest tests/call/test_campaign.py -m campaign -n 2 -q

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
	$(BIN)/python -m pip install --quiet --editable '.[local,documents]'
	@touch $@

$(VENV)/.test: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[local,tokens,emulator,documents,tables,dev]'
	@touch $@

# A real Airflow in an environment of its own, AIRFLOW=2.11.2 for the older one.
AIRFLOW ?= 3.3.2
AIRVENV  = $(VENV)-airflow-$(AIRFLOW)

test-airflow: $(AIRVENV)/.ready
	$(AIRVENV)/bin/python -m pytest tests/airflow -o filterwarnings=default -o timeout=600

# Two workers, one of which is killed; needs redis-server and postgresql (apt-get install redis-server postgresql).
test-airflow-celery: $(AIRVENV)/.ready
	$(AIRVENV)/bin/uv pip install --quiet --python $(AIRVENV)/bin/python 'apache-airflow==$(AIRFLOW)' \
	  'apache-airflow-providers-celery' 'celery[redis]<5.6' 'apache-airflow-providers-postgres' asyncpg psycopg2-binary
	TEST_CELERY=1 $(AIRVENV)/bin/python -m pytest tests/airflow/test_celery.py -o filterwarnings=default -o timeout=600

$(AIRVENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(AIRVENV)
	$(AIRVENV)/bin/python -m pip install --quiet uv
	$(AIRVENV)/bin/uv pip install --quiet --python $(AIRVENV)/bin/python \
	  'apache-airflow==$(AIRFLOW)' --editable '.[airflow,emulator,test-airflow]'
	@touch $@

clean:
	rm -rf $(VENV) $(VENV)-airflow-* out dist build
