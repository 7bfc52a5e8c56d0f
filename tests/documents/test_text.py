"""Bytes to text: what is believed, what is measured, what is refused."""

from __future__ import annotations

import codecs
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.documents.text import decode, label
from extractor.errors import DocumentError

PROSE = {
    "german": "Die Rechnung über 1.200 € wurde geprüft; für größere Beträge gilt die übliche Frist. Grüße",
    "french": "La facture a été réglée à l'échéance prévue. Veuillez agréer, Madame, nos salutations distinguées.",
    "spanish": "¿Cuánto cuesta la habitación con baño? El año pasado pagó mañana y tarde la señora Núñez.",
    "polish": "Proszę o przesłanie faktury; łączna kwota zostanie zapłacona w ciągu siedmiu dni. Dziękuję, źle.",
    "czech": "Žádáme o zaplacení částky podle přiložené faktury, děkujeme za včasnou úhradu, možná příště.",
    "turkish": "Fatura bedeli peşin ödenmiştir; sözleşme yıl sonuna kadar geçerlidir. Saygılarımızla, teşekkürler.",
    "ukrainian": "Рахунок за послуги зв'язку сплачено повністю, договір діє до кінця року. Підпис і печатка її.",
    "russian": "Счёт за услуги связи оплачен полностью, договор действует до конца года. Подпись и печать.",
    "greek": "Το τιμολόγιο εξοφλήθηκε στην ώρα του και η σύμβαση ισχύει μέχρι το τέλος του έτους, όπως και οι όροι.",
    "hebrew": "החשבונית שולמה במועד והחוזה תקף עד סוף השנה בהתאם לתנאים שסוכמו בין הצדדים לפני החתימה",
    "arabic": "تم دفع الفاتورة في الموعد المحدد والعقد ساري المفعول حتى نهاية السنة وفقا للشروط المتفق عليها",
    "japanese": "請求書の金額は三万円です。お支払いは月末までにお願いいたします。東京の本社までご連絡ください。",
    "korean": "청구서의 금액은 삼만 원입니다. 월말까지 지불해 주시기 바랍니다. 계약은 올해 말까지 유효합니다.",
    "chinese": "发票金额为三万元，请在月底之前付款。合同有效期至今年年底，双方应当按照约定的条款履行各自的义务。",
    "taiwanese": "發票金額為三萬元，請在月底之前付款。合約有效期限至今年年底，雙方應當按照約定的條款履行各自的義務。",
}
OLD_ENCODINGS = [
    ("german", "cp1252"),
    ("french", "cp1252"),
    ("french", "mac_roman"),
    ("spanish", "cp1252"),
    ("polish", "cp1250"),
    ("czech", "cp1250"),
    ("polish", "iso8859_2"),
    ("russian", "cp1251"),
    ("russian", "koi8_r"),
    ("russian", "cp866"),
    ("greek", "cp1253"),
    ("hebrew", "cp1255"),
    ("arabic", "cp1256"),
    ("arabic", "iso8859_6"),
    ("turkish", "cp1254"),
    ("french", "cp850"),
    ("ukrainian", "koi8_u"),
    ("japanese", "cp932"),
    ("japanese", "euc_jp"),
    ("japanese", "iso2022_jp"),
    ("korean", "cp949"),
    ("korean", "iso2022_kr"),
    ("chinese", "gb18030"),
    ("taiwanese", "big5"),
]


@pytest.mark.parametrize(("language", "encoding"), OLD_ENCODINGS)
def test_old_encodings_are_recognised_by_their_letters(language: str, encoding: str) -> None:
    """A sentence or two in an old encoding, with nothing that declares it, comes out as it was written."""
    text = PROSE[language].encode(encoding, "ignore").decode(encoding)
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        ("請求書 番号45\n合計金額 12,500円\nお客様名 山田太郎\n", ["cp932", "euc_jp"]),
        ("发票号码 45\n合计金额 12,500元\n客户名称 张三\n", ["gb18030"]),
        ("發票號碼 45\n合計金額 12,500元\n客戶名稱 張三\n", ["big5", "gb18030"]),
        ("청구서 번호 45\n합계 금액 12,500원\n고객 이름 홍길동\n", ["cp949"]),
        ("Счет № 45\nИтого: 12 500 руб.\n", ["cp1251", "cp866"]),
        ("Käufer: Jürgen Groß\nGesamt: 125,50 EUR\n", ["cp1252", "mac_roman", "cp850"]),
    ],
)
def test_a_few_words_of_an_invoice_tell_its_encoding(text: str, encodings: list[str]) -> None:
    """Forms hold names and headings, no sentences."""
    for encoding in encodings:
        assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize(("language", "encoding"), OLD_ENCODINGS)
@pytest.mark.parametrize("before", [10, 2_000])
def test_old_encodings_are_recognised_in_the_midst_of_english(language: str, encoding: str, before: int) -> None:
    """ASCII says nothing of the encoding, however much of it stands around the letters that do."""
    english = "Invoice 42, total 1,200.00 due on 2024-05-01, as agreed.\n"
    prose = PROSE[language].encode(encoding, "ignore").decode(encoding)
    text = f"{before * english}Note for {english[:20]} {prose} (see the terms of payment)\n{before * english}"
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("language", sorted(PROSE))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-be"])
def test_unicode_is_read_with_and_without_a_mark(language: str, encoding: str) -> None:
    """Every form of Unicode is told by its mark, or else by where its zero bytes stand."""
    text = "Invoice 42, total 1,200.00 due on 2024-05-01, as agreed.\n" * 3 + PROSE[language]
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("language", ["arabic", "chinese", "greek", "hebrew", "japanese", "korean", "russian"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_needs_no_latin_letters(language: str, encoding: str) -> None:
    """In other scripts a line end is enough to tell which byte of a unit is the high one."""
    assert decode((PROSE[language] + "\n").encode(encoding)).text == PROSE[language] + "\n"


@given(st.text(min_size=1).filter(lambda text: not text.isspace() and text[0] != "\ufeff" and text.isprintable()))
def test_marked_text_is_kept_to_the_letter(text: str) -> None:
    """Whatever UTF-8 with its mark holds, comes back."""
    assert decode(codecs.BOM_UTF8 + text.encode())[:2] == (text, "utf-8")


def test_newlines_are_kept_as_they_are() -> None:
    """Offsets into the text are offsets into the file: no newline is rewritten."""
    assert decode(b"a\r\nb\rc\nd\n\n").text == "a\r\nb\rc\nd\n\n"


def test_a_few_zero_bytes_are_text() -> None:
    """A report padded with NULs is read, NULs and all."""
    assert (
        decode(b"Total:\x00 42 EUR and a good deal more text\r\n").text
        == "Total:\x00 42 EUR and a good deal more text\r\n"
    )


def test_a_declared_charset_is_believed_where_it_fits() -> None:
    """The same byte is what the envelope says it is."""
    assert decode(b"na\xefve", declared="latin-1")[:2] == ("naïve", "cp1252")
    assert decode("Привет".encode("koi8_r"), declared="koi8-r").text == "Привет"


@pytest.mark.parametrize("declared", ["utf-8", "ascii", "no-such-charset", ""])
def test_a_declared_charset_that_does_not_fit_is_passed_over(declared: str) -> None:
    """A wrong label costs nothing."""
    text = PROSE["german"]
    assert decode(text.encode("cp1252"), declared=declared).text == text


def test_broken_utf8_is_still_utf8() -> None:
    """One byte gone wrong among many that are whole is marked, and the rest is read."""
    data = (PROSE["russian"] * 3).encode()
    assert decode(data[:-1] + b" \xff end")[:2] == (data[:-1].decode("utf-8", "replace") + " \ufffd end", "utf-8")


def test_smart_quotes_alone_are_western() -> None:
    """An English text whose only high bytes are Word's quotes comes from Windows."""
    assert decode(b"a \x93windows\x94 encoding").text == "a “windows” encoding"


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        b"\x7fELF\x02\x01\x01" + bytes(200),
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00!",
    ],
)
def test_binary_content_is_refused(data: bytes) -> None:
    """Pictures, programs and archives are not text, and the message says so in one line."""
    with pytest.raises(DocumentError, match="binary") as caught:
        decode(data)
    assert caught.value.kind == "binary"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b" \r\n\t ", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, "\u3000\n".encode()])
def test_nothing_but_white_space_is_empty(data: bytes) -> None:
    """A file without a visible character has the kind "empty"."""
    with pytest.raises(DocumentError) as caught:
        decode(data)
    assert caught.value.kind == "empty"


@given(st.binary(max_size=400))
def test_any_bytes_end_in_text_or_in_the_one_error(data: bytes) -> None:
    """There is no third way out."""
    kind = "text"
    try:
        decode(data)
    except DocumentError as error:
        kind = error.kind
    assert kind in {"text", "binary", "empty"}


def test_korean_with_marks_of_other_scripts_is_korean() -> None:
    """Letters set alone, full-width figures and a Chinese character make it neither Japanese nor Chinese."""
    text = "견적서 합계 １,２５０,０００원\n대표 李 사장님께 잘 부탁드립니다 ㅎㅎ ㅋㅋ\n"
    assert decode(text.encode("cp949")).text == text


@pytest.mark.parametrize(
    ("text", "encoding", "doubt"),
    [
        ("Hélène; Agnès", "cp1252", "Hélčne; may be Hélène"),
        ("Dvořák", "cp1250", "Dvořák may be Dvoøák"),
        ("Kraków", "cp1250", ""),
        ("Straße 5, München", "cp1252", ""),
        (PROSE["czech"], "cp1250", ""),
    ],
)
def test_a_few_words_that_two_encodings_read_differently_are_a_guess(text: str, encoding: str, doubt: str) -> None:
    """An encoding other than Windows-1252 that hardly any letters speak for names what the two make of a word."""
    guess = decode(text.encode(encoding)).guess
    assert doubt in guess if doubt else not guess


def test_without_chardet_the_guess_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unicode needs no guess; the rest is read as Windows-1252, and the line names the remedy."""
    monkeypatch.setitem(sys.modules, "chardet", None)
    assert decode(PROSE["russian"].encode()).guess == ""
    found = decode("Größe € 42".encode("cp1252"))
    assert (found.text, found.encoding) == ("Größe € 42", "cp1252")
    assert "pip install" in found.guess


@pytest.mark.parametrize("name", ["zlib", "rot13", "unicode_escape", "undefined", "", None, "no such", "x\0y"])
def test_what_is_no_charset_is_no_label(name: str | None) -> None:
    """Codecs of other kinds, which a file could name to do harm, are none."""
    assert label(name) is None
