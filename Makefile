# `make demo` does the main job on the samples, `make test` passes the tests; each sets up all that it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
MODEL  ?= local
OUT    ?= out/receipts

.PHONY: demo test lint setup setup-test clean

demo: setup
	$(BIN)/extractor local pull $(MODEL)
	$(BIN)/extractor run samples/receipts --schema receipt --model $(MODEL) --out $(OUT)
	$(BIN)/extractor eval $(OUT) --gold samples/receipts/gold.jsonl
	@echo "Open $(OUT)/report.html in a browser; the rows are in $(OUT)/records.jsonl."

test: setup-test lint
	$(BIN)/python -m pytest -n 2 --dist loadgroup

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

clean:
	rm -rf $(VENV) out dist build
