"""Spreadsheets: what their cells show, and what stands beside them."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.documents.making import archive, loaded, ole, relations

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*sheets: str, parts: dict[str, str | bytes] | None = None, codes: tuple[str, ...] = ()) -> bytes:
    """A workbook of these sheets: rows, and whatever follows them after a `|`; style 1 is of dates, more by `codes`."""
    codes_xml = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in enumerate(codes, 170))
    formats = f"<numFmts>{codes_xml}</numFmts>"
    styles = (
        '<cellXfs><xf/><xf numFmtId="14"/>'
        + "".join(f'<xf numFmtId="{n}"/>' for n in range(170, 170 + len(codes)))
        + "</cellXfs>"
    )
    names = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="s{n}"/>' for n in range(1, len(sheets) + 1))
    namespace = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    files: dict[str, str | bytes] = {
        "_rels/.rels": relations(("r", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" {namespace}><sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": relations(
            ("styles", "styles", "styles.xml"),
            *[(f"s{n}", "worksheet", f"worksheets/s{n}.xml") for n in range(1, len(sheets) + 1)],
        ),
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{formats}{styles}</styleSheet>',
    }
    for n, rows in enumerate(sheets, 1):
        cells, _, after = rows.partition("|")
        body = f"<sheetData>{cells}</sheetData>{after}"
        files[f"xl/worksheets/s{n}.xml"] = f'<worksheet xmlns="{_MAIN}" {namespace}>{body}</worksheet>'
    return archive(files | (parts or {}))


def unzipped(data: bytes) -> dict[str, str | bytes]:
    """The parts of a ZIP file."""
    with zipfile.ZipFile(BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def row(number: int, *cells: str) -> str:
    """Cells from column A on: text, or a whole `<c>` element's attributes and content after a `<`."""
    parts = []
    for column, cell in zip("ABCDEF", cells, strict=False):
        if cell.startswith("<"):
            parts.append(f'<c r="{column}{number}" {cell[1:]}</c>')
        elif cell:
            parts.append(f'<c r="{column}{number}" t="inlineStr"><is><t>{cell}</t></is></c>')
    return f'<row r="{number}">{"".join(parts)}</row>'


def test_a_sheet_is_a_page_of_tables(tmp_path: Path) -> None:
    """Each block of rows is a table below the sheet's name, numbers and dates written as a person writes them."""
    first = row(1, "Item", "Price", "Day") + row(2, "Chair", "<><v>10.5</v>", '< s="1"><v>45292</v>')
    first += row(3, "Desk", "<><v>150</v>", "<><v>0.30000000000000004</v>") + row(6, "Note", "paid")
    document = loaded(tmp_path, "a.xlsx", workbook(first, row(1, "x", '<t="b"><v>1</v>')))
    assert document.text == (
        "## S1\n\n| Item | Price | Day |\n| --- | --- | --- |\n| Chair | 10.5 | 2024-01-01 |\n| Desk | 150 | 0.3 |\n\n"
        "| Note | paid |\n\n## S2\n\n| x | TRUE |\n\n"
    )
    assert [document.text[page.start :][:5] for page in document.pages] == ["## S1", "## S2"]
    assert document.metadata["format"] == "xlsx"


def test_a_formula_that_was_never_computed_stands_as_written(tmp_path: Path) -> None:
    """Programs that only write workbooks leave its value out; where there is a value, that is read."""
    rows = row(3, "", "<><v>4</v>", "<><f>B3*2</f><v>8</v>") + row(4, "", "", "<><f>SUM(B3:C3)</f>")
    document = loaded(tmp_path, "a.xlsx", workbook(rows, row(1, "x", "<><f>S1!C4</f><v></v>")))
    assert document.text == "## S1\n\n| 4 | 8 |\n|  | =SUM(B3:C3) |\n\n## S2\n\n| x | =S1!C4 |\n\n"


def test_comments_on_cells_are_read(tmp_path: Path) -> None:
    """They follow their sheet, each with its cell."""
    comment = f'<comments xmlns="{_MAIN}"><commentList><comment ref="B2"><text><t>check</t></text></comment>'
    parts: dict[str, str | bytes] = {
        "xl/comments1.xml": comment + "</commentList></comments>",
        "xl/worksheets/_rels/s1.xml.rels": relations(("c", "comments", "../comments1.xml")),
    }
    assert (
        loaded(tmp_path, "a.xlsx", workbook(row(1, "x"), parts=parts)).text == "## S1\n\nx\n\nComment on B2: check\n\n"
    )


def number(value: float, style: int) -> str:
    """A cell of a number in a style."""
    return f'< s="{style}"><v>{value}</v>'


def test_a_text_within_its_cell_needs_no_kind(tmp_path: Path) -> None:
    """A cell that holds a text of its own is read, whether or not its writer states that it does."""
    document = loaded(tmp_path, "a.xlsx", workbook(row(1, "<><is><t>one</t></is>", '< t="str"><is><t>two</t></is>')))
    assert document.text == "## S1\n\n| one | two |\n\n"


def test_cells_are_read_as_they_look(tmp_path: Path) -> None:
    """Their formats belong to their values: percent, zeros in front, units, lengths of time, currency."""
    codes = ("0.0%", "0000", "[h]:mm", "#,##0.00 [$EUR]", "&quot;A-&quot;0")
    rows = row(1, "Rate", number(0.075, 2)) + row(2, "Code", number(42, 3)) + row(3, "Time", number(1.5, 4))
    rows += row(4, "Price", number(1234.5, 5)) + row(5, "No.", number(7, 6)) + row(6, "Text", "00420")
    document = loaded(tmp_path, "a.xlsx", workbook(rows, codes=codes))
    values = [line.split("|")[2].strip() for line in document.text.splitlines() if line.startswith("| ")]
    assert values == ["7.5%", "0042", "36:00", "1,234.50 EUR", "A-7", "00420"]


def test_a_gap_below_the_header_moves_no_column(tmp_path: Path) -> None:
    """An empty cell keeps its place, also where an empty row stands between the header and the data."""
    rows = row(1, "Name", "Fax", "Phone") + row(3, "Ada", "", "040-1") + row(4, "Bo", "", "040-2")
    document = loaded(tmp_path, "a.xlsx", workbook(rows))
    assert "| Name | Fax | Phone |\n| --- | --- | --- |\n| Ada |  | 040-1 |\n| Bo |  | 040-2 |" in document.text


def test_a_number_that_could_be_a_year_ends_no_table(tmp_path: Path) -> None:
    """Rows with gaps between them are one table as long as their columns hold numbers."""
    rows = row(1, "Name", "Quantity") + "".join(
        row(2 * n, f"N{n}", f"<><v>{quantity}</v>") for n, quantity in enumerate((3, 5, 8, 2024, 9), 1)
    )
    (table,) = loaded(tmp_path, "a.xlsx", workbook(rows)).tables
    assert table.end - table.header == len("| N1 | 3 |\n" * 5) + 2


def test_rows_of_text_with_gaps_between_them_keep_their_columns(tmp_path: Path) -> None:
    """An empty cell keeps its place in a table that has an empty row after each of its rows."""
    rows = row(1, "Name", "Kind", "Note") + row(3, "unit 1", "desk", "new") + row(5, "unit 2", "", "sold")
    document = loaded(tmp_path, "a.xlsx", workbook(rows + row(7, "unit 3", "lamp", "new")))
    assert (
        "| Name | Kind | Note |\n| --- | --- | --- |\n| unit 1 | desk | new |\n| unit 2 |  | sold |\n" in document.text
    )


def test_a_cell_far_to_the_right_costs_nothing_but_its_column(tmp_path: Path) -> None:
    """A sheet has 16,384 columns, of which a table takes those that it uses."""
    rows = "".join(row(n, f"<><v>{n}</v>", f"k{n}") for n in range(2, 5000))
    stray = row(1, "n", "name").replace("</row>", '<c r="XFD1" t="inlineStr"><is><t>note</t></is></c></row>')
    text = loaded(tmp_path, "a.xlsx", workbook(stray + rows)).text
    assert text.startswith("## S1\n\n| n | name | note |\n| --- | --- | --- |\n| 2 | k2 |  |\n")


def test_merged_cells_and_headers_of_several_rows(tmp_path: Path) -> None:
    """Each column has its whole heading, and the header is known in all its rows."""
    rows = row(1, "Region", "Sales") + row(2, "", "2023", "2024") + row(3, "North", "<><v>1.5</v>", "<><v>2.5</v>")
    merged = '|<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="B1:C1"/></mergeCells>'
    document = loaded(tmp_path, "a.xlsx", workbook(rows + merged))
    (table,) = document.tables
    header = "| Region | Sales | Sales |\n| Region | 2023 | 2024 |\n| --- | --- | --- |\n"
    assert document.text[table.start : table.header] == header
    assert document.text[table.header : table.end] == "| North | 1.5 | 2.5 |"


def test_errors_and_what_is_hidden_are_told(tmp_path: Path) -> None:
    """A cell that failed shows how; hidden rows and sheets are read, and marked as hidden."""
    rows = row(1, "Sum", '< t="e"><f>1/0</f><v>#DIV/0!</v>') + row(2, "x", "y").replace("<row ", '<row hidden="1" ')
    data = workbook(rows, row(1, "secret"))
    parts = {"xl/workbook.xml": b'name="S2" ', "state": b'name="S2" state="hidden" '}
    document = loaded(tmp_path, "a.xlsx", _replaced(data, *parts.values()))
    assert "## S1 (1 hidden row)\n\n| Sum | #DIV/0! |" in document.text
    assert "## S2 (hidden sheet)\n\nsecret" in document.text


def _replaced(data: bytes, old: bytes, new: bytes) -> bytes:
    """A workbook with one piece of its main part replaced."""
    parts = unzipped(data)
    main = parts["xl/workbook.xml"]
    assert isinstance(main, bytes)
    return archive(parts | {"xl/workbook.xml": main.replace(old, new)})


def test_a_formula_without_a_value_is_named(tmp_path: Path) -> None:
    """What it would show is missing from the document, which says so."""
    document = loaded(tmp_path, "a.xlsx", workbook(row(1, "Total", "<><f>SUM(A1:A9)</f>")))
    assert document.metadata["unread"] == ["S1!B1: a formula that was never computed"]


def test_links_headers_charts_and_boxes_are_read(tmp_path: Path) -> None:
    """They stand behind the cells of their sheet, a chart as the table that it was drawn from."""
    cells = row(1, "our shop", "x") + '|<hyperlinks><hyperlink ref="A1" r:id="l"/></hyperlinks>'
    cells += "<headerFooter><oddHeader>&amp;LAcme&amp;RPage &amp;P</oddHeader></headerFooter>"
    point = '<c:pt idx="{}"><c:v>{}</c:v></c:pt>'
    series = "<c:ser><c:tx><c:strRef><c:strCache>" + point.format(0, "2024") + "</c:strCache></c:strRef></c:tx>"
    days = "<c:formatCode>d/m/yyyy</c:formatCode>" + point.format(0, 43830) + point.format(1, 43831)
    series += f"<c:cat><c:numRef><c:numCache>{days}</c:numCache></c:numRef></c:cat>"
    values = "<c:formatCode>0%</c:formatCode>" + point.format(0, 0.25) + point.format(1, 0.5)
    series += f"<c:val><c:numRef><c:numCache>{values}</c:numCache></c:numRef></c:val></c:ser>"
    title = "<c:title><a:p><a:r><a:t>Share</a:t></a:r></a:p></c:title>"
    box = "<x:sp><x:txBody><a:p><a:r><a:t>net 30 days</a:t></a:r></a:p></x:txBody></x:sp>"
    parts: dict[str, str | bytes] = {
        "xl/worksheets/_rels/s1.xml.rels": relations(
            ("l", "hyperlink", "https://example.org"), ("d", "drawing", "../d.xml")
        ),
        "xl/d.xml": f'<x:d xmlns:x="x" xmlns:a="a" xmlns:c="c" xmlns:r="r">{box}<c:chart r:id="c"/></x:d>',
        "xl/_rels/d.xml.rels": relations(("c", "chart", "charts/c.xml")),
        "xl/charts/c.xml": f'<c:chartSpace xmlns:c="c" xmlns:a="a"><c:date1904/>{title}{series}</c:chartSpace>',
        "xl/charts/_rels/c.xml.rels": relations(("u", "chartUserShapes", "../u.xml")),
        "xl/u.xml": f'<x:d xmlns:x="x" xmlns:a="a">{box.replace("net", "over")}</x:d>',
    }
    parts["xl/worksheets/_rels/s1.xml.rels"] = str(parts["xl/worksheets/_rels/s1.xml.rels"]).replace(
        'Target="https', 'TargetMode="External" Target="https'
    )
    text = loaded(tmp_path, "a.xlsx", workbook(cells, parts=parts)).text
    assert text.split("\n\n")[1:7] == [
        "| our shop (https://example.org) | x |",
        "Header: Acme Page",
        "net 30 days",
        "Chart: Share",
        "|  | 2024 |\n| --- | --- |\n| 2024-01-01 | 25% |\n| 2024-01-02 | 50% |",
        "over 30 days",
    ]


def test_a_link_over_several_cells_is_a_link_of_each(tmp_path: Path) -> None:
    """Its address stands behind the text of each cell that it is on, and of no other."""
    links = '|<hyperlinks><hyperlink ref="A1:B2" r:id="l"/></hyperlinks>'
    target = relations(("l", "hyperlink", "https://example.org")).replace("Target=", 'TargetMode="External" Target=')
    data = workbook(row(1, "a", "b", "c") + row(2, "", "d") + links, parts={"xl/worksheets/_rels/s1.xml.rels": target})
    address = "(https://example.org)"
    assert loaded(tmp_path, "a.xlsx", data).text.splitlines()[2:4] == [
        f"| a {address} | b {address} | c |",
        f"|  | d {address} |  |",
    ]


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ('HYPERLINK("https://example.org";"shop")', "shop (https://example.org)"),
        ('HYPERLINK("https://example.org")', "shop (https://example.org)"),
        ('HYPERLINK("https://example.org/"&amp;[.A6];"shop")', "shop"),
    ],
)
def test_a_formula_that_links_shows_its_address(tmp_path: Path, formula: str, text: str) -> None:
    """In every format that keeps formulas as text, if the address is written out."""
    formula = formula.replace('"', "&quot;")
    cell = f'<table-cell formula="of:={formula}" value-type="string"><p>shop</p></table-cell>'
    name = "urn:schemas-microsoft-com:office:spreadsheet"
    old = f'<Cell s:Formula="={formula}"><Data s:Type="String">shop</Data></Cell>'
    old = f'<Workbook xmlns="{name}" xmlns:s="{name}"><Worksheet><Table><Row>{old}</Row></Table></Worksheet></Workbook>'
    files = {
        "a.ods": _open_sheet(f'<table name="S"><table-row>{cell}</table-row></table>'),
        "a.xml": old.encode(),
        "a.xlsx": workbook(row(1, f"<><f>{formula.replace(';&quot;shop', ',&quot;shop')}</f><v>shop</v>")),
    }
    for file, data in files.items():
        assert loaded(tmp_path, file, data).text.splitlines()[2] == text


def old_workbook(*records: tuple[int, bytes], codes: tuple[str, str] = ("0.0%", "0000")) -> bytes:
    """An XLS workbook of one sheet with these records; its two styles show values by these codes."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<HB", len(value), 0) + value.encode()

    begin = struct.pack("<HHHHII", 0x0600, 5, 0, 1997, 0, 0)
    formats = [record(0x041E, struct.pack("<H", 164 + n) + text(code)) for n, code in enumerate(codes)]
    styles = [record(0x00E0, struct.pack("<HH", 0, kind) + bytes(16)) for kind in (164, 165)]
    head = record(0x0809, begin) + b"".join(formats + styles)
    name = struct.pack("<BB", 1, 0) + b"D"
    start = len(head) + 4 + 6 + len(name) + 4
    head += record(0x0085, struct.pack("<IBB", start, 0, 0) + name) + record(0x000A, b"")
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 1997, 0, 0))
    sheet += record(0x0200, struct.pack("<IIHHH", 0, 9, 0, 9, 0)) + b"".join(record(*one) for one in records)
    return ole({"Workbook": head + sheet + record(0x000A, b"")})


def test_old_workbooks_show_what_their_formats_show(tmp_path: Path) -> None:
    """Numbers come in four forms, and their formats in records of their own."""
    data = old_workbook(
        (0x0203, struct.pack("<HHHd", 0, 0, 0, 0.075)),
        (0x027E, struct.pack("<HHHI", 0, 1, 1, 42 << 2 | 2)),
        (0x00BD, struct.pack("<HHHIHIH", 1, 0, 1, 7 << 2 | 2, 0, 50 << 2 | 3, 1)),
        (0x0208, struct.pack("<HHHHHHI", 1, 0, 2, 255, 0, 0, 0x20)),
    )
    document = loaded(tmp_path, "a.xls", data)
    assert document.text == "## D (1 hidden row)\n\n| 7.5% | 0042 |\n| 0007 | 50.0% |\n\n"
    assert document.metadata["format"] == "xls"


def test_charts_of_old_workbooks_are_tables(tmp_path: Path) -> None:
    """Their values are stored with them; a title and the names of axes are texts that say whose they are.

    Boxes over a chart and its footer are read as well; a long text goes on in further records.
    """

    def words(text: str) -> tuple[int, bytes]:
        return 0x100D, struct.pack("<HBB", 0, len(text), 0) + text.encode()

    def label(point: int, text: str) -> tuple[int, bytes]:
        return 0x0204, struct.pack("<HHHHB", point, 0, 0, len(text), 0) + text.encode()

    records = [(0x0809, struct.pack("<HHHHII", 0x0600, 0x20, 0, 1997, 0, 0)), (0x1003, bytes(12)), words("2024")]
    records += [(0x1025, bytes(32)), words("Sales"), (0x1027, struct.pack("<HHH", 1, 0, 0))]
    records += [(0x1025, bytes(32)), words("EUR"), (0x1027, struct.pack("<HHH", 2, 0, 0))]
    records += [
        (0x1065, b"\1\0"),
        *((0x0203, struct.pack("<HHHd", n, 0, 0, value)) for n, value in enumerate((10, 2.5))),
    ]
    records += [(0x1065, b"\2\0"), label(0, "Lyon"), label(1, "Turin"), (0x000A, b"")]
    box = (
        (0x005D, bytes(8)),
        (0x01B6, struct.pack("<10xH", 9)),
        (0x003C, b"\0two "),
        (0x003C, b"\0parts"),
        (0x003C, b"\0x"),
    )
    records[-1:] = [(0x0015, struct.pack("<HB", 4, 0) + b"page"), *box, (0x000A, b"")]
    document = loaded(tmp_path, "a.xls", old_workbook((0x0203, struct.pack("<HHHd", 0, 0, 1, 7)), *records))
    table = "|  | 2024 |\n| --- | --- |\n| Lyon | 10 |\n| Turin | 2.5 |"
    assert document.text == f"## D\n\n0007\n\nFooter: page\n\ntwo parts\n\nChart: Sales\nAxis: EUR\n\n{table}\n\n"
    assert "unread" not in document.metadata


def test_charts_of_slides_come_with_their_data(tmp_path: Path) -> None:
    """Microsoft Graph, which drew them, keeps a sheet of cells behind each."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    head = record(0x0809, struct.pack("<HHHHII", 0x0680, 5, 0, 1997, 0, 0))
    head += record(0x0085, struct.pack("<IBBH", len(head) + 4 + 8 + 4, 0, 2, 0)) + record(0x000A, b"")
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0680, 0x8000, 0, 1997, 0, 0))
    for row, (name, amount) in enumerate((("Lyon", 10.0), ("Turin", 2.5))):
        sheet += record(0x0004, struct.pack("<HH3xBB", row, 0, len(name), 0) + name.encode())
        sheet += record(0x0003, struct.pack("<HH3xd", row, 1, amount))
    sheet += record(0x1025, bytes(32)) + record(0x100D, b"\0\0\5\0Sales") + record(0x1027, struct.pack("<HHH", 1, 0, 0))
    document = loaded(tmp_path, "a.xls", ole({"Workbook": head + sheet + record(0x000A, b"")}))
    assert document.text == "## Datasheet\n\n| Lyon | 10 |\n| Turin | 2.5 |\n\nChart: Sales\n\n"


def test_raised_figures_in_cells_join_no_number(tmp_path: Path) -> None:
    """A text of several looks keeps them apart."""
    runs = '<t>up to </t><r><t>10</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>6</t></r><r><t> cells</t></r>'
    parts: dict[str, str | bytes] = {"xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}"><si>{runs}</si></sst>'}
    names = relations(
        *[("styles", "styles", "styles.xml"), ("s1", "worksheet", "worksheets/s1.xml")],
        ("t", "sharedStrings", "sharedStrings.xml"),
    )
    data = workbook(row(1, '< t="s"><v>0</v>'), parts={**parts, "xl/_rels/workbook.xml.rels": names})
    assert loaded(tmp_path, "a.xlsx", data).text == "## S1\n\nup to 10^6 cells\n\n"
    inline = workbook(row(1, f'< t="inlineStr"><is>{runs}</is>'))
    assert loaded(tmp_path, "b.xlsx", inline).text == "## S1\n\nup to 10^6 cells\n\n"


def test_words_of_a_format_stand_around_its_text(tmp_path: Path) -> None:
    """A format has a part for texts, which leaves numbers alone."""
    rows = row(1, '<s="2" t="inlineStr"><is><t>17a</t></is>', '<s="2"><v>5</v>')
    data = workbook(rows, codes=("0;-0;0;&quot;No. &quot;@",))
    assert loaded(tmp_path, "a.xlsx", data).text == "## S1\n\n| No. 17a | 5 |\n\n"


def test_the_font_of_a_cell_changes_what_it_says(tmp_path: Path) -> None:
    """Ticks are letters in a font of symbols, and what was cancelled is struck out."""
    fonts = '<fonts><font/><font><name val="Wingdings"/></font><font><strike/><name val="Arial"/></font></fonts>'
    looks = '<cellXfs><xf/><xf fontId="1"/><xf fontId="2"/></cellXfs>'
    parts: dict[str, str | bytes] = {"xl/styles.xml": f'<styleSheet xmlns="{_MAIN}">{fonts}{looks}</styleSheet>'}
    rows = row(1, '<s="1" t="inlineStr"><is><t>\u00fc</t></is>', "Desk", '<s="2"><v>100</v>')
    assert loaded(tmp_path, "a.xlsx", workbook(rows, parts=parts)).text == "## S1\n\n| ✓ | Desk | ~~100~~ |\n\n"
    runs = "<r><t>100</t></r><r><rPr><b/></rPr><t> 120</t></r>"  # only the first looks as the cell does
    data = workbook(row(1, f'<s="2" t="inlineStr"><is>{runs}</is>'), parts=parts)
    assert loaded(tmp_path, "b.xlsx", data).text == "## S1\n\n~~100~~ 120\n\n"


def test_old_workbooks_know_the_fonts_of_their_cells_and_texts(tmp_path: Path) -> None:
    """Shared texts may go on in further records, in characters of another width."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def font(name: str, *, struck: bool = False, raised: int = 0) -> bytes:
        head = struct.pack("<HHHHHBBBB", 200, 8 * struck, 0, 400, raised, 0, 0, 0, 0)
        return record(0x0031, head + struct.pack("<BB", len(name), 0) + name.encode())

    fonts = font("Arial") * 4 + font("Wingdings") + font("Arial", struck=True) + font("Arial", raised=1)
    styles = b"".join(record(0x00E0, struct.pack("<HH", number, 0) + bytes(16)) for number in (0, 5, 6))
    texts = [struct.pack("<HB", 1, 0) + b"\xfc", struct.pack("<HBH", 6, 8, 2) + b"10"]
    further = b"\x01" + "6 Ω€".encode("utf-16-le") + struct.pack("<HHHH", 2, 7, 3, 0)
    further += struct.pack("<HBH", 7, 8, 1) + b"100 120" + struct.pack("<HH", 3, 0)
    shared = record(0x00FC, struct.pack("<II", 3, 3) + b"".join(texts)) + record(0x003C, further)
    begin = struct.pack("<HHHHII", 0x0600, 5, 0, 1997, 0, 0)
    head = record(0x0809, begin) + fonts + styles
    start = len(head) + 4 + 9 + len(shared) + 4
    head += record(0x0085, struct.pack("<IBB", start, 0, 0) + b"\x01\0D") + shared + record(0x000A, b"")
    sheet = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 1997, 0, 0))
    sheet += record(0x0200, struct.pack("<IIHHH", 0, 1, 0, 4, 0))
    sheet += record(0x00FD, struct.pack("<HHHI", 0, 0, 1, 0)) + record(0x00FD, struct.pack("<HHHI", 0, 1, 0, 1))
    sheet += record(0x0203, struct.pack("<HHHd", 0, 2, 2, 100.0)) + record(0x00FD, struct.pack("<HHHI", 0, 3, 2, 2))
    sheet += record(0x000A, b"")
    document = loaded(tmp_path, "a.xls", ole({"Workbook": head + sheet}))
    assert document.text == "## D\n\n| ✓ | 10^6 Ω€ | ~~100~~ | ~~100~~ 120 |\n\n"


def test_binary_workbooks_show_what_their_formats_show(tmp_path: Path) -> None:
    """XLSB keeps the same in records of its own."""

    def record(kind: int, data: bytes = b"") -> bytes:
        head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return head + bytes([len(data)]) + data

    def text(value: str) -> bytes:
        return struct.pack("<I", len(value)) + value.encode("utf-16-le")

    styles = record(278) + record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 170) + text("0.0%"))
    fonts = [(0, 0, "Arial"), (8, 0, "Arial"), (0, 1, "Arial"), (0, 0, "Wingdings")]
    styles += b"".join(
        record(43, struct.pack("<HHHH", 200, look, 400, raised) + bytes(13) + text(name))
        for look, raised, name in fonts
    )
    styles += record(616) + record(617, struct.pack("<I", 2))
    kinds = ((0, 0), (170, 0), (0, 1), (0, 3))
    styles += b"".join(record(47, struct.pack("<HHH", 0xFFFF, *kind) + bytes(10)) for kind in kinds)
    sheet = record(129) + record(148, struct.pack("<IIII", 0, 0, 0, 1)) + record(145)
    sheet += record(0, struct.pack("<IIHHBI", 0, 0, 300, 0, 0, 0))
    sheet += record(5, struct.pack("<IId", 0, 1, 0.075)) + record(2, struct.pack("<III", 1, 0, 42 << 2 | 2))
    sheet += record(7, struct.pack("<III", 2, 0, 1)) + record(8, struct.pack("<II", 3, 0) + text("sum"))
    sheet += record(4, struct.pack("<IIB", 4, 0, 1)) + record(0, struct.pack("<IIHHBI", 2, 0, 300, 0, 0, 0))
    sheet += record(7, struct.pack("<III", 0, 0, 2)) + record(2, struct.pack("<III", 1, 2, 42 << 2 | 2))
    sheet += record(8, struct.pack("<II", 2, 3) + text("\xfc")) + record(146)
    sheet += record(494, struct.pack("<IIII", 0, 0, 2, 2) + text("l") + bytes(12))
    sheet += record(479, b"\0\0" + text("&LAcme") + text("&RPage &P") + b"\xff" * 16) + record(130)
    runs = text("4 5001 net") + struct.pack("<IHHHH", 2, 5, 2, 6, 0)
    bundle = record(156, struct.pack("<II", 0, 1) + text("s") + text("D"))
    book = record(131) + record(143) + bundle + record(144) + record(157) + record(132)
    data = archive(
        {
            "_rels/.rels": relations(("r", "officeDocument", "xl/workbook.bin")),
            "xl/workbook.bin": book,
            "xl/_rels/workbook.bin.rels": relations(
                *[("s", "worksheet", "worksheets/s.bin"), ("f", "styles", "styles.bin")],
                ("t", "sharedStrings", "texts.bin"),
            ),
            "xl/texts.bin": record(19, b"\0" + text("Ann"))
            + record(19, b"\0" + text("Köln"))
            + record(19, b"\1" + runs),
            "xl/styles.bin": styles + record(618) + record(279),
            "xl/worksheets/s.bin": sheet,
            "xl/worksheets/_rels/s.bin.rels": relations(("l", "hyperlink", "https://example.org")).replace(
                'Target="https', 'TargetMode="External" Target="https'
            ),
        }
    )
    document = loaded(tmp_path, "a.xlsb", data)
    rows = ["| 7.5% | 42 | Köln (https://example.org) | sum | TRUE |", "", "| 4 500[1] net | ~~42~~ | ✓ |"]
    assert document.text == "\n".join(["## D", "", *rows, "", "Header: Acme", "", "Footer: Page", "", ""])
    assert document.metadata["format"] == "xlsb"


_SHEET_2003 = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Styles><Style ss:ID="p"><NumberFormat ss:Format="Percent"/></Style></Styles>
<Worksheet ss:Name="Rates"><Table>
<Row><Cell ss:MergeAcross="1"><Data ss:Type="String">Item</Data></Cell>
<Cell><Data ss:Type="String">Rate</Data></Cell></Row>
<Row ss:Index="3"><Cell><Data ss:Type="String">Desk</Data></Cell>
<Cell ss:Index="3" ss:StyleID="p"><Data ss:Type="Number">0.2</Data></Cell></Row>
<Row><Cell><ss:Data ss:Type="String" xmlns="http://www.w3.org/TR/REC-html40">10<Sup>6</Sup></ss:Data></Cell></Row>
</Table></Worksheet></Workbook>"""


@pytest.mark.parametrize("name", ["a.xml", "a.xls"])
def test_spreadsheets_in_xml_are_read(tmp_path: Path, name: str) -> None:
    """Excel's XML of 2003 is known by its content, whatever it is called."""
    document = loaded(tmp_path, name, _SHEET_2003.encode())
    assert document.text.split() == [
        "##",
        "Rates",
        "|",
        "Item",
        "|",
        "Rate",
        "|",
        "|",
        "---",
        "|",
        "---",
        "|",
        "|",
        "Desk",
        "|",
        "20.00%",
        "|",
        "|",
        "10^6",
        "|",
        "|",
    ]


@pytest.mark.parametrize(
    ("style", "kind", "value", "text"),
    [
        ("days", "DateTime", "2024-02-29T00:00:00.000", "2024-02-29"),
        ("days", "DateTime", "2024-02-29T13:05:00.000", "2024-02-29"),
        ("days", "DateTime", "2024-02-29T13:05:00+02:00", "2024-02-29"),
        ("length", "DateTime", "1900-01-01T06:30:00.000", "30:30"),
        ("length", "DateTime", "1899-12-31T06:30:00.000", "6:30"),
        ("based", "Number", "0.075", "7.5%"),
        ("general", "Number", "0.075", "0.075"),
        ("none", "DateTime", "2024-02-29T00:00:00.000", "2024-02-29"),
        ("none", "DateTime", "1899-12-31T06:30:00.000", "06:30:00"),
    ],
)
def test_spreadsheets_in_xml_show_what_their_styles_show(
    tmp_path: Path, style: str, kind: str, value: str, text: str
) -> None:
    """A style may be based on another, and be that of a whole column; lengths of time are written as moments."""
    styles = "".join(
        f'<Style ss:ID="{name}" ss:Parent="{parent}">{code and f"<NumberFormat {code}/>"}</Style>'
        for name, parent, code in [
            *[("days", "", 'ss:Format="Short Date"'), ("length", "", 'ss:Format="[h]:mm"')],
            *[("rate", "", 'ss:Format="0.0%"'), ("based", "rate", ""), ("general", "rate", " ")],
        ]
    )
    cells = f'<Cell><Data ss:Type="String">x</Data></Cell><Cell><Data ss:Type="{kind}">{value}</Data></Cell>'
    columns = f'<Column ss:Index="2" ss:Hidden="1" ss:Span="3" ss:StyleID="{style}"/>'
    table = f'<Worksheet ss:Name="S"><Table>{columns}<Row>{cells}</Row></Table></Worksheet>'
    head = _SHEET_2003.partition("<Styles>")[0]
    document = loaded(tmp_path, "a.xml", f"{head}<Styles>{styles}</Styles>{table}</Workbook>".encode())
    assert document.text == f"## S (1 hidden column)\n\n| x | {text} |\n\n"


def test_sheets_of_macros_are_named(tmp_path: Path) -> None:
    """The sheets beside them are read."""
    kind = "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet"
    data = workbook(row(1, "Total", "42"), row(1, "x"))
    links = zipfile.ZipFile(BytesIO(data)).read("xl/_rels/workbook.xml.rels").decode()
    first, second = links.index('Id="s1"'), links.index('Id="s2"')
    ordinary = links[links.index('Type="', first) + 6 : links.index('" Target', first)]
    macros = links[:second] + links[second:].replace(ordinary, kind, 1)
    document = loaded(tmp_path, "a.xlsm", archive({**unzipped(data), "xl/_rels/workbook.xml.rels": macros}))
    assert document.text.startswith("## S1\n\n| Total | 42 |")
    assert document.metadata["unread"] == ["sheet S2: macros"]


def test_markup_and_text_under_a_workbook_name(tmp_path: Path) -> None:
    """Programs on the web call their tables .xls."""
    fragment = loaded(tmp_path, "a.xls", b"<table><tr><td>Code<td>Qty<tr><td>B-9<td>4</table>")
    assert fragment.text.splitlines()[-1] == "| B-9 | 4 |"
    assert loaded(tmp_path, "b.xls", b"Code\tQty\nB-9\t4\n").text == "Code\tQty\nB-9\t4\n"


def test_rows_that_one_element_stands_for_are_all_there(tmp_path: Path) -> None:
    """A sheet that is filled down to its end says how many rows were left out."""
    row = '<t:table-row t:number-rows-repeated="{}"><t:table-cell><p>{}</p></t:table-cell></t:table-row>'
    sheet = f'<t:table t:name="S">{row.format(200, "x")}{row.format(1_000_000, "y")}</t:table>'
    content = f'<d xmlns:t="t"><body><spreadsheet>{sheet}</spreadsheet></body></d>'
    data = archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
    document = loaded(tmp_path, "a.ods", data)
    assert document.text.split().count("x") == 200
    assert document.metadata["unread"] == ["sheet S, row 201: 990000 more rows like it"]


def test_cells_that_one_element_stands_for_are_all_there(tmp_path: Path) -> None:
    """A row of a year has a cell for each day."""
    cell = '<t:table-cell t:number-columns-repeated="{}"><p>{}</p></t:table-cell>'
    sheet = (
        f'<t:table t:name="S"><t:table-row>{cell.format(366, "x")}{cell.format(16_018, "y")}</t:table-row></t:table>'
    )
    content = f'<d xmlns:t="t"><body><spreadsheet>{sheet}</spreadsheet></body></d>'
    data = archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
    document = loaded(tmp_path, "a.ods", data)
    assert document.text.split().count("x") == 366
    assert document.metadata["unread"] == ["sheet S, NC1: 6018 more columns like it"]


def test_open_document_sheets_show_what_their_cells_show(tmp_path: Path) -> None:
    """Repeated and merged cells keep their places, dates are ISO 8601, and comments follow the sheet."""
    spaces = 'xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:dc="d" xmlns:style="y"'
    tick = '<style:style style:name="T" style:family="table-cell"><style:text-properties style:font-name="Wingdings"/>'
    looks = f"<office:automatic-styles>{tick}</style:style></office:automatic-styles>"
    cell = "<table:table-cell {}><text:p>{}</text:p></table:table-cell>"
    rows = (
        cell.format("", "Item")
        + cell.format('table:number-columns-spanned="2"', "Prices")
        + "<table:covered-table-cell/>"
    )
    rows = f"<table:table-row>{rows}</table:table-row>"
    date = cell.format('office:value-type="date" office:date-value="2024-03-01"', "01.03.24")
    note = "<office:annotation><text:p>check</text:p></office:annotation><text:p>7.5 %</text:p>"
    note = f"<table:table-cell>{note}</table:table-cell>"
    ticked = cell.format('table:style-name="T"', "&#252;")
    rows += f'<table:table-row table:visibility="collapse">{ticked}{date}{note}</table:table-row>'
    sheet = f'<table:table table:name="S">{rows}</table:table>'
    body = f"<office:body><office:spreadsheet>{sheet}</office:spreadsheet></office:body>"
    content = f"<office:document-content {spaces}>{looks}{body}</office:document-content>"
    data = archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
    document = loaded(tmp_path, "a.ods", data)
    assert document.text.split("\n\n")[:3] == [
        "## S (1 hidden row)",
        "| Item | Prices | Prices |\n| --- | --- | --- |\n| ✓ | 2024-03-01 | 7.5 % |",
        "Comment on C2: check",
    ]
    assert document.metadata["format"] == "ods"


def test_a_formula_that_shows_nothing_was_computed(tmp_path: Path) -> None:
    """Its value is a text without a character; a formula without any value is named, in each format."""
    rows = row(1, "x", '< t="str"><f>IF(1,"","a")</f><v></v>')
    document = loaded(tmp_path, "a.xlsx", workbook(rows))
    assert (document.text, document.metadata.get("unread")) == ("## S1\n\nx\n\n", None)
    formula = struct.pack("<HHHB5xHHIH", 0, 0, 0, 3, 0xFFFF, 0, 0, 0)
    other = struct.pack("<HHHdHIH", 1, 0, 1, 7, 0, 0, 0)
    old = loaded(tmp_path, "a.xls", old_workbook((0x0006, other), (0x0006, formula)))
    assert (old.text, old.metadata.get("unread")) == ("## D\n\n0007\n\n", None)
    cell = '<t:table-cell t:formula="of:=A9" {}/>'
    cells = cell.format('t:value-type="string"') + cell.format("")
    sheet = f'<t:table t:name="S"><t:table-row>{cells}</t:table-row>'
    content = f'<d xmlns:t="t"><body><spreadsheet>{sheet}</t:table></spreadsheet></body></d>'
    data = archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content})
    document = loaded(tmp_path, "a.ods", data)
    assert document.text == "## S\n\n=A9\n\n"
    assert document.metadata["unread"] == ["S!B1: a formula that was never computed"]
    row_2003 = '<Row><Cell ss:Formula="=A9"><Data ss:Type="String"></Data></Cell><Cell ss:Formula="=B9"/></Row></Table>'
    document = loaded(tmp_path, "a.xml", _SHEET_2003.replace("</Table>", row_2003).encode())
    assert "=A9" not in document.text
    assert "=B9" in document.text
    assert document.metadata["unread"] == ["Rates!B5: a formula that was never computed"]


def test_values_that_a_format_hides_are_read(tmp_path: Path) -> None:
    """Codes such as `;;;` hide a value on the screen, not in the file; each kind of workbook gives it as it is."""
    hidden = loaded(tmp_path, "a.xlsx", workbook(row(1, "x", number(12.5, 2), number(0, 3)), codes=(";;;", "0;-0;")))
    assert hidden.text == "## S1\n\n| x | 12.5 | 0 |\n\n"
    data = old_workbook((0x0203, struct.pack("<HHHd", 0, 0, 0, 12.5)), codes=(";;;", "0000"))
    assert loaded(tmp_path, "a.xls", data).text == "## D\n\n12.5\n\n"
    cell = '<t:table-cell t:value-type="float" t:value="12.5"><x:p xmlns:x="x"/></t:table-cell>'
    sheet = f'<t:table t:name="S"><t:table-row>{cell}</t:table-row></t:table>'
    assert loaded(tmp_path, "a.ods", _open_sheet(sheet)).text == "## S\n\n12.5\n\n"


def test_results_that_a_writer_puts_in_place_of_computing_are_none(tmp_path: Path) -> None:
    """Libraries write 0 or an empty text for every formula; where one formula has another result, those count."""
    book = workbook(row(1, "x", "<><f>A1*2</f><v>0</v>"))
    stale = _replaced(book, b"</sheets>", b'</sheets><calcPr fullCalcOnLoad="1"/>')
    document = loaded(tmp_path, "a.xlsx", stale)
    assert document.text == "## S1\n\n| x | =A1*2 |\n\n"
    assert document.metadata["unread"] == ["S1!B1: a formula that was never computed"]
    assert "unread" not in loaded(tmp_path, "a.xlsx", book).metadata
    book = workbook(row(1, "x", "<><f>A1*2</f><v>0</v>", "<><f>1+1</f><v>2</v>"))
    stale = _replaced(book, b"</sheets>", b'</sheets><calcPr fullCalcOnLoad="1"/>')
    assert loaded(tmp_path, "a.xlsx", stale).text == "## S1\n\n| x | 0 | 2 |\n\n"
    formula = struct.pack("<HHHB5xHHIH", 0, 0, 0, 3, 0xFFFF, 0, 0, 0)
    old = loaded(tmp_path, "a.xls", old_workbook((0x0006, formula), (0x0203, struct.pack("<HHHd", 1, 0, 1, 7))))
    assert old.metadata["unread"] == ["D!A1: a formula that was never computed"]


def test_identifiers_keep_every_digit(tmp_path: Path) -> None:
    """A whole number longer than what Excel keeps is written as it stands in the file."""
    document = loaded(tmp_path, "a.xlsx", workbook(row(1, "id", "<><v>1234567890123456789</v>")))
    assert document.text == "## S1\n\n| id | 1234567890123456789 |\n\n"


def test_boxes_that_can_be_ticked_say_whether_they_are(tmp_path: Path) -> None:
    """In XLSX by the properties, in that of 2007 by its drawing, in XLS by its record, in ODS by its form."""
    box = '<x:sp><x:cNvPr id="{}"/><x:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></x:txBody></x:sp>'
    controls = '|<controls><control shapeId="7" r:id="c"/><control shapeId="8" r:id="e"/></controls>'
    places = [("d", "drawing", "../d.xml"), ("c", "ctrlProp", "../c.xml"), ("e", "ctrlProp", "../e.xml")]
    parts: dict[str, str | bytes] = {
        "xl/worksheets/_rels/s1.xml.rels": relations(*places),
        "xl/d.xml": f'<x:d xmlns:x="x" xmlns:a="a">{box.format(7, "insured")}{box.format(8, "smoker")}</x:d>',
        "xl/c.xml": '<p objectType="CheckBox" checked="Checked"/>',
        "xl/e.xml": '<p objectType="CheckBox"/>',
    }
    text = "## S1\n\nx\n\n☒ insured\n\n☐ smoker\n\n"
    assert loaded(tmp_path, "a.xlsx", workbook(row(1, "x") + controls, parts=parts)).text == text
    shape = '<shape><textbox>{}</textbox><ClientData ObjectType="Checkbox"><Checked>{}</Checked></ClientData></shape>'
    drawing = f"<xml>{shape.format('insured', 1)}{shape.format('<br>smoker', 0)}<shape><ClientData/></shape></xml>"
    parts = {"xl/worksheets/_rels/s1.xml.rels": relations(("v", "vmlDrawing", "../v.vml")), "xl/v.vml": drawing}
    assert loaded(tmp_path, "a.xlsx", workbook(row(1, "x"), parts=parts)).text == text

    def control(label: str, state: int) -> list[tuple[int, bytes]]:
        about = struct.pack("<HHHH14x", 0x15, 18, 0x0B, 1) + struct.pack("<HHH6x", 0x12, 8, state)
        return [(0x005D, about), (0x01B6, struct.pack("<10xH", len(label))), (0x003C, b"\0" + label.encode())]

    cell = (0x0203, struct.pack("<HHHd", 0, 0, 1, 7))
    old = loaded(tmp_path, "a.xls", old_workbook(cell, *control("insured", 1), *control("smoker", 0)))
    assert old.text == "## D\n\n0007\n\n☒ insured\n\n☐ smoker\n\n"
    form = '<t:forms><t:checkbox t:id="a" t:label="insured" t:current-state="checked"/>'
    form += '<t:checkbox t:id="b" t:label="smoker"/><t:text t:id="c" t:label="name" t:current-value="Ann"/></t:forms>'
    drawn = "".join(f'<t:control t:control="{name}"/>' for name in "abc")
    sheet = f'<t:table t:name="S">{form}<t:shapes>{drawn}</t:shapes></t:table>'
    document = loaded(tmp_path, "a.ods", _open_sheet(sheet))
    assert document.text == "## S\n\n☒ insured\n\n☐ smoker\n\nname: Ann\n\n"


def _open_sheet(sheet: str, styles: str = "", looks: str = "") -> bytes:
    body = f"<body><spreadsheet>{sheet}</spreadsheet></body>"
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f'<d xmlns:t="t">{looks}{body}</d>',
            "styles.xml": f'<d xmlns:t="t">{styles}</d>',
        }
    )


def test_long_sheets_are_read_row_by_row(tmp_path: Path) -> None:
    """Rows and groups of them stay whole and in order wherever the file is cut while it is read."""
    cell = '<t:table-cell t:value-type="string"><t:p>{}</t:p></t:table-cell>'
    rows = [f"<t:table-row>{cell.format(f'row {n} of a sheet that is long')}</t:table-row>" for n in range(3000)]
    grouped = f"<t:table-row-group>{''.join(rows[500:2500])}</t:table-row-group>"
    first = f'<t:table t:name="A"><t:table-column/>{"".join(rows[:500])}{grouped}{"".join(rows[2500:])}</t:table>'
    second = f'<t:table t:name="B">{"".join(rows)}</t:table>'
    data = _open_sheet(first + second)
    lines = "\n".join(f"row {n} of a sheet that is long" for n in range(3000))
    assert loaded(tmp_path, "a.ods", data).text == f"## A\n\n{lines}\n\n## B\n\n{lines}\n\n"
    text = loaded(
        tmp_path, "a.xlsx", workbook("".join(row(n, f"row {n - 1} of a sheet that is long") for n in range(1, 3001)))
    ).text
    assert text == f"## S1\n\n{lines}\n\n"


def test_open_document_cells_without_a_text_show_their_value(tmp_path: Path) -> None:
    """Some programs write the value alone; its unit and its kind are part of it."""
    values = (
        't:value-type="percentage" t:value="0.075"',
        't:value-type="currency" t:currency="EUR" t:value="12.5"',
        't:value-type="time" t:time-value="PT26H30M00S"',
        't:value-type="boolean" t:boolean-value="true"',
        't:value-type="date" t:date-value="2024-01-31"',
        't:value-type="time" t:time-value="P1DT2H"',
    )
    cells = "".join(f"<t:table-cell {value}/>" for value in values)
    sheet = f'<t:table t:name="S"><t:table-row>{cells}</t:table-row></t:table>'
    document = loaded(tmp_path, "a.ods", _open_sheet(sheet))
    assert document.text == "## S\n\n| 7.5% | 12.5 EUR | 26:30:00 | TRUE | 2024-01-31 | P1DT2H |\n\n"


def test_open_document_sheets_have_headers_and_footers(tmp_path: Path) -> None:
    """Those of the page style of the sheet; numbers of pages and names of sheets are left out."""
    looks = '<t:styles><t:style t:family="table" t:name="a" t:master-page-name="P"/></t:styles>'
    words = "<t:p><t:span>Invoice 7, page<t:s/></t:span><t:page-number>1</t:page-number></t:p>"
    header = f"<t:header>{words}</t:header><t:header-left t:display='false'><t:p>no</t:p></t:header-left>"
    footer = "<t:footer><t:region-left><t:p>A &amp; B</t:p></t:region-left></t:footer>"
    master = f'<t:master-styles><t:master-page t:name="P">{header}{footer}</t:master-page></t:master-styles>'
    row = '<t:table-row><t:table-cell t:value-type="string"><t:p>x</t:p></t:table-cell></t:table-row>'
    sheet = f'<t:table t:name="S" t:style-name="a">{row}</t:table>'
    document = loaded(tmp_path, "a.ods", _open_sheet(sheet, master, looks))
    assert document.text == "## S\n\nx\n\nHeader: Invoice 7, page\n\nFooter: A & B\n\n"


@pytest.mark.parametrize(
    ("source", "unread"),
    [
        ('type="worksheet"><worksheetSource ref="A1:B9" sheet="S1"/>', None),
        ('type="worksheet"><worksheetSource name="Table1"/>', None),
        (
            'type="worksheet"><worksheetSource ref="A1:B9" sheet="Gone"/>',
            ["2 rows behind a pivot table: the sheet that they are from is not here"],
        ),
        ('type="external">', ["2 rows behind a pivot table: the sheet that they are from is not here"]),
    ],
)
def test_rows_that_only_a_pivot_table_holds_are_named(tmp_path: Path, source: str, unread: object) -> None:
    """A pivot table keeps a copy of its rows, which may outlive the sheet that they are from."""
    cache = f'<pivotCacheDefinition recordCount="2"><cacheSource {source}</cacheSource></pivotCacheDefinition>'
    folder = "xl/pivotCache/pivotCache"
    parts: dict[str, str | bytes] = {f"{folder}Definition1.xml": cache, f"{folder}Records1.xml": "<r/>"}
    document = loaded(tmp_path, "a.xlsx", workbook(row(1, "x"), parts=parts))
    assert document.metadata.get("unread") == unread


def test_what_one_cell_or_sheet_lacks_costs_no_other(tmp_path: Path) -> None:
    """A text in a cell of numbers stands as it is; a sheet whose part is missing or empty is named."""
    assert loaded(tmp_path, "a.xlsx", workbook(row(1, "<><v>abc</v>", "<><v>5</v>"))).text == "## S1\n\n| abc | 5 |\n\n"
    parts = unzipped(workbook(row(1, "x"), row(1, "y")))
    for broken in (parts | {"xl/worksheets/s1.xml": b""}, {k: v for k, v in parts.items() if not k.endswith("s1.xml")}):
        document = loaded(tmp_path, "a.xlsx", archive(broken))
        assert (document.text, document.metadata["unread"]) == (
            "## S1\n\n## S2\n\ny\n\n",
            ["sheet S1: it is not in the file"],
        )


def test_rows_and_cells_of_careless_writers(tmp_path: Path) -> None:
    """A row that another of its number takes the place of is named; columns are known however they are written."""
    rows = row(1, "a", "b") + row(1, "c").replace("A1", "$a$1") + row(2, "", "d").replace("B2", "b2")
    document = loaded(tmp_path, "a.xlsx", workbook(rows))
    assert document.text == "## S1\n\n| c | b |\n|  | d |\n\n"
    assert document.metadata["unread"] == ["S1: a row 1 before another of that number"]


def test_texts_that_are_not_in_the_file_are_named(tmp_path: Path) -> None:
    """A cell that refers to a text which the file does not hold is a loss; one that refers to none is empty."""
    old = old_workbook((0x0203, struct.pack("<HHHd", 0, 0, 1, 7)), (0x00FD, struct.pack("<HHHI", 0, 1, 0, 3)))
    for name, data in (("a.xls", old), ("a.xlsx", workbook(row(1, '< t="s"><v></v>', '< t="s"><v>3</v>')))):
        assert loaded(tmp_path, name, data).metadata["unread"][0].endswith(": 1 cells whose texts are not in the file")


def test_the_text_of_a_formula_in_a_data_table(tmp_path: Path) -> None:
    """It follows the record of the table."""
    formula = struct.pack("<HHH8s", 0, 0, 0, b"\0\0\0\0\0\0\xff\xff") + bytes(8)
    text = struct.pack("<HB", 4, 0) + b"103a"
    old = old_workbook((0x0006, formula), (0x0236, bytes(16)), (0x0207, text))
    assert loaded(tmp_path, "a.xls", old).text == "## D\n\n103a\n\n"


@pytest.mark.parametrize("version", [0x0500, 0x0600])
def test_texts_of_workbooks_of_1995_are_in_their_code_page(tmp_path: Path, version: int) -> None:
    """Each cell has its text, in one byte a character; failed formulas are as they are later.

    The version of the workbook holds for its sheets, whatever `version` they state.
    """

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def label(row: int, column: int, text: str) -> bytes:
        return record(0x0204, struct.pack("<HHHH", row, column, 0, len(text)) + text.encode("cp1251"))

    head = record(0x0809, struct.pack("<HHHH", 0x0500, 5, 0, 1995)) + record(0x0042, struct.pack("<H", 1251))
    start = len(head) + 4 + 6 + 1 + 4 + 4
    head += record(0x0085, struct.pack("<IBB", start, 0, 0) + b"\x04" + "Лист".encode("cp1251")) + record(0x000A, b"")
    sheet = record(0x0809, struct.pack("<HHHH", version, 0x10, 0, 1995)) + label(0, 0, "Цена") + label(0, 1, "стол")
    sheet += record(0x0205, struct.pack("<HHHBB", 1, 0, 0, 7, 1)) + record(0x0205, struct.pack("<HHHBB", 1, 1, 0, 1, 0))
    document = loaded(tmp_path, "a.xls", ole({"Book": head + sheet + record(0x000A, b"")}))
    assert document.text == "## Лист\n\n| Цена | стол |\n| #DIV/0! | TRUE |\n\n"
