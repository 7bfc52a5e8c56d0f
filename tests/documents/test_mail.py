"""E-mail: headers, the body that says most, and what is attached."""

from __future__ import annotations

import struct
from base64 import b64encode
from binascii import b2a_uu
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from extractor.documents.source import Limits
from extractor.errors import DocumentError
from tests.documents.making import Tree, loaded, ole, pdf, picture, word


def letter(body: str = "Dear all,\n\nTotal 42.\n", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ada <ada@example.com>"
    message["To"] = "Bob <bob@example.com>"
    message["Date"] = "Tue, 01 Oct 2024 12:34:56 -0500"
    message["Subject"] = headers.get("subject", "Invoice")
    message.set_content(body)
    return message


def test_a_message_is_its_headers_and_its_body(tmp_path: Path) -> None:
    """Both are text that spans can refer to, and the headers are metadata too."""
    document = loaded(tmp_path, "a.eml", letter().as_bytes())
    assert document.text == (
        "From: Ada <ada@example.com>\nTo: Bob <bob@example.com>\nDate: Tue, 01 Oct 2024 12:34:56 -0500\n"
        "Subject: Invoice\n\nDear all,\n\nTotal 42.\n"
    )
    metadata = {key: document.metadata[key] for key in ("format", "from", "to", "date", "subject")}
    assert metadata == {
        **{"format": "eml", "from": "Ada <ada@example.com>", "to": "Bob <bob@example.com>"},
        **{"date": "Tue, 01 Oct 2024 12:34:56 -0500", "subject": "Invoice"},
    }


def test_attachments_are_read_in_their_place(tmp_path: Path) -> None:
    """Each follows under a separator, whatever its format; a message within a message is one of them."""
    message, inner = letter(), letter("Total 45", subject="Inner")
    inner.add_attachment(b"Total 46", maintype="text", subtype="plain", filename="deep.txt")
    message.add_attachment(pdf([(72, 700, "Total 43")]), maintype="application", subtype="pdf", filename="bill.pdf")
    message.add_attachment(
        word("<w:p><w:r><w:t>Total 44</w:t></w:r></w:p>"), maintype="x", subtype="y", filename="b.docx"
    )
    message.add_attachment(inner)
    text = loaded(tmp_path, "a.eml", message.as_bytes()).text
    marks = ["Total 42", "--- attachment: bill.pdf ---", "Total 43", "--- attachment: b.docx ---", "Total 44"]
    marks += ["--- attachment: Inner.eml ---", "Total 45", "--- attachment: deep.txt ---", "Total 46"]
    assert sorted(marks, key=text.index) == marks


def test_an_attachment_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """The message is read without it, and both the text and the metadata say so."""
    message = letter()
    message.add_attachment(b"%PDF-1.4 cut off", maintype="application", subtype="pdf", filename="bill.pdf")
    document = loaded(tmp_path, "a.eml", message.as_bytes())
    assert "--- attachment: bill.pdf ---\n\n[not read: the PDF is damaged" in document.text
    (unread,) = document.metadata["unread"]
    assert unread.startswith("bill.pdf: the PDF is damaged")


def test_messages_within_messages_end_somewhere(tmp_path: Path) -> None:
    """Files within files are read five deep, and the next one is told."""
    message = letter()
    for _ in range(8):
        outer = letter()
        outer.add_attachment(message)
        message = outer
    document = loaded(tmp_path, "a.eml", message.as_bytes())
    assert document.text.count("Total 42") == 6
    assert "nesting of files within files is over the limit" in document.metadata["unread"][0]


def test_the_body_that_says_most_is_taken(tmp_path: Path) -> None:
    """Plain text goes first, unless it is a stub beside the HTML."""
    both = letter("Total 42, as plain text")
    both.add_alternative("<p>Total 42, as <b>HTML</b></p>", subtype="html")
    assert "as plain text" in loaded(tmp_path, "a.eml", both.as_bytes()).text
    stub = letter("No HTML?")
    stub.add_alternative("<p>Total 42, and a good deal more that only the HTML tells</p>", subtype="html")
    text = loaded(tmp_path, "b.eml", stub.as_bytes()).text
    assert "only the HTML tells" in text
    assert "No HTML?" not in text
    stub = letter("This message is best read as HTML.")
    stub.add_alternative("<p>Total 42</p>", subtype="html")
    assert "Total 42" in loaded(tmp_path, "c.eml", stub.as_bytes()).text
    short = letter("Dear Ada, this is your order of today")
    short.add_alternative("<p>Dear Ada, this is your order, No:4711</p>", subtype="html")
    assert "No:4711" in loaded(tmp_path, "d.eml", short.as_bytes()).text


def test_numbers_of_a_form_of_the_message_that_is_not_taken_are_named(tmp_path: Path) -> None:
    """Two forms may have numbers that the other lacks; one of them is read, and the document is not whole."""
    both = letter("Order 4711, total 42")
    both.add_alternative("<p>Total 42, by Acme of 12 High Street, 2031</p>", subtype="html")
    document = loaded(tmp_path, "a.eml", both.as_bytes())
    assert "12 High Street" in document.text
    assert document.metadata["unread"] == ["numbers that only another form of the message has, such as 4711"]


def test_the_body_of_outlook_that_says_most_is_taken(tmp_path: Path) -> None:
    """Messages of Outlook have the same forms, and one is chosen in the same way."""
    stub = "Best read as HTML.".encode("utf-16-le")
    body = {"__substg1.0_1000001F": stub, "__substg1.0_10130102": b"<p>Total 4711</p>"}
    assert "Total 4711" in loaded(tmp_path, "a.msg", ole(outlook("S", body))).text


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        ("text/plain; charset=shift_jis", "請求書の合計".encode("shift_jis"), "請求書の合計"),
        ("text/plain; charset=iso-2022-jp", "請求書の合計".encode("iso2022_jp"), "請求書の合計"),
        ("text/plain; charset=ascii", "Straße für Käufer".encode("latin-1"), "Straße für Käufer"),
        ("text/plain; charset=no-such-charset", "Straße".encode(), "Straße"),
        ('text/plain; charset="\0"', b"Total", "Total"),
        ("multipart/mixed", b"no boundary at all", "no boundary at all"),
    ],
)
def test_what_a_message_claims_is_believed_where_it_fits(tmp_path: Path, head: str, body: bytes, text: str) -> None:
    """Charsets and structures that are wrong still leave the text."""
    data = b"Subject: x\nMIME-Version: 1.0\nContent-Type: " + head.encode() + b"\n\n" + body + b"\n"
    assert text in loaded(tmp_path, "a.eml", data).text


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?B?" + b64encode("Größe".encode()) + b"?=", "Größe"),
        (b"=?GB2312?B?1cXPyMn6?=", "张先生"),
        (b"=?NONE?B?VEVTVA==?=", "TEST"),
        ("Formação".encode("latin-1"), "Formação"),
        (b"folded\n over two lines", "folded over two lines"),
        (b"=?utf-8?B?broken", "=?utf-8?B?broken"),
    ],
)
def test_headers_are_decoded_however_they_were_encoded(tmp_path: Path, raw: bytes, subject: str) -> None:
    """Encoded words, raw bytes, folded lines and nonsense all end as text."""
    document = loaded(tmp_path, "a.eml", b"Subject: " + raw + b"\nMessage-ID: <1>\n\nbody")
    assert document.metadata["subject"] == subject


def test_a_mailbox_is_its_messages_in_a_row(tmp_path: Path) -> None:
    """Each message stands under its number, and a quoted From is no separator."""
    messages = b"".join(
        b"From ada Mon Jun 01 10:00:00 2009\nFrom: a@b.c\nSubject: S%d\n\nTotal %d\n>From here on\n\n" % (n, n)
        for n in (1, 2)
    )
    document = loaded(tmp_path, "a.mbox", messages)
    assert document.metadata["messages"] == 2
    assert document.text.startswith("--- message 1 ---\n\nFrom: a@b.c\nSubject: S1\n\nTotal 1\nFrom here on")
    assert "--- message 2 ---" in document.text


def test_markup_for_one_kind_of_program_is_no_text(tmp_path: Path) -> None:
    """A form of the message in HTML of a kind of its own is read as HTML."""
    message = letter("Order 4711, total 42")
    page = "<style>body{visibility:hidden}</style><style>p{margin:99px}</style><p>Order 4711, total 42</p>"
    message.add_alternative(page, subtype="x-amp-html")
    document = loaded(tmp_path, "a.eml", message.as_bytes())
    assert document.text.endswith("Order 4711, total 42\n")
    assert "99px" not in document.text


def test_a_message_that_is_cut_off_says_so(tmp_path: Path) -> None:
    """What is there is read, and the rest is named."""
    message = letter()
    message.add_attachment(b"a,b\n" * 500, maintype="text", subtype="csv", filename="a.csv")
    whole = message.as_bytes()
    assert "unread" not in loaded(tmp_path, "a.eml", whole).metadata
    document = loaded(tmp_path, "b.eml", whole[: len(whole) // 2])
    assert "Total 42" in document.text
    assert document.metadata["unread"] == ["the end of the message: it is cut off"]
    coded = b"Content-Transfer-Encoding: base64\n\n" + b64encode(b"Total 42, and more")
    for end in (-1, -2, -3):
        document = loaded(tmp_path, "c.eml", b"From: a@b.c\n" + coded[:end])
        assert document.metadata["unread"] == ["the end of the message: it is cut off"]


@pytest.mark.parametrize("body", ["Total 42!", "Total 42!!", "Total 42!!!"])
def test_the_footer_of_a_mailing_list_is_text_behind_the_body(tmp_path: Path, body: str) -> None:
    """Servers write it behind the Base64 of a body, or behind the last part; data that stand there are named."""
    coded = f"Content-Transfer-Encoding: base64\n\n{b64encode(body.encode()).decode()}\n"
    footer = "-- \nList of 99 members: https://example.org\n"
    document = loaded(tmp_path, "a.eml", f"From: a@b.c\n{coded}{footer}".encode())
    assert document.text == f"From: a@b.c\n\n{body}\n\n{footer}"
    several = "From: a@b.c\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
    document = loaded(tmp_path, "b.eml", f"{several}--B\n{coded}{footer}--B--\n99 members\n".encode())
    assert document.text == f"From: a@b.c\n\n{body}\n\n{footer}\n99 members\n"
    document = loaded(tmp_path, "c.eml", f"{several}--B\n\n{body}\n--B--\n\n{'QUJD' * 15}\n".encode())
    assert document.metadata["unread"] == ["data behind the end of a part of the message"]


def test_messages_of_a_mailbox_may_carry_equal_files(tmp_path: Path) -> None:
    """Each of them is read: what was sent twice counts twice."""
    message = letter()
    message.add_attachment(b"Total 7", maintype="text", subtype="plain", filename="a.txt")
    messages = b"".join(b"From ada Mon Jun 01 10:00:00 2009\n" + message.as_bytes() + b"\n" for _ in range(2))
    assert loaded(tmp_path, "a.mbox", messages).text.count("--- attachment: a.txt ---\n\nTotal 7") == 2


def fields(head: int, **numbers: int) -> bytes:
    """A stream of fixed properties: t0039=... is the value of property 0x0039."""
    rows = (struct.pack("<HHIQ", 0x40, int(name[1:], 16), 6, number) for name, number in numbers.items())
    return bytes(head) + b"".join(rows)


def outlook(subject: str, body: Tree, *, head: int = 32) -> Tree:
    sent = 133_700_000_000_000_000
    return {
        "__properties_version1.0": fields(head, t0039=sent),
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Ada".encode("utf-16-le"),
        "__substg1.0_5D01001F": "ada@example.com".encode("utf-16-le"),
        "__recip_version1.0_#00000000": {
            "__properties_version1.0": fields(8, t0C15=1),
            "__substg1.0_3001001F": "Bob".encode("utf-16-le"),
            "__substg1.0_39FE001F": "bob@example.com".encode("utf-16-le"),
        },
        **body,
    }


def test_an_outlook_message_reads_as_any_other(tmp_path: Path) -> None:
    """Headers, body, an attached file, message and object come out as they do from a mail."""
    inner = outlook("Inner", {"__substg1.0_1000001F": "Total 44".encode("utf-16-le")}, head=24)
    message = outlook(
        "Invoice",
        {
            "__substg1.0_1000001F": "Total 42".encode("utf-16-le"),
            "__attach_version1.0_#00000000": {
                "__properties_version1.0": fields(8),
                "__substg1.0_3707001F": "note.txt".encode("utf-16-le"),
                "__substg1.0_37010102": b"Total 43".ljust(4096),
            },
            "__attach_version1.0_#00000001": {"__properties_version1.0": fields(8), "__substg1.0_3701000D": inner},
            "__attach_version1.0_#00000002": {
                "__properties_version1.0": fields(8, t3705=6),
                "__substg1.0_3701000D": {"CONTENTS": b"Total 45".ljust(4096)},
            },
        },
    )
    document = loaded(tmp_path, "a.msg", ole(message))
    assert document.text.startswith(
        "From: Ada <ada@example.com>\nTo: Bob <bob@example.com>\n"
        "Date: Thu, 05 Sep 2024 08:53:20 +0000\nSubject: Invoice\n"
    )
    assert document.metadata["format"] == "msg"
    marks = [
        "Total 42",
        "--- attachment: note.txt ---",
        "Total 43",
        "--- attachment: Inner ---",
        "Total 44",
        "Total 45",
    ]
    assert sorted(marks, key=document.text.index) == marks


def test_a_file_that_an_outlook_message_only_names_is_named(tmp_path: Path) -> None:
    """An attachment may be a link to a file in the cloud, or a message within more messages than are opened."""
    link: Tree = {
        "__properties_version1.0": fields(8, t3705=7),
        "__substg1.0_3707001F": "plan.xlsx".encode("utf-16-le"),
    }
    body: Tree = {"__substg1.0_1000001F": "Total 42".encode("utf-16-le"), "__attach_version1.0_#00000000": link}
    document = loaded(tmp_path, "a.msg", ole(outlook("Invoice", body)))
    assert document.metadata["unread"] == ["plan.xlsx: the file is empty (0 bytes); fetch it again or leave it out"]
    message = outlook("Innermost", body, head=24)
    for _ in range(7):
        inner: Tree = {"__properties_version1.0": fields(8, t3705=5), "__substg1.0_3701000D": message}
        message = outlook("Outer", {"__attach_version1.0_#00000000": inner}, head=24)
    document = loaded(tmp_path, "a.msg", ole({**message, **outlook("Outer", {})}))
    assert "Innermost" not in document.text
    (line,) = document.metadata["unread"]
    assert line.startswith("Outer: the nesting of files within files is over the limit of 5 levels")


@pytest.mark.parametrize(
    "body",
    [
        {"__substg1.0_10130102": b"<p>Total <b>42</b></p>"},
        {"__substg1.0_10090102": struct.pack("<IIII", 0, 25, 0x414C454D, 0) + rb"{\rtf1\ansi Total \b 42}"},
    ],
)
def test_an_outlook_message_without_plain_text_is_read_from_what_it_has(tmp_path: Path, body: Tree) -> None:
    """HTML and RTF bodies stand in for the plain one."""
    assert "Total 42" in loaded(tmp_path, "a.msg", ole(outlook("Invoice", body))).text


@pytest.mark.parametrize(
    "rtf", [struct.pack("<IIII", 9000, 25, 0x414C454D, 0) + rb"{\rtf1\ansi Total", b"{\\rtf1 Total}"]
)
def test_a_body_that_is_damaged_is_not_read_as_less_text(tmp_path: Path, rtf: bytes) -> None:
    """RTF that is shorter than it says, or not packed as Outlook packs it, is an error."""
    with pytest.raises(DocumentError, match="body of the message is damaged"):
        loaded(tmp_path, "a.msg", ole(outlook("Invoice", {"__substg1.0_10090102": rtf})))


def test_files_within_alternatives_are_read(tmp_path: Path) -> None:
    """Some programs put what is attached beside the richer body; the poorer body is passed over, the file is not."""
    html = MIMEMultipart("mixed")
    html.attach(MIMEText("<p>See the attached list</p>", "html"))
    file = MIMEText("R-17;49.90", "csv")
    file.add_header("Content-Disposition", "attachment", filename="list.csv")
    html.attach(file)
    invitation = MIMEText("BEGIN:VCALENDAR\nDTSTART:20260301T100000Z\nEND:VCALENDAR", "calendar")
    message = MIMEMultipart("alternative")
    for part in (MIMEText("See the attached list", "plain"), html, invitation):
        message.attach(part)
    text = loaded(tmp_path, "a.eml", b"Subject: x\n" + message.as_bytes()).text
    assert text.count("See the attached list") == 1
    assert "--- attachment: list.csv ---\n\nR-17;49.90" in text
    assert "DTSTART:20260301T100000Z" in text


def test_pictures_within_the_markup_of_a_message_are_shown(tmp_path: Path) -> None:
    """They stand in `data:` addresses, as they do in pages."""
    address = f"data:image/bmp;base64,{b64encode(picture('BMP', size=(80, 80))).decode()}"
    message = letter()
    message.set_content(f'<p>Total 42</p><img src="{address}">', subtype="html")
    outlooks = ole(outlook("x", {"__substg1.0_10130102": f'<p>Total 42</p><img src="{address}">'.encode()}))
    for name, data in (("a.eml", message.as_bytes()), ("a.msg", outlooks)):
        document = loaded(tmp_path, name, data, ocr="off")
        assert "Total 42" in document.text
        assert [image.media_type for image in document.images] == ["image/png"]


def test_flowed_text_is_joined_to_paragraphs(tmp_path: Path) -> None:
    """A line that ends in a space goes on, within one depth of quotes; the line above a signature does not."""
    body = "One para \ngraph goes \non here.\n> quoted \n> text\nEnd \n-- \nAda\n  From here\n"
    for delsp, joined in (("", "One para graph goes on here."), ("; delsp=yes", "One paragraph goeson here.")):
        head = f'MIME-Version: 1.0\nFrom: a\nDate: b\nContent-Type: text/plain; format="flowed"{delsp}\n\n'
        lines = loaded(tmp_path, "a.eml", (head + body).encode()).text.split("\n")
        assert lines[lines.index(joined) + 1].startswith("> quoted")
        assert lines[-5:] == ["End", "--", "Ada", " From here", ""]


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("iso-8859-1", "cp1252", "Total € 12.50 – paid"),
        ("us-ascii", "utf-8", "Größe 42"),
        ("gb2312", "gb18030", "镕基 合计"),
        ("euc-kr", "cp949", "똠방각하 견적서"),
        ("utf-8*de", "utf-8", "Größe 42"),
    ],
)
def test_labels_of_mail_are_read_as_the_web_reads_them(tmp_path: Path, charset: str, encoding: str, text: str) -> None:
    """In bodies, in encoded words, and in raw headers, which are in the encoding of the body."""
    word = f"=?{charset}?B?{b64encode(text.encode(encoding)).decode()}?="
    kind = f"Content-Type: text/plain; charset={charset.partition('*')[0]}"
    head = f"MIME-Version: 1.0\nFrom: {word} <a@example.org>\n{kind}\n"
    raw = head.encode() + b"Subject: " + text.encode(encoding) + b"\n\n" + text.encode(encoding)
    document = loaded(tmp_path, "a.eml", raw)
    assert document.text == f"From: {text} <a@example.org>\nSubject: {text}\n\n{text}\n"


def test_what_a_message_only_points_to_is_named(tmp_path: Path) -> None:
    """A body that is elsewhere is no loss in silence."""
    data = b"MIME-Version: 1.0\nFrom: a\nSubject: b\n"
    data += b"Content-Type: message/external-body; access-type=URL\n\nContent-Type: x/y\n\n"
    (line,) = loaded(tmp_path, "a.eml", data).metadata["unread"]
    assert "elsewhere" in line


def signed(content: bytes, *, streamed: bool) -> bytes:
    """A signature that holds what it signs: in one piece, or in pieces of which the end is marked (RFC 5652)."""
    signed_data, plain_data = (bytes.fromhex(f"06092a864886f70d0107{last}") for last in ("02", "01"))

    def element(tag: int, body: bytes) -> bytes:
        size = len(body).to_bytes(2, "big")
        return bytes([tag, 0x80]) + body + b"\0\0" if streamed and tag & 0x20 else bytes([tag, 0x82]) + size + body

    pieces = [content[at : at + 20] for at in range(0, len(content), 20)]
    octets = element(0x24, b"".join(element(4, piece) for piece in pieces)) if streamed else element(4, content)
    body = b"\x02\x01\x01\x31\x00" + element(0x30, plain_data + element(0xA0, octets))
    return element(0x30, signed_data + element(0xA0, element(0x30, body)))


@pytest.mark.parametrize("streamed", [False, True])
def test_a_message_within_its_signature_is_read(tmp_path: Path, streamed: bool) -> None:
    """Outlook signs so that other programs see one file, smime.p7m."""
    inner = b"Content-Type: text/plain; charset=utf-8\n\nTotal 42, gr\xc3\xbc\xc3\x9fe\n"
    outer = EmailMessage()
    outer["From"] = "a@example.org"
    data = signed(inner, streamed=streamed)
    outer.add_attachment(data, maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    document = loaded(tmp_path, "a.eml", outer.as_bytes())
    assert document.text.split("\n\n")[1].strip() == "Total 42, grüße"
    assert "unread" not in document.metadata


@pytest.mark.parametrize(
    "kind", ["application/pkcs7-mime; smime-type=enveloped-data", "multipart/encrypted; boundary=x"]
)
def test_what_is_encrypted_is_named(tmp_path: Path, kind: str) -> None:
    """The headers are all that can be read, and the one line says so."""
    data = f"MIME-Version: 1.0\nFrom: a\nSubject: b\nContent-Type: {kind}\n\n--x\n\nhQEMA\n--x--\n".encode()
    document = loaded(tmp_path, "a.eml", data)
    assert document.text.strip() == "From: a\nSubject: b"
    (line,) = document.metadata["unread"]
    assert "encrypted" in line


def test_files_that_are_written_into_the_body_are_read(tmp_path: Path) -> None:
    """Old programs send files as uuencoded lines."""
    lines = "".join(b2a_uu(data).decode() for data in (b"R-17;49.90\n",))
    body = f"Here it is.\n\nbegin 644 list.csv\n{lines}`\nend\n\nRegards\nbegin 644 no file\n"
    text = loaded(tmp_path, "a.eml", letter(body).as_bytes()).text
    assert "--- attachment: list.csv ---\n\nR-17;49.90" in text
    assert "begin 644 no file" in text


def tnef(properties: bytes, *attributes: tuple[int, int, bytes]) -> bytes:
    """An envelope of Outlook with these properties of the message, and further attributes (level, id, data)."""
    out = b"\x78\x9f\x3e\x22\x01\x00"
    for level, attribute, data in ((1, 0x00069003, properties), *attributes):
        out += struct.pack("<BII", level, attribute, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return out


def mapi(*values: tuple[int, int, bytes]) -> bytes:
    """Properties of variable length: (kind, tag, data) each."""
    out = struct.pack("<I", len(values))
    for kind, tag, data in values:
        out += struct.pack("<HHII", kind, tag, 1, len(data)) + data + bytes(-len(data) % 4)
    return out


def test_an_envelope_of_outlook_is_opened(tmp_path: Path) -> None:
    """winmail.dat holds the body in its richest form and the files, another message among them."""
    wide = "Größe 42\0".encode("utf-16-le")
    inner = tnef(mapi((0x1F, 0x37, "Inner\0".encode("utf-16-le")), (0x1F, 0x1000, wide)))
    envelope = tnef(
        mapi((0x102, 0x1013, b"<p>The whole body of the message, Total 43</p>")),
        (2, 0x00069002, bytes(14)),
        (2, 0x00018010, b"bill.txt\0"),
        (2, 0x0006800F, b"Total 44"),
        (2, 0x00069002, bytes(14)),
        (2, 0x00069005, mapi((0x0D, 0x3701, bytes(16) + inner), (0x1F, 0x3707, "b.msg\0".encode("utf-16-le")))),
    )
    message = letter("Stub")
    message.add_attachment(envelope, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    texts = [loaded(tmp_path, "a.eml", message.as_bytes()).text, loaded(tmp_path, "winmail.dat", envelope).text]
    for text in texts:
        for part in ("Total 43", "--- attachment: bill.txt ---\n\nTotal 44", "Subject: Inner", "Größe 42"):
            assert part in text
    assert "Stub" not in texts[0]


def test_a_damaged_envelope_is_named(tmp_path: Path) -> None:
    """The message is read, and says what of it is not."""
    message = letter()
    message.add_attachment(
        tnef(mapi((0x1E, 0x1000, b"Total 43")))[:30], maintype="application", subtype="ms-tnef", filename="winmail.dat"
    )
    (line,) = loaded(tmp_path, "a.eml", message.as_bytes()).metadata["unread"]
    assert line.startswith("winmail.dat: the winmail.dat is damaged")


def test_an_envelope_that_claims_endless_values_ends_at_once(tmp_path: Path) -> None:
    """The counts of a damaged file are not believed."""
    endless = struct.pack("<IHHI", 1, 0x1003, 0x3000, 0xFFFFFFFF)
    with pytest.raises(DocumentError):
        loaded(tmp_path, "winmail.dat", tnef(endless), limits=Limits(seconds=5))
