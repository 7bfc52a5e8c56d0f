"""The smallest embedded model, real weights and all, as the child process that the caller talks to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from extractor import Config, Extractor, Pipeline
from extractor.call.endpoint import LOCAL_WINDOW, Child
from extractor.call.prompt import ask
from extractor.documents.load import load
from extractor.errors import UsageError
from extractor.local.catalog import choose_model
from extractor.local.model import LocalModel, open_model
from extractor.pipeline.runs import exchanges
from extractor.pipeline.specs import resolve_schema
from extractor.schema.compiler import Schema
from extractor.wire.requests import url
from tests.kit import SAMPLES, schema_of
from tests.local.kit import smallest_model

RECEIPT = load(SAMPLES / "receipts" / "hardware_leeds.txt").text


class Asker:
    """Posts to a child process that serves a model."""

    def __init__(self, child: Child) -> None:
        self.announced = announced = child.announced
        self.address = url(announced["base_url"], announced["account_id"], announced["model"])
        self.headers = {"authorization": f"Bearer {announced['token']}"}

    def post(self, body: Any) -> httpx.Response:
        return httpx.post(self.address, json=body, headers=self.headers, timeout=90)

    def result(self, body: Any) -> Any:
        return self.post(body).json()["result"]

    def content(self, body: Any) -> str:
        return str(self.result(body)["choices"][0]["message"]["content"])


@pytest.fixture(scope="module")
def model() -> Iterator[Asker]:
    child = Child.start(smallest_model())
    try:
        yield Asker(child)
    finally:
        child.close()


@pytest.fixture(scope="module")
def weights(model: Asker) -> Path:
    """The file of the smallest model in the user's cache, found before a test is given a cache of its own."""
    return choose_model("smollm2-135m").path


@pytest.fixture(scope="module")
def schema() -> Schema[Any]:
    return schema_of("receipt")


def asking(schema: Schema[Any], text: str = RECEIPT, **options: Any) -> dict[str, Any]:
    body = {"messages": ask(schema, text), "response_format": schema.response_format, "max_completion_tokens": 500}
    return {**body, "temperature": 0, **options}


def test_an_answer_is_bound_to_its_document(model: Asker, schema: Schema[Any]) -> None:
    """Every string of an answer stands in the document, dates and amounts are those of the document, all is valid."""
    result = model.result(asking(schema))
    value = json.loads(result["choices"][0]["message"]["content"])
    assert result["choices"][0]["finish_reason"] == "stop"
    assert schema.problems(schema.unwrap(value).value) == ()
    one_line = " ".join(RECEIPT.split())
    assert value["merchant"] in one_line
    assert value["number"] is None or value["number"] in one_line
    assert value["date"] in ("2026-01-09", "2026-09-01")
    assert value["currency"] == "GBP"
    assert result["model"] == "local:smollm2-135m"
    assert result["usage"]["prompt_tokens"] > 400
    assert 20 < result["usage"]["completion_tokens"] < 200


def test_requests_at_once_wait_for_each_other(model: Asker, schema: Schema[Any]) -> None:
    """Requests at once are answered one by one, each whole, and the later finds the prompt that they share cached."""
    texts = ["Tea 3.50 EUR, 2026-02-01", "Cake 4.00 GBP, 2026-02-02"]
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(model.result, [asking(schema, text) for text in texts]))
    values = [json.loads(result["choices"][0]["message"]["content"]) for result in results]
    assert [(value["currency"], value["date"]) for value in values] == [("EUR", "2026-02-01"), ("GBP", "2026-02-02")]
    details = [result["usage"]["prompt_tokens_details"] or {} for result in results]
    assert max(found.get("cached_tokens", 0) for found in details) > 300


def test_confidence_is_how_likely_the_model_thought_a_value() -> None:
    """What stands in the document proves nothing where all answers must: values in it may be far from sure."""
    with Extractor(model=smallest_model()) as extractor:
        result = extractor.extract(resolve_schema("receipt"), SAMPLES / "receipts" / "hardware_leeds.txt")
    tiers = {path: spans[0].tier for path, spans in result.evidence.items() if spans}
    assert {"exact"} <= {*tiers.values()} <= {"exact", "normalised"}
    assert min(result.confidence[path] for path in tiers) < 0.7
    assert max(result.confidence[path] for path in tiers) > 0.8


def test_what_it_was_asked_can_be_shown(tmp_path: Path) -> None:
    """The questions of a run are made again without starting the model, and are those whose replies are stored."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.txt").write_text(RECEIPT, encoding="utf-8")
    job = Pipeline(resolve_schema("receipt"), tmp_path / "in", config=Config(model=smallest_model()))
    totals = job.run(tmp_path / "out")
    found = exchanges(tmp_path / "out", "one.txt", schema="receipt")
    assert len(found) == totals.attempts >= 1
    assert RECEIPT.strip() in str(found[0].request.body["messages"][-1]["content"])


def test_other_formats(model: Asker) -> None:
    """Without a schema the answer is any JSON object, without a format any text, with its log-probabilities."""
    question = {"messages": [{"role": "user", "content": "Name one colour."}], "max_tokens": 40, "temperature": 0}
    assert model.content({**question, "response_format": {"type": "json_object"}}).startswith("{")
    choice = model.result({**question, "max_tokens": 3, "logprobs": True})["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["logprobs"]["content"]) == 3
    assert all(token["logprob"] <= 0 for token in choice["logprobs"]["content"])


def test_a_prompt_that_is_too_long(model: Asker, schema: Schema[Any]) -> None:
    """A prompt beyond the window is refused in the words of the service."""
    refused = model.post(asking(schema, "word " * (LOCAL_WINDOW + 1000)))
    assert refused.status_code == 400
    assert f"maximum context length of {LOCAL_WINDOW} tokens" in refused.json()["errors"][0]["message"]
    assert model.announced["window"] == LOCAL_WINDOW


def test_a_file_of_ones_own(weights: Path, tmp_path: Path) -> None:
    """`local:PATH.gguf` runs any file under its own name, and ends when it is closed."""
    path = tmp_path / "mine.gguf"
    path.symlink_to(weights)
    child = Child.start(f"local:{path}")
    try:
        asker = Asker(child)
        content = asker.content({"messages": [{"role": "user", "content": "Name one colour."}], "max_tokens": 3})
    finally:
        child.close()
    assert asker.announced["model"] == "local:mine"
    assert content
    with pytest.raises(httpx.ConnectError):
        asker.post({})


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    """A file that holds no weights, and one that is not there, are one line that names it."""
    path = tmp_path / "letter.gguf"
    path.write_bytes(b"Dear Sir or Madam")
    with pytest.raises(UsageError, match=r"letter\.gguf: no model can be loaded from this file"):
        Child.start(f"local:{path}")
    with pytest.raises(UsageError, match="there is no such file"):
        open_model(f"local:{tmp_path / 'none.gguf'}")


def test_a_model_that_was_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the command that fetches it, and how large it is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"\(98 MB\) with: extractor local pull smollm2-135m$"):
        open_model("local:smollm2-135m")


def test_a_schema_that_no_grammar_can_say_is_asked_without_one() -> None:
    """The engine would drop a grammar that it refuses in silence: such a schema goes out with none."""
    wire = {"type": "object", "properties": {"a": {"type": "string", "pattern": "["}}, "required": ["a"]}
    body = {"messages": [], "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": wire}}}
    assert LocalModel(Path("none.gguf"), "local:none").grammar(body) is None
