"""HTML: what a reader of the page sees, in an order that a model can follow."""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from extractor.documents.formats.html import html_parts
from extractor.documents.tables import unmarked
from tests.documents.making import loaded


def html_text(html: str) -> str:
    return html_parts(html).text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one\n  two</p><p>three</p>", "one two\n\nthree"),
        ("a<br>b<div>c</div>d", "a\nb\nc\nd"),
        ("<h1>T</h1><h3>S</h3>x", "# T\n\n### S\n\nx"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>", "- a\n- b\n- c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<ul><li><li>a</ul>", "- a"),
        ("<dl><dt>k<dd>v</dl>", "k\n  v"),
        ("<p>a&nbsp;&amp;&nbsp;b</p>", "a & b"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<style>.typed { white-space: pre-wrap }</style><div class=typed>a\n  b</div>c  d", "a\n  b\nc d"),
        ('<p style="white-space: nowrap">a\n  b</p>', "a b"),
        (
            "<table><tfoot><tr><td><table><tfoot><tr><td>T</tfoot><tr><td>c</table></tfoot><tr><td>a</table>",
            "a\nc\nT",
        ),
        ("<table><tfoot><tr><td>S<td>3</tfoot><tr><td>a<td>1<tr><td>b<td>2</table>", "| a | 1 |\n| b | 2 |\n| S | 3 |"),
        ("a<script>x</script><style>y</style><!-- z -->b", "ab"),
        ('<p style="display: none">x</p><p hidden>y</p>z', "z"),
        ('<p style="visibility:hidden">x</p><p style="display:none;mso-hide:all">y</p>z', "z"),
        ('<!--[if mso]><b>Pay 5</b><![endif]--><a style="mso-hide:all">Pay 5</a>', "Pay 5"),  # hidden in Outlook alone
        ("<style>.a, #b { display: none }</style><p class=a>x</p><p id=b>y</p>z", "z"),
        ("<style>@media print { .a { display: none } } .a:hover { display: none }</style><p class=a>x</p>z", "x\n\nz"),
        ("<style>.a { display: none } p.a { display: block }</style><p class=a>x</p>z", "x\n\nz"),
        ("<style>.a { visibility: hidden } p.a { visibility: visible }</style><p class=a>x</p>z", "x\n\nz"),
        ('<style>.a { display: none }</style><p class=a style="display: block">x</p>z', "x\n\nz"),
        ("10<sup>6</sup> m<sup>2</sup>, 1<sup>st</sup>, H<sub>2</sub>O", "10^6 m^2, 1st, H2O"),
        ("4 500<sup>3</sup>, 12<sub>4</sub>", "4 500[3], 12_4"),
        ("10<sup>6</sup>/ml, 3<sup>1</sup>/<sub>4</sub> cups", "10^6/ml, 3 1/4 cups"),
        (
            "<p>so <span><math><mi>c</mi></math></span><span aria-hidden=true>c</span> <b aria-hidden=true>is</b></p>",
            "so c is",
        ),
        ("2<sup>1</sup>&frasl;<sub>4</sub> in", "2 1\u20444 in"),
        ("<math><mn>2</mn><mfrac><mn>1</mn><mn>12</mn></mfrac></math>", "2 1/12"),
        ("<math><msqrt><mi>x</mi></msqrt><msubsup><mi>a</mi><mn>1</mn><mn>2</mn></msubsup></math>", "sqrt(x)a_1^2"),
        ("<del>100</del> 80", "~~100~~ 80"),
        (
            "<style>.up { vertical-align: super } .no { text-decoration: line-through }</style>"
            "10<span class=up>6</span> <span class=no>100</span> 80",
            "10^6 ~~100~~ 80",
        ),
        ("<ol style='list-style-type: lower-roman'><li>a<li>b</ol>", "i. a\nii. b"),
        ("<style>li { list-style: none }</style><ol><li>a</ol>", "a"),
        ("<dialog>shut</dialog><dialog open>open</dialog>", "open"),
        ('a<iframe srcdoc="&lt;p&gt;framed&lt;/p&gt;">x</iframe>b', "a\n\nframed\n\nb"),
        ("<object data=chart.svg>Total 42</object>", "Total 42"),
        ('<span style="text-decoration: line-through">100</span> 80', "~~100~~ 80"),
        ('<p style="text-decoration: line-through">100</p><p style="color: red">80</p>', "~~100~~\n\n80"),
        ('10<span style="vertical-align: super">6</span> W', "10^6 W"),
        ('50 <font face="Symbol">m</font>g <span style="font-family:Wingdings">&uuml;</span>', "50 μg ✓"),
        ("In&shy;voice&#8203;d", "Invoiced"),
        ('<a href="https://example.org/apply">Apply</a>', "Apply (https://example.org/apply)"),
        ('<a href="mailto:a@example.org?subject=x">Ann</a>', "Ann (a@example.org)"),
        (
            '<a href="http://www.example.org/">example.org</a> <a href="#top">up</a> <a href="/b">b</a>',
            "example.org up b",
        ),
        ("<ol type=a><li>x<li value=4>y</ol><ol reversed type=I><li>v<li>w</ol>", "a. x\nd. y\n\nII. v\nI. w"),
        ("<select><option>red<option selected>blue</select>", "red\n[x] blue"),
        ("<svg><title>t</title><text>Total 42</text></svg>", "Total 42"),
        ('<img alt="logo"> <input value="v"> <input type=checkbox checked> yes', "logo v [x] yes"),
        ("Score <meter value=0.7></meter>, <progress value=3>3 of 4</progress>", "Score 0.7 , 3 of 4"),
        ("7<button>Pay</button><textarea>42</textarea><center>1</center><center>2</center>", "7 Pay 42\n\n1\n\n2"),
        ("<style>.a { display: block }</style><span class=a>12</span><span class=a>34</span>", "12\n34"),
        ("<style>.r { display: flex }</style><div class=r><b>Total</b><i>42</i></div>", "Total 42"),
        ('<p>Item 7<span style="float: right">42.00</span></p>', "Item 7 42.00"),
        (
            '<b style="display: inline-block">7</b><b style="position: absolute">4</b><b style="color: red">2</b>',
            "7 4 2",
        ),
        (
            '<p>1<b style="display: inline-block">,234</b>.50 <b style="display: inline-block">(a)</b>, b',
            "1,234.50 (a), b",
        ),
        ('<p><b style="float: left"><i>T</i></b>otal due', "Total due"),
        ('<b style="float: left">7</b><style>.a {}</style>42', "7 42"),
        ('<pre><b style="display: inline-block">a = 1</b>\nb</pre>', "a = 1\nb"),
        ('<p style="display: flex"><b>A</b><i>excellent</i></p>', "A excellent"),
        ("<table><tr><td rowspan=0>A<td>1<tr><td>2</table>", "| A | 1 |\n| A | 2 |"),
        ("", ""),
    ],
)
def test_elements_read_as_they_look(html: str, text: str) -> None:
    """Blocks, lists, headings and fields come out as lines; what is hidden does not."""
    assert unmarked(html_text(html)) == text


def test_a_table_comes_out_row_by_row() -> None:
    """Header cells draw a rule below the first row, and a merged cell is repeated where it reaches."""
    html = "<table><tr><th>a<th>b<th>c<tr><td rowspan=2>1<td colspan=2>2<tr><td>3<td>4</table>"
    assert unmarked(html_text(html)).split("\n") == [
        *["| a | b | c |", "| --- | --- | --- |"],
        *["| 1 | 2 | 2 |", "| 1 | 3 | 4 |"],
    ]


def test_a_cell_at_the_end_of_a_row_reaches_down_as_far_as_it_says() -> None:
    """The rows below the ones that it reaches into begin in their own columns."""
    html = "<table><tr><td>1<td>2<td rowspan=2>3<tr><td>4<td>5<tr><td>6<td>7<td>8</table>"
    assert unmarked(html_text(html)).split("\n") == ["| 1 | 2 | 3 |", "| 4 | 5 | 3 |", "| 6 | 7 | 8 |"]


def test_signs_in_cells_of_their_own_go_to_their_numbers() -> None:
    """Accounts set a currency sign and a closing bracket apart, and pad with empty columns; readers do not."""
    html = "<table><tr><td>Loss<td><td>$<td>(12<td>)<tr><td>Share<td><td><td>40<td>%</table>"
    assert unmarked(html_text(html)) == "| Loss | $(12) |\n| Share | 40% |"


def test_a_table_that_only_lays_out_the_page_is_no_table() -> None:
    """One column is a column of text, and a cell with a table of its own stands for itself."""
    assert html_text("<table><tr><td>a<tr><td>b</table>") == "a\nb"
    nested = "<table><tr><td>side<td><table><tr><td>1<td>2<tr><td>3<td>4</table></table>"
    assert unmarked(html_text(nested)).split() == ["side", "|", "1", "|", "2", "|", "|", "3", "|", "4", "|"]


def test_depth_is_no_danger() -> None:
    """Elements nested by the ten thousand are read like any others."""
    assert html_text("<div>" * 20_000 + "bottom") == "bottom"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ('<meta charset="windows-1251"><p>Привет</p>'.encode("cp1251"), "Привет"),
        (
            '<meta charset="utf-8"><p>Überweisung für Käufer in der Straße</p>'.encode("latin-1"),
            "Überweisung für Käufer",
        ),
        ("<html><p>Größe</p></html>".encode("utf-16"), "Größe"),
        (b"<html><p>To\x01ta\x02l\x03\x04\x05\x06</p></html>", "Total"),
    ],
)
def test_the_charset_is_what_fits(tmp_path: Path, data: bytes, text: str) -> None:
    """What the page declares is believed where it holds."""
    assert text in loaded(tmp_path, "a.html", data).text


def test_empty_elements_of_xml_end_where_they_stand(tmp_path: Path) -> None:
    """In HTML, the title of this page would be all that follows it; its charset is that of the declaration."""
    page = '<?xml version="1.0" encoding="iso-8859-15"?><html><head><title/></head><body><a id="p"/><p>5 €</p><br/>x'
    assert loaded(tmp_path, "a.xhtml", page.encode("iso-8859-15")).text == "5 €\n\nx"


def test_files_within_the_page_are_read(tmp_path: Path) -> None:
    """A link or a frame may hold its file itself."""
    page = '<p>Orders</p><a download="orders.csv" href="data:text/csv;base64,c2t1LHF0eQpBLDU1Cg==">all</a>'
    text = loaded(tmp_path, "a.html", page.encode()).text
    assert text == "Orders\n\nall\n\n--- attachment: orders.csv ---\n\nsku,qty\nA,55\n"


def test_the_title_is_read_once(tmp_path: Path) -> None:
    """A title that the page does not repeat stands above it."""
    page = b"<html><head><title>Bill 7</title></head><body>%s</body></html>"
    document = loaded(tmp_path, "a.html", page % b"<p>Total</p>")
    assert (document.text, document.metadata["title"]) == ("Bill 7\n\nTotal", "Bill 7")
    assert loaded(tmp_path, "b.html", page % b"<h1>Bill 7</h1>").text == "# Bill 7"


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("iso-8859-1", "cp1252", "Total 12,50 € – paid"),
        ("iso-8859-1", "utf-8", "Müller, Köln: 12,50 €"),
        ("us-ascii", "cp1252", "Größe: 42"),
        ("gb2312", "gb18030", "镕基有限公司 合计"),
        ("ks_c_5601-1987", "cp949", "견적서 똠방각하 합계"),
        ("shift_jis", "cp932", "請求書①髙橋"),
        ("iso-8859-9", "cp1254", "Müşteri – ığdır"),
        ("utf-16", "utf-8", "Grüße"),
    ],
)
def test_labels_mean_what_browsers_take_them_for(tmp_path: Path, label: str, encoding: str, text: str) -> None:
    """A page declares one encoding and is written in that or in the one that every browser reads instead."""
    page = f'<html><meta charset="{label}"><body><p>{text}</p></body></html>'.encode(encoding)
    assert loaded(tmp_path, "a.html", page).text == text


def test_pictures_within_the_page_are_shown(tmp_path: Path) -> None:
    """A picture whose bytes stand in the page goes to the model; an icon does not, and a damaged one is named."""
    out = BytesIO()
    Image.effect_noise((120, 80), 60).save(out, "PNG")
    data = b64encode(out.getvalue()).decode()
    page = f'<p>See<img src="data:image/png;base64,{data}"><img src="data:image/png;base64,{data[:5000]}">'
    page += '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    document = loaded(tmp_path, "a.html", page.encode())
    assert [image.data for image in document.images] == [out.getvalue()]
    (line,) = document.metadata["unread"]
    assert line.startswith("picture 2 of the page")


def test_a_drawing_is_read_line_by_line(tmp_path: Path) -> None:
    """The words of an SVG file, each line of a text on its own."""
    words = '<text>North <tspan x="0" dy="12">42</tspan></text>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg">{words}<path d="M0 0"/></svg>'
    document = loaded(tmp_path, "a.svg", drawing.encode())
    assert (document.metadata["format"], document.text.split("\n")) == ("svg", ["North", "42"])
