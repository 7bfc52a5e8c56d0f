"""Token counts: the model's own where its vocabulary is there, else an estimate on the high side."""

from __future__ import annotations

import inspect
import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.text import tokens
from extractor.text.tokens import TokenSums, count_tokens, estimate

chance = random.Random(3)
LICENCE = (Path(__file__).parents[2] / "LICENSE").read_text()
REAL = {
    "english": LICENCE,
    "chinese": "发票金额为三万元，请在月底之前付款。合同有效期至今年年底，双方应当履行各自的义务，不得擅自变更。" * 30,
    "japanese": "請求書の金額は三万円です。月末までにお支払いください。契約は今年の終わりまで有効です。" * 30,
    "korean": "청구 금액은 삼만 원이며 이달 말까지 지불해 주십시오. 계약은 올해 말까지 유효합니다. " * 30,
    "russian": "Счёт за услуги связи оплачен полностью, договор действует до конца года, если стороны не решат иначе. "
    * 30,
    "ukrainian": "Рахунок за послуги зв’язку сплачено повністю, договір діє до кінця року. " * 40,
    "greek": "Ο λογαριασμός εξοφλήθηκε πλήρως και η σύμβαση ισχύει έως το τέλος του έτους. " * 40,
    "german": "Die Rechnung wurde vollständig bezahlt, und der Vertrag gilt bis zum Ende des Jahres. " * 40,
    "finnish": "Lasku on maksettu kokonaan, ja sopimus on voimassa vuoden loppuun. " * 40,
    "hungarian": "A számlát teljes egészében kifizették, a szerződés az év végéig érvényes. " * 40,
    "polish": "Rachunek został w całości opłacony, a umowa obowiązuje do końca roku. " * 40,
    "turkish": "Fatura tamamen ödendi ve taraflar aksine karar vermedikçe sözleşme yıl sonuna kadar geçerlidir. " * 40,
    "vietnamese": "Hóa đơn đã được thanh toán đầy đủ và hợp đồng có hiệu lực đến cuối năm. " * 40,
    "swahili": "Ankara imelipwa kikamilifu na mkataba unaendelea hadi mwisho wa mwaka huu. " * 40,
    "arabic": "تم دفع الفاتورة بالكامل ويسري العقد حتى نهاية العام ما لم يقرر الطرفان خلاف ذلك. " * 40,
    "hebrew": "החשבון שולם במלואו וההסכם תקף עד סוף השנה אלא אם כן יחליטו הצדדים אחרת. " * 40,
    "hindi": "बिल का पूरा भुगतान हो चुका है और अनुबंध इस वर्ष के अंत तक मान्य है। " * 40,
    "thai": "ชำระใบแจ้งหนี้เรียบร้อยแล้วและสัญญามีผลจนถึงสิ้นปีนี้ " * 40,
    "rows": "\n".join(f"2026-01-{n % 28 + 1:02};Card {n:05};{n % 90}.50;EUR" for n in range(300)),
    "money": "\n".join(f"Item {row:>4}      EUR {chance.random() * 1e3:>12,.2f}" for row in range(200)),
    "json": json.dumps([{"id": chance.randint(1, 10**6), "ok": True, "price": chance.random()} for _ in range(120)]),
    "code": inspect.getsource(json.decoder),
    "emoji": "".join(chr(chance.randint(0x1F300, 0x1F64F)) for _ in range(600)),
}


def encoder() -> Callable[[str], int]:
    encode = tokens.encoder()
    if encode is None:
        pytest.skip("needs the extra `tokens`")
    return lambda text: len(encode(text))


@pytest.mark.parametrize("kind", sorted(REAL))
def test_the_estimate_is_never_too_low(kind: str) -> None:
    """Languages, rows, numbers and code alike; and on no kind is it twice the count."""
    actual = encoder()(REAL[kind])
    assert actual <= estimate(REAL[kind]) < 2 * actual


def test_english_prose_is_estimated_within_a_third() -> None:
    """The most common text is not far over."""
    assert estimate(LICENCE) <= 1.34 * encoder()(LICENCE)


@given(st.lists(st.sampled_from([*REAL.values(), "\n\n", " ", "\t", "\r\n", "  x\n"]), min_size=1, max_size=4))
def test_a_long_text_counted_in_pieces_has_the_count_of_the_whole(parts: list[str]) -> None:
    """Cutting a text for counting changes nothing, whatever stands at the seams."""
    text = "".join(parts)
    assert sum(map(encoder(), tokens._pieces(text, 300))) == encoder()(text)


@given(st.text(st.characters(), max_size=300))
def test_any_string_has_a_count(text: str) -> None:
    """Lone surrogates, controls and all; only the empty text costs nothing."""
    assert (count_tokens(text) > 0) is (estimate(text) > 0) is bool(text)


def test_without_the_vocabulary_the_estimate_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """`count_tokens` needs no extra."""
    monkeypatch.setattr(tokens, "_counter", lambda: estimate)
    assert count_tokens(LICENCE) == estimate(LICENCE)
    assert TokenSums(LICENCE).total == pytest.approx(estimate(LICENCE), rel=0.02)


@pytest.mark.parametrize(("text", "count"), [("", 0), ("a", 1), ("Hello, world!", 4), ("\n", 1), ("2026-01-05", 6)])
def test_short_texts_count_as_the_model_counts_them(text: str, count: int) -> None:
    """A date is three numbers of up to three digits, and two marks."""
    assert encoder()(text) == count_tokens(text) == count
    assert estimate(text) >= count


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_tokens_of_a_stretch_are_about_those_of_the_stretch_alone(one: int, other: int) -> None:
    """Known from one count of the whole text, to within its blocks."""
    text = LICENCE + REAL["chinese"] + REAL["rows"]
    sums, (start, end) = TokenSums(text), sorted((len(text) * one // 60, len(text) * other // 60))
    assert abs(sums.tokens(start, end) - count_tokens(text[start:end])) <= 60
    assert sums.total == count_tokens(text)


@given(st.integers(0, 60), st.floats(-5000, 5000))
def test_what_is_reached_has_the_tokens_asked_for(place: int, wanted: float) -> None:
    """`reach` is the inverse of `tokens`, forwards and backwards."""
    sums = TokenSums(LICENCE)
    start = len(LICENCE) * place // 60
    end = sums.reach(start, wanted)
    assert 0 <= end <= len(LICENCE)
    assert (end >= start) == (wanted >= 0) or end == start
    assert end in (0, len(LICENCE)) or sums.until(end) - sums.until(start) == pytest.approx(wanted, abs=2)
