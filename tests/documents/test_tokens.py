"""The token estimate, measured against the model's own vocabulary."""

from __future__ import annotations

import base64
import inspect
import json
import random
import string
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.estimate import block_costs
from extractor.documents.ruler import Ruler
from extractor.documents.tokens import count_tokens, exact_counter

chance = random.Random(3)
LICENCE = (Path(__file__).parents[2] / "LICENSE").read_text()
CHINESE = (
    "发票金额为三万元，请在月底之前付款。合同有效期至今年年底，双方应当按照约定的条款履行各自的义务，不得擅自变更。"
)
RUSSIAN = "Счёт за услуги связи оплачен полностью, договор действует до конца года, если стороны не решат иначе. "
UKRAINIAN = "Рахунок за послуги зв’язку сплачено повністю, договір діє до кінця року, якщо сторони не вирішать інакше. "
MADE_UP = {
    "uuid": "\n".join(str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(100)),
    "base64": base64.encodebytes(chance.randbytes(3000)).decode(),
    "hexadecimal": chance.randbytes(2000).hex(),
    "csv": "\n".join(
        ",".join(str(chance.randint(0, 10 ** chance.randint(1, 6))) for _ in range(8)) for _ in range(120)
    ),
    "json": json.dumps([{"id": chance.randint(1, 10**6), "ok": True, "price": chance.random()} for _ in range(120)]),
    "table": "\n".join(
        f"| {chance.randint(1, 999)} | Widget, large | {chance.random() * 1e4:.2f} |" for _ in range(120)
    ),
    "money": "\n".join(f"Item {row:>4}      EUR {chance.random() * 1e3:>12,.2f}" for row in range(120)),
    "chinese": CHINESE * 50,
    "russian": RUSSIAN * 60,
    "ukrainian": UKRAINIAN * 60,
    "emoji": "".join(chr(chance.randint(0x1F300, 0x1F64F)) for _ in range(1000)),
    "code": inspect.getsource(json.decoder),
    "licence": LICENCE,
}


def real_count() -> Callable[[str], int]:
    count = exact_counter()
    if count is None:
        pytest.skip("needs the extra `tokens`")
    return count


@pytest.mark.parametrize("kind", sorted(MADE_UP))
def test_the_estimate_is_never_more_than_5_percent_too_low(kind: str) -> None:
    """On 1,000 tokens or more of any kind, the model counts at most a twentieth more than was estimated."""
    actual = real_count()(MADE_UP[kind])
    assert actual >= 1000
    assert count_tokens(MADE_UP[kind]) >= 0.95 * actual


def test_prose_is_estimated_within_15_percent() -> None:
    """English prose is not over-counted by much either."""
    assert 0.95 <= count_tokens(LICENCE) / real_count()(LICENCE) <= 1.15


@pytest.mark.parametrize(("text", "least", "most"), [("", 0, 0), ("a", 1, 2), ("Hello, world!", 3, 8), ("\n", 0, 2)])
def test_short_texts_cost_little(text: str, least: int, most: int) -> None:
    """No text is free but the empty one, and a greeting is no essay."""
    assert least <= count_tokens(text) <= most


@given(st.text(), st.text())
def test_parts_add_up(left: str, right: str) -> None:
    """A text costs what its parts cost, but for the seam."""
    assert abs(count_tokens(left + right) - count_tokens(left) - count_tokens(right)) <= 8


@given(st.text(st.characters()))
def test_any_string_has_an_estimate(text: str) -> None:
    """Surrogates, controls and all."""
    assert count_tokens(text) >= 0


LONG = (LICENCE[:1500] + CHINESE * 9 + RUSSIAN * 12 + MADE_UP["csv"] + "👍🏽" * 300) * 12


@given(st.integers(0, len(LONG)), st.integers(0, len(LONG)))
def test_a_ruler_measures_parts_about_as_they_would_be_counted(one: int, other: int) -> None:
    """A short part of a long text is estimated as it would be by itself, a longer one nearly so."""
    start, end = sorted((one, other))
    alone = count_tokens(LONG[start:end])
    assert Ruler(LONG).tokens(start, end) == pytest.approx(alone, rel=0 if end - start <= 4096 else 0.06, abs=0)


@pytest.mark.parametrize("blocks", [1, 2, 3, 4, 5, 6, 7, 32, 35])
@pytest.mark.parametrize("more", [-1, 0, 1, 2, 3, 4])
def test_a_ruler_measures_up_to_the_end_of_a_text_of_any_length(blocks: int, more: int) -> None:
    """Also where only a few characters stand in the last block."""
    text = "ab " * (blocks * 342)
    text = text[: blocks * 1024 + more]
    assert len(block_costs(text)) == -(-len(text) // 1024)
    assert Ruler(text).tokens(0, len(text)) == pytest.approx(count_tokens(text), rel=0.06)


@given(st.sampled_from([1, 2, 3, 4, 8, 16, 33]), st.integers(0, 2**32))
def test_a_text_that_repeats_itself_is_measured_in_every_step(period: int, seed: int) -> None:
    """Half of the pairs stand for all of them where a long text repeats the same few signs."""
    unit = "".join(random.Random(seed).choices(string.printable, k=period))
    text = unit * (100_000 // period)
    whole = count_tokens(text[:32_000])
    assert count_tokens(text) == pytest.approx(whole * len(text) / 32_000, rel=0.02)


@given(st.integers(0, 60), st.integers(1, 5000))
def test_a_ruler_reaches_about_as_far_as_the_tokens_go(place: int, tokens: int) -> None:
    """What lies within reach costs about what was asked for, and there is always something within reach."""
    text = LICENCE * 2 + CHINESE * 20
    start = place * len(text) // 61
    ruler = Ruler(text)
    end = ruler.reach(start, tokens)
    assert start < end <= len(text)
    assert end == len(text) or ruler.tokens(start, end) == pytest.approx(tokens, abs=150)


def test_the_exact_count_of_a_long_text_is_the_sum_of_its_pieces() -> None:
    """Counting piece by piece, to save memory, changes nothing."""
    count = real_count()
    unit = LICENCE + CHINESE * 3 + "\n\n  indented\n1. numbered\n\t\n\n"
    repeated = 2_300_000 // len(unit)
    assert count(unit * repeated) == pytest.approx(count(unit) * repeated, abs=repeated)


def test_lone_surrogates_are_counted() -> None:
    """What no encoder takes still has a count."""
    assert real_count()("a\ud800b") > 0
