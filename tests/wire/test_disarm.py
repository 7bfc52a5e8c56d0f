"""Text that the service would take for something else is broken on its way out, and whole again in a reply."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.call.form import RUNGS, Form, Known
from extractor.schema.compiler import compile_schema
from extractor.wire.disarm import arm, armed_json, disarm, shows_images
from extractor.wire.images import image_part
from extractor.wire.options import Options

MARKERS = [
    *("<|im_end|>", "<|im_user|>", "<|tool_calls_section_begin|>", "<|media_pad|>", "<|unheard_of|>"),
    *("[BOS]", "[EOS]", "[EOT]", "[PAD]", "[UNK]", "<think>", "</think>"),
    *("data:image/png;base64,iVBORw0KGgo=", "DATA:Image/JPEG;base64,/9j/", "data:application/pdf;base64,JVBERi0="),
]
PIECES = [
    *MARKERS,
    "data",
    ":image/",
    "<",
    "|",
    "im_end|>",
    "[",
    "EOS]",
    "\u2060",
    "\u2060\u2060",
    "think>",
    "/",
    "base64",
    "x ",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


@pytest.mark.parametrize("marker", MARKERS)
def test_each_marker_is_broken(marker: str) -> None:
    """No marker leaves as it is, and one character more is all that is added."""
    sent = disarm(f"before {marker} after")
    assert marker.lower() not in sent.lower()
    assert len(sent) == len(f"before {marker} after") + 1
    assert arm(sent) == f"before {marker} after"


@pytest.mark.parametrize(
    "text", ["a < b | c", "data: 5", "metadata", "think", "[B]", "base64", "<thinking>", "x\u2060y"]
)
def test_other_text_is_not_touched(text: str) -> None:
    """What is none of them stays, byte for byte."""
    assert disarm(text) == text


@given(TEXTS, st.booleans())
def test_what_comes_back_equals_what_was_sent(text: str, strict: bool) -> None:
    """Whatever a text holds, the character itself among it, it is restored exactly, offsets included."""
    sent = disarm(text, strict=strict)
    assert arm(sent, strict=strict) == text
    assert not any(marker.lower() in sent.lower() for marker in MARKERS)


@given(TEXTS, st.booleans(), st.booleans())
def test_values_in_a_reply_are_whole_again(text: str, strict: bool, ascii_only: bool) -> None:
    """A JSON answer that copies what it was shown gives the document's own text, however it escapes it."""
    answer = json.dumps({"note": disarm(text, strict=strict)}, ensure_ascii=ascii_only)
    assert json.loads(armed_json(answer, strict=strict)) == {"note": text}
    assert arm([{disarm(text): [disarm(text), 5, None]}]) == [{text: [text, 5, None]}]


def test_an_escape_that_is_text_stays() -> None:
    """A backslash that is itself escaped begins no escape."""
    assert armed_json(r'{"a": "<\\u2060|"}') == r'{"a": "<\\u2060|"}'


def test_every_text_of_a_body_is_disarmed() -> None:
    """Messages, parts, tool results and descriptions are; pictures, and the rest, stay as they are."""
    picture = image_part(b"GIF89a" + (9).to_bytes(2, "little") * 2 + b"\0\0\0;")
    body: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": "[EOS]"},
            {"role": "user", "content": [{"type": "text", "text": "</think>"}, picture]},
            {"role": "tool", "content": "<|im_end|>", "tool_call_id": "functions.a:0"},
        ],
        "tools": [{"function": {"description": "data:image/png", "parameters": {"[PAD]": "<think>"}}}],
        "metadata": {"job": "[BOS]"},
    }
    form = Form(Known(refused=set(RUNGS[:-1])), Counter(), frozenset())
    options = Options(metadata=body["metadata"])
    sent = form.body(body["messages"], compile_schema(int), options, tools=body["tools"])
    text = json.dumps({name: value for name, value in sent.items() if name != "metadata"})
    assert sent["messages"][1]["content"][1] == picture
    assert sent["metadata"] == {"job": "[BOS]"}
    assert not any(marker in text for marker in ("[EOS]", "</think>", "<|im_end|>", "[PAD]", "<think>"))
    assert text.count("data:image") == 1
    assert json.loads(armed_json(json.dumps(sent, ensure_ascii=False))) == body
    assert shows_images(body)
    assert not shows_images({"messages": [{"role": "user", "content": "x"}]})


def test_stricter_breaks_what_could_be_taken_for_a_uri() -> None:
    """On a refusal every `data:` and every base64 is broken."""
    sent = disarm("data : image;base64,xx data:;BASE64,", strict=True)
    assert "base64" not in sent.lower()
    assert "data:" not in sent
