"""One sign of valid JSON dropped, doubled or changed, at every place where it stands: the value comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import InvalidValue
from extractor.repair.mend import mend

INVOICE: dict[str, Any] = {
    "number": "2026-0117",
    "seller": {"name": "Weber & Söhne", "vat": "DE 811, Köln", "cities": ["Köln", "Bad Tölz"]},
    "lines": [
        {"text": "steel pipe, 40 mm", "amount": 12.5, "taxed": True, "pages": [1, 22]},
        {"text": "it's (net): all of it", "amount": 100, "taxed": False, "pages": [3, 4, 5]},
    ],
    "note": None,
    "total": 112.5,
}
LAYOUTS: dict[str, dict[str, Any]] = {"a line": {}, "lines": {"indent": 2}, "compact": {"separators": (",", ":")}}
DAMAGE: dict[str, Callable[[str], str]] = {
    "dropped": lambda sign: "",
    "doubled": lambda sign: sign * 2,
    "swapped": lambda sign: {",": ";", ":": "=", "}": "]", "]": "}", '"': "'"}.get(sign, sign),
}


def damaged(text: str, sign: str, damage: Callable[[str], str]) -> Iterator[str]:
    """The text with one such sign damaged, place by place, except for texts that are still valid."""
    for at, char in enumerate(text):
        if char == sign:
            bad = f"{text[:at]}{damage(sign)}{text[at + 1 :]}"
            try:
                json.loads(bad)
            except ValueError:
                yield bad


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("sign", list('{}[],:"'))
def test_one_sign_is_put_right(sign: str, damage: Callable[[str], str], layout: dict[str, Any]) -> None:
    """Wherever one sign is wrong, the value is the one that was damaged, or the text is said to end too soon."""
    for text in damaged(json.dumps(INVOICE, ensure_ascii=False, **layout), sign, damage):
        mended = mend(text)
        assert mended.value == INVOICE or not mended.complete, (text, mended.changes)
        assert mended.changes or not mended.complete, text


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_quote_inside_a_word_is_kept(layout: dict[str, Any]) -> None:
    """A quote that was not escaped stays a character of its string, wherever it stands in a word."""
    whole = json.dumps(INVOICE, ensure_ascii=False, **layout)
    for at in range(1, len(whole)):
        if whole[at - 1].isalpha() and whole[at].isalpha() and whole[:at].count('"') % 2:
            mended = mend(f'{whole[:at]}"{whole[at:]}')
            assert mended.value == json.loads(f'{whole[:at]}\\"{whole[at:]}'), mended.changes
            assert [change.kind for change in mended.changes] == ["unescaped"]


TEXT = st.text("ab ,:{}[]'\\\n\"é", max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, min_size=1, max_size=3) | st.dictionaries(TEXT, VALUES, min_size=1), st.data())
def test_no_damage_is_silent(value: Any, data: st.DataObject) -> None:
    """Whatever is done to one character of any JSON, the value comes back, or something is told, or it is refused."""
    text = json.dumps(value)
    at = data.draw(st.integers(0, len(text) - 1))
    bad = text[:at] + data.draw(st.sampled_from(["", text[at] * 2, *"{}[],:\"'\\x "])) + text[at + 1 :]
    try:
        mended = mend(bad)
    except InvalidValue:
        return
    if mended.changes or not mended.complete:
        return
    assert mended.value in (value, strictly(bad)), (bad, mended)


def strictly(text: str) -> Any:
    """The value of a text that happens to be valid still."""
    try:
        return json.loads(text)
    except ValueError:
        return NotImplemented
