"""Numbers in words and lengths of time, in each language in which dates are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.extraction.folding import fold
from extractor.extraction.words import length_of, lengths, numbers_in_words

NUMBERS = {
    "не менее": [
        ("ноль", 0),
        ("одна", 1),
        ("двух", 2),
        ("четырнадцать", 14),
        ("сорок два", 42),
        ("сто девяносто девять", 199),
        ("пятисот шестидесяти", 560),
        ("тысяча", 1000),
        ("двадцать одна тысяча", 21_000),
        ("ТРИСТА ТЫСЯЧ СЕМНАДЦАТЬ", 300_017),
        ("один миллион двести тысяч", 1_200_000),
        ("семь миллионов трёх", 7_000_003),
    ],
    "bu tutar": [
        ("sıfır", 0),
        ("sekiz", 8),
        ("on beş", 15),
        ("onbeş", 15),
        ("kırk iki", 42),
        ("DOKSANDOKUZ", 99),
        ("YİRMİ DÖRT", 24),
        ("yüz", 100),
        ("ikiyüzelli", 250),
        ("bin dokuz yüz seksen dört", 1984),
        ("yüz yirmi bin", 120_000),
        ("üçmilyonyediyüzbinbir", 3_700_001),
    ],
    "في هذا": [
        ("صفر", 0),
        ("اثنان", 2),
        ("أحد عشر", 11),
        ("ثمانية عشر", 18),
        ("واحد وعشرون", 21),
        ("سبعة و ثمانين", 87),
        ("مائتان وخمسون", 250),
        ("ثلاثمائة وأربعة", 304),
        ("ألف وتسعمئة وستة وخمسون", 1956),
        ("ألفان", 2000),
        ("خمسة آلاف ومئة", 5100),
        ("ثلاثة وأربعون ألفاً", 43_000),
        ("مليونان وثلاثمائة ألف", 2_300_000),
    ],
    "यह राशि": [
        ("शून्य", 0),
        ("पाँच", 5),
        ("पांच", 5),
        ("उन्नीस", 19),
        ("सैंतीस", 37),
        ("उनसठ", 59),
        ("निन्यानवे", 99),
        ("तीन सौ बारह", 312),
        ("एक हज़ार नौ सौ सैंतालीस", 1947),
        ("बीस हजार", 20_000),
        ("चार लाख पचास हज़ार", 450_000),
        ("दो करोड़ दस लाख एक", 21_000_001),
    ],
    "gli altri": [("centotto", 108), ("duecentottantuno", 281), ("sei", 6)],
}
LENGTHS = [
    ("due settimane", (0, 14 * 86_400)),
    ("once horas", (0, 11 * 3600)),
    ("um mês", (1, 0)),
    ("en vecka", (0, 7 * 86_400)),
    ("шесть (6) месяцев", (6, 0)),
    ("тридцати дней", (0, 30 * 86_400)),
    ("двадцать один день", (0, 21 * 86_400)),
    ("две недели", (0, 14 * 86_400)),
    ("24 часа", (0, 86_400)),
    ("сорок пять минут", (0, 2700)),
    ("пять лет", (60, 0)),
    ("один год и шесть месяцев", (18, 0)),
    ("on gün", (0, 10 * 86_400)),
    ("30 günlük", (0, 30 * 86_400)),
    ("altı (6) aylık", (6, 0)),
    ("ÜÇ YIL", (36, 0)),
    ("iki hafta", (0, 14 * 86_400)),
    ("yetmişiki saat", (0, 72 * 3600)),
    ("bir yıl ve altı ay", (18, 0)),
    ("doksan dakika", (0, 5400)),
    ("ثلاثين (30) يوماً", (0, 30 * 86_400)),
    ("خمسة عشر يوما", (0, 15 * 86_400)),
    ("ستة أشهر", (6, 0)),
    ("شهرين", (2, 0)),
    ("أسبوعان", (0, 14 * 86_400)),
    ("ثلاث سنوات", (36, 0)),
    ("سنتان وثلاثة أشهر", (27, 0)),
    ("48 ساعة", (0, 48 * 3600)),
    ("عشرون دقيقة", (0, 1200)),
    ("छह (6) महीने", (6, 0)),
    ("तीस दिनों", (0, 30 * 86_400)),
    ("पंद्रह दिन", (0, 15 * 86_400)),
    ("दो सप्ताह", (0, 14 * 86_400)),
    ("तीन हफ़्ते", (0, 21 * 86_400)),
    ("पाँच वर्षों", (60, 0)),
    ("एक साल और दो महीने", (14, 0)),
    ("चौबीस घंटे", (0, 86_400)),
    ("पैंतालीस मिनट", (0, 2700)),
]
PROSE = {
    "en": "the of and to in is you that it he was for on are as with his they i at be this have from or had by but not "
    "what all were we when your can said there use an each which she do how their if will up other about out many then",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht als auch es an werden aus er hat dass "
    "sie nach wird bei um am sind noch wie über so zum war haben nur oder aber vor zur bis mehr durch man bin sei",
    "fr": "de la le et les des en du est que qui dans il au pour pas sur se plus par je avec tout faire son mettre "
    "autre on mais nous comme ou si leur y dire elle devoir avant même prendre aussi celui donner bien où fois vous",
    "es": "de la que el en y a los se del las por con no para su al lo como más pero sus le ya o este sí porque esta "
    "entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos les ni contra tienen",
    "it": "di e il che la in a per è del si non con le i da dei al sono come più ma ha della anche alla nel se gli ci "
    "lo questo essere o loro suo tutti quando molto mio dove noi ancora fra fare stesso",
    "nl": "de van het in is dat op te en zijn voor met niet aan er om ook als dan maar bij of uit nog naar heeft hij "
    "ze wordt tot je mijn deze over zo door haar kan geen hebben worden meer al werd wel",
    "pt": "de a o que e do da em para é com não os no se na por mais as dos como mas foi ao ele das tem à seu sua ou "
    "ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos",
    "sv": "och att det som på är av för med till den har de inte om han men var jag sig från vi så kan när år säger "
    "hon under också efter eller nu sin där vid mot ska skulle kommer ut får finns vara hade alla andra",
    "pl": "i w na z do się nie że jest o to jak za od po ale przez co tym tak jego dla czy przy był lub oraz może już "
    "które tylko także być bardzo pod jej ich są przed gdzie jeszcze stoi",
    "ru": "и в не на я что тот быть с а весь это как она по но они к у мы из который то за свой для вы же от со бы "
    "ещё о ему год раз где там себя если только или когда уже до при без",
    "tr": "ve bu da de için ile çok daha gibi kadar ne o ama ya mi olan sonra ben her sen değil en olarak ki var diye "
    "şey biz onu ona oldu önce hem içinde göre yok onun üzerine",
    "ar": "في من على إلى عن أن هذا هذه التي الذي كان لا ما مع هو هي قد كل بعد قبل بين أو ثم أي لم حتى عند غير أحد و "
    "إذا ذلك تلك نحن هم أنا ليس منذ",
    "hi": "के का की में है से को पर यह और हैं ने कि था वह भी इस हो कर तो ही या जो नहीं अपने लिए साथ तक कुछ बाद उस "
    "थे गया जा रहा होता सब हम मैं आप जब",
}


@pytest.mark.parametrize(
    ("before", "written", "value"), [(before, *pair) for before, table in NUMBERS.items() for pair in table]
)
def test_numbers(before: str, written: str, value: int) -> None:
    """A number in words is read whole, once, and where it stands."""
    text = fold(f"{before} {written}.").text
    assert [one.value for one in numbers_in_words(text)] == [value]
    assert [text[one.start : one.end] for one in numbers_in_words(text)] == [fold(written).text]


@pytest.mark.parametrize(("written", "value"), LENGTHS)
def test_lengths(written: str, value: tuple[int, int]) -> None:
    """A length of time is one by itself and in a text."""
    assert length_of(written) == value
    assert value in [one.value for one in lengths(fold(f"({written}).").text)]


@given(st.sampled_from(sorted(PROSE)).flatmap(lambda code: st.lists(st.sampled_from(PROSE[code].split()), min_size=1)))
def test_prose(words: list[str]) -> None:
    """No common word of prose is a number, by itself or beside others of its language."""
    assert list(numbers_in_words(fold(" ".join(words)).text)) == []


@pytest.mark.parametrize("text", ["Paid on Monday", "Ich bin hier", "Ella vive en Madrid", "Isto é tudo", "Due 5 May"])
def test_sentences(text: str) -> None:
    """A word that is a number in another language alone is none in a short text."""
    assert list(numbers_in_words(fold(text).text)) == []


def test_two_languages() -> None:
    """Numbers of one language are read under labels of another."""
    text = fold("Amount of the invoice in words, to be paid by the buyer: deux cent vingt euros").text
    assert [one.value for one in numbers_in_words(text)] == [220]
