"""What mending promises for any value and any damage, and not only for the kinds we thought of."""

from __future__ import annotations

import json
import re
import string
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from extractor.errors import InvalidValue
from extractor.repair.mend import Mended, mend
from extractor.schema.compiler import compile_schema

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.text(string.ascii_letters + " -.", max_size=12)
NUMBERS = st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False)


def values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | NUMBERS | texts
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
    )


def containers(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    inner = values(texts)
    return st.lists(inner, min_size=1, max_size=4) | st.dictionaries(texts, inner, min_size=1, max_size=4)


ANY = containers(TEXT)
PLAIN = containers(WORDS.filter(lambda word: word.strip() == word and word not in ("true", "false", "null")))
LAYOUT = st.sampled_from([{}, {"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}])

PIECES = [
    piece.encode()
    for piece in (
        *"{}[]()\",:;'`\\ \n#",
        '"a": ',
        '"b"',
        "1",
        "null",
        "x",
        '"""',
        "```",
        "//",
        "/*",
        "...",
        "},",
        "{{",
        "“",
        "”",
    )
] + [b"\xff", b"\xef\xbb\xbf", b"\x00", b"\xc3"]

STRING = r'"(?:[^"\\]|\\.)*"'
OUTSIDE = re.compile(rf"({STRING})|([^\"]+)", re.DOTALL)


def outside(text: str, pattern: str, new: str, count: int = 0) -> str:
    """Replace a pattern in the parts of a JSON text that stand outside strings."""
    return OUTSIDE.sub(lambda found: found[1] or re.sub(pattern, new, found[2], count=count), text)


DAMAGE = {
    "fence": lambda text: f"```json\n{text}\n```",
    "open fence": lambda text: f"```\n{text}",
    "prose": lambda text: f"Here is what I found:\n\n{text}\n\nI hope that this helps.",
    "thinking": lambda text: f"<think>Let me see.</think>{text}",
    "closing marker": lambda text: f"Let me see.</think>\n{text}",
    "byte order mark": lambda text: f"\ufeff{text}",
    "trailing commas": lambda text: outside(text, r"(?<=[^\[{\s,:])(\s*[\]}])", r",\1"),
    "doubled commas": lambda text: outside(text, ",", ",,"),
    "line comments": lambda text: outside(text, ",", ", // so it says\n"),
    "block comments": lambda text: outside(text, ":", ": /* so it says */ "),
    "Python literals": lambda text: outside(
        outside(outside(text, r"\btrue\b", "True"), r"\bfalse\b", "False"), r"\bnull\b", "None"
    ),
    "semicolons": lambda text: outside(text, ",", ";"),
}


def same(mended: Mended, value: Any) -> bool:
    return json.dumps(mended.value) == json.dumps(value)


@given(ANY, LAYOUT)
def test_valid_json_is_read_as_it_is(value: Any, layout: dict[str, Any]) -> None:
    """A valid text gives its own value, complete and without a change, and as bytes too."""
    text = json.dumps(value, **layout)
    assert mend(text) == Mended(json.loads(text))
    assert mend(text.encode()) == Mended(json.loads(text))


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@given(value=ANY, layout=LAYOUT)
def test_damage_outside_strings_costs_nothing(damage: Any, value: Any, layout: dict[str, Any]) -> None:
    """Whatever a model puts around or between the values, they come back equal, and nothing is called lost."""
    mended = mend(damage(json.dumps(value, **layout)))
    assert same(mended, value), mended
    assert not mended.lossy
    assert mended.complete


@given(PLAIN, LAYOUT)
def test_single_quotes(value: Any, layout: dict[str, Any]) -> None:
    """Python's way of quoting gives the same value."""
    assert same(mend(json.dumps(value, **layout).replace('"', "'")), value)


@given(PLAIN, LAYOUT)
def test_smart_quotes(value: Any, layout: dict[str, Any]) -> None:
    """Typographic quotes give the same value."""
    assert same(mend(re.sub('"([^"]*)"', "“\\1”", json.dumps(value, **layout))), value)


@given(ANY)
def test_python_repr(value: Any) -> None:
    """What Python prints for a value is read back, escapes and all."""
    mended = mend(repr(value))
    assert same(mended, value) or mended.changes


@given(ANY, st.data())
def test_a_missing_comma(value: Any, data: st.DataObject) -> None:
    """One comma that is not there makes no difference."""
    text = json.dumps(value, indent=1)
    commas = [found.start() for found in re.finditer(",\n", text)]
    assume(commas)
    at = data.draw(st.sampled_from(commas))
    mended = mend(text[:at] + text[at + 1 :])
    assert same(mended, value), (text, mended)
    assert not mended.lossy


@settings(max_examples=40)
@given(ANY, LAYOUT)
def test_every_prefix_is_saved_and_called_incomplete(value: Any, layout: dict[str, Any]) -> None:
    """A text cut anywhere never raises once its first bracket is there, and is never taken for a whole one.

    What is kept came whole; where a string may have been cut after a bracket of its own, that is told.
    """
    text = json.dumps(value, **layout)
    for length in range(1, len(text)):
        mended = mend(text[:length])
        assert not mended.complete, (text[:length], mended)
        unsure = any("or the text was cut" in change.message for change in mended.changes)
        assert unsure or part_of(mended.value, value), (text[:length], mended)


@given(ANY, LAYOUT, st.data())
def test_the_complete_part_of_a_cut_answer_is_kept(value: Any, layout: dict[str, Any], data: st.DataObject) -> None:
    """`partial` keeps all that came whole and the beginning of what did not, makes nothing up, and calls it cut."""
    text = json.dumps(value, **layout)
    text = text[: data.draw(st.integers(1, len(text) - 1))]
    mended = mend(text, partial=True)
    assert not mended.complete
    if not any("or the text was cut" in change.message for change in mended.changes):
        assert begins(mended.value, value), mended
        assert holds(mended.value, mend(text).value)


def begins(part: Any, whole: Any) -> bool:
    """Whether a value is the whole as far as a cut let it come: leaves begin as those of the whole do."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and begins(inner, whole[name]) for name, inner in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(begins, part, whole))
    if isinstance(part, str) and isinstance(whole, str):
        return whole.startswith(part)
    text = json.dumps(whole)
    return text.startswith(json.dumps(part).removesuffix(".0")) or ("e" in text and isinstance(part, int | float))


def holds(more: Any, less: Any) -> bool:
    """Whether all of one value is in the other, in the same place."""
    if isinstance(less, dict):
        return all(name in more and holds(more[name], inner) for name, inner in less.items())
    if isinstance(less, list):
        return len(less) <= len(more) and all(map(holds, more, less))
    return json.dumps(more) == json.dumps(less)


def part_of(part: Any, whole: Any) -> bool:
    """Whether a value holds nothing that the whole does not hold in the same place."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and part_of(inner, whole[name]) for name, inner in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) <= len(whole) and all(map(part_of, part, whole))
    return json.dumps(part) == json.dumps(whole)


@given(st.lists(st.dictionaries(WORDS, NUMBERS | WORDS, min_size=1), min_size=1, max_size=5), st.data())
def test_list_items_are_kept_whole_or_not_at_all(items: list[Any], data: st.DataObject) -> None:
    """Of a cut list the items that came whole are kept, and one that did not is told of."""
    text = json.dumps({"items": items})
    length = data.draw(st.integers(len('{"items": ['), len(text) - 1))
    mended = mend(text[:length])
    rows = mended.value["items"]
    assert rows == items[: len(rows)]
    if mended.value != {"items": items} and text[:length].rstrip(" ,")[-1] not in "[}":
        assert mended.lossy


@given(st.text("{}[]\"',:\\/*#`\n 1a“”-.", max_size=60))
@example("[" * 200_000)
@example('{"a":' * 50_000)
@example('"' * 100_000)
@example("{'" * 50_000)
@example('["a "b "c" ' * 20_000)
@example("[1] {} " * 20_000)
@example("[[1],2],[" * 1_500)
@example("/* " * 50_000 + "{")
@example('{"a": ' + "x, " * 50_000)
def test_garbage_ends(text: str) -> None:
    """Any text gives a value or InvalidValue, soon, and never another error."""
    with suppress(InvalidValue):
        check(text, mend(text))


@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join))
def test_any_bytes(data: bytes) -> None:
    """Any bytes at all, pieces of JSON thrown together among them, give a value or InvalidValue."""
    with suppress(InvalidValue):
        check(data.decode("utf-8", "replace"), mend(data))


def check(text: str, mended: Mended) -> None:
    assert all(0 <= change.offset <= len(text) for change in mended.changes)
    json.dumps(mended.value)


class Answer(BaseModel):
    a: str
    items: list[str]
    count: int


@settings(max_examples=60)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.integers(1, 60))
@example([b'"a": "}, '], 110)
@example([b'{"a": 1, "a": ["x"], ["y"], "b": 2}'], 1)
@example([b'{"a": [1], "a": ["x"], "y": 2, '], 30)
@example([b'"y", "rows": {ba: \n:"y": '], 1)
def test_an_answer_that_goes_round_in_circles_ends(pieces: list[bytes], times: int) -> None:
    """A value for a schema, no larger than what was said, or a plain refusal."""
    text = b"".join(pieces) * times
    with suppress(InvalidValue):
        value = mend(text, compile_schema(Answer)).value
        assert len(json.dumps(value)) <= 8 * len(text) + 100
