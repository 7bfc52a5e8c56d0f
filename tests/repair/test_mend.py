"""Mending, kind by kind: the value, what is told of it, and whether the text was whole."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel

from extractor.errors import InvalidValue
from extractor.repair.mend import Change, Mended, mend
from extractor.schema.compiler import compile_schema

MENDED: list[tuple[str, str, Any, str]] = [
    # What stands around the value.
    ("a fence", '```json\n{"a": 1}\n```', {"a": 1}, "fence fence"),
    ("a fence of another kind", '~~~\n{"a": 1}\n~~~', {"a": 1}, "fence fence"),
    ("text around", 'Of course!\n{"a": 1}\nAnything else?', {"a": 1}, "prose prose"),
    ("tags around", '<answer>{"a": 1}</answer>', {"a": 1}, "prose prose"),
    ("thinking before", '<think>so {"a": 0}?</think>{"a": 1}', {"a": 1}, "thinking prose"),
    ("thinking after", '{"a": 1}<think>or {"a": 0, "b": 2}?</think>', {"a": 1}, "thinking prose"),
    ("a closing marker alone", 'hm</think>{"a": 1}', {"a": 1}, "thinking prose"),
    ("values one after another", '{"a": 1}\n{"b": 2}\n[3]', [{"a": 1}, {"b": 2}, [3]], "wrapped"),
    ("a value said twice", '{"a": 1}\n{"a": 1}', {"a": 1}, "second"),
    ("an empty value beside", '[] {"a": 1}', {"a": 1}, "second"),
    ("a byte order mark", '\ufeff{"a": 1}', {"a": 1}, "bom"),
    ("braces in the text around", 'I read {it}. {"a": 1}', {"a": 1}, "prose"),
    ("doubled braces", '{{"a": 1}}', {"a": 1}, "prose prose"),
    # Quotes.
    ("single quotes", "{'a': 'it's'}", {"a": "it's"}, "quotes quotes"),
    ("smart quotes", "{“a”: “x”}", {"a": "x"}, "quotes quotes"),
    ("backticks", '{"a": `x`}', {"a": "x"}, "quotes"),
    ("triple quotes", '{"a": """say "x"\nnow"""}', {"a": 'say "x"\nnow'}, "quotes"),
    ("quotes inside", '{"a": "say "x" now", "b": 1}', {"a": 'say "x" now', "b": 1}, "unescaped"),
    ("quotes and commas inside", '{"a": "say "x", "y", go", "b": 1}', {"a": 'say "x", "y", go', "b": 1}, "unescaped"),
    ("quotes inside an item", '["say "x" now", "y"]', ['say "x" now', "y"], "unescaped"),
    ("inches inside an item", '["12" pipe", "y"]', ['12" pipe', "y"], "unescaped"),
    ("a comma and an opening quote missing", '["x" y", "z"]', ["x", "y", "z"], "comma quotes"),
    ("quotes in markup", '{"a": "<a id="x">y</a>"}', {"a": '<a id="x">y</a>'}, "unescaped"),
    ("quotes inside a name", '{"a "b" c": 1}', {'a "b" c': 1}, "unescaped"),
    ("a closing quote missing", '{"a": "x, "b": 1}', {"a": "x", "b": 1}, "quotes"),
    ("a closing quote missing at the line's end", '{"a": "x\n "b": 1}', {"a": "x", "b": 1}, "quotes comma"),
    ("a closing quote missing in a list", '["p. 1, "p. 2"]', ["p. 1", "p. 2"], "quotes"),
    ("a closing quote missing before an object", '[{"a": "x}, {"a": "y"}]', [{"a": "x"}, {"a": "y"}], "quotes"),
    ("a closing quote missing of no text", '{"a": ", "b": []}', {"a": "", "b": []}, "quotes"),
    ("a closing quote missing before a number", '{"a: 1, "b": 2}', {"a": 1, "b": 2}, "quotes"),
    ("a closing quote of another kind", """{"a": "x', "b": 1}""", {"a": "x", "b": 1}, "quotes"),
    ("an opening quote of another kind", """{'a": "x", "b": 1}""", {"a": "x", "b": 1}, "quotes"),
    ("a closing quote missing in a name", '{"a:"x"}', {"a": "x"}, "quotes"),
    ("a closing quote missing before a fence", '```\n{"a": "x}\n```', {"a": "x"}, "fence quotes fence"),
    ("an opening quote missing", '{"a": x", "b": 1}', {"a": "x", "b": 1}, "quotes unquoted"),
    ("an opening quote missing in a list", '["a", b c", "d"]', ["a", "b c", "d"], "quotes"),
    ("an opening quote missing before commas", '["a", b, c; d", "e"]', ["a", "b, c; d", "e"], "quotes"),
    ("an opening quote missing before thousands", '["a", 1,200.50"]', ["a", "1,200.50"], "quotes"),
    ("an opening quote missing before an escaped one", r'{"a": \"x\" y", "b": 1}', {"a": '"x" y', "b": 1}, "quotes"),
    ("a quote after a number of a list", '[1, 2", 3]', [1, 2, 3], "quotes"),
    ("the quotes of one string escaped", r'{"a": \"x\", "b": 1}', {"a": "x", "b": 1}, "escape"),
    (
        "a closing quote missing after brackets inside",
        '{"a": "{x}, "b": "[y], "c": 1}',
        {"a": "{x}", "b": "[y]", "c": 1},
        "quotes quotes",
    ),
    ("a closing quote missing before no text", '["a,\n""]', ["a", ""], "quotes"),
    ("a closing quote missing before no text on the line", '["a, ""]', ["a", ""], "quotes"),
    ("an opening quote missing in a name of words", '{unit price": 1}', {"unit price": 1}, "key"),
    ("an opening quote missing in a later name", '{"a": "x", b": 1}', {"a": "x", "b": 1}, "key"),
    ("an opening quote missing in a name after brackets", '{"a": "{x}", b": 1}', {"a": "{x}", "b": 1}, "key"),
    ("an opening quote missing in a name", '{a": 1}', {"a": 1}, "key"),
    ("an opening quote doubled", '{"a": ""x", "b": 1}', {"a": "x", "b": 1}, "quotes"),
    ("a closing quote doubled", '{"a"": "x"", "b": ["y"", "z"]}', {"a": "x", "b": ["y", "z"]}, "quotes quotes quotes"),
    ("both quotes doubled", "{\"a\": ''x y'', \"b\": 1}", {"a": "x y", "b": 1}, "quotes quotes"),
    ("a block in triple quotes", '{"a": """\n  x:\n    "y"\n""", "b": 1}', {"a": 'x:\n  "y"', "b": 1}, "quotes quotes"),
    ("triple quotes inside", '{"a": """f("""x""")""", "b": 1}', {"a": 'f("""x""")', "b": 1}, "quotes"),
    ("JSON inside", '{"a": "{"b": ["c", 1]}"}', {"a": '{"b": ["c", 1]}'}, "unescaped"),
    ("every quote escaped", '{\\"a\\": \\"x\\"}', {"a": "x"}, "escape"),
    ("every quote doubled", '{""a"": ""x"", ""b"": """"}', {"a": "x", "b": ""}, "escape"),
    ("names without quotes", "{a: 1, b_2: 2}", {"a": 1, "b_2": 2}, "key key"),
    ("numbers for names", '{"a": "x", 5: "y"}', {"a": "x", "5": "y"}, "key"),
    (
        "text without quotes",
        '{"a": New York, "b": [red, green]}',
        {"a": "New York", "b": ["red", "green"]},
        "unquoted " * 3,
    ),
    # Inside strings.
    ("a line break", '{"a": "x\ny"}', {"a": "x\ny"}, "control"),
    ("unknown escapes", r'{"a": "\d \_ \' \x41"}', {"a": r"\d _ ' A"}, "escape " * 4),
    ("an escaped pair", r'{"a": "\ud83d\ude00",}', {"a": "😀"}, "comma"),
    # Punctuation.
    ("trailing commas", '{"a": [1, 2,],}', {"a": [1, 2]}, "comma comma"),
    ("doubled commas", "[1,, 2]", [1, 2], "comma"),
    ("a comma first", '{, "a": 1}', {"a": 1}, "comma"),
    ("semicolons", '{"a": 1; "b": 2}', {"a": 1, "b": 2}, "comma"),
    ("missing commas", '{"a": 1 "b": ["x" "y"]\n"c": 2}', {"a": 1, "b": ["x", "y"], "c": 2}, "comma comma comma"),
    ("a missing colon", '{"a" 1}', {"a": 1}, "colon"),
    ("a comma for a colon", '{"a", 1, "b": 2}', {"a": 1, "b": 2}, "colon"),
    ("a colon too many", '{"a":: 1}', {"a": 1}, "colon"),
    ("equals signs", '{"a" = 1, "b" => 2}', {"a": 1, "b": 2}, "colon colon"),
    ("a list not closed", '{"a": [1, 2, "b": 3}', {"a": [1, 2], "b": 3}, "bracket"),
    ("a list closed as an object", '{"a": [1, 2}, "b": 3}', {"a": [1, 2], "b": 3}, "bracket"),
    ("an object not closed", '[{"a": 1, {"a": 2}]', [{"a": 1}, {"a": 2}], "bracket"),
    ("an object closed as a list", '[{"a": 1], [2]]', [{"a": 1}, [2]], "bracket"),
    ("an object closed too early", '{"a": 1}, "b": 2}', {"a": 1, "b": 2}, "bracket"),
    ("an object not opened", '"a": 1, "b": 2}', {"a": 1, "b": 2}, "bracket"),
    ("a list not opened", '{"a": "x", "y"], "b": 1}', {"a": ["x", "y"], "b": 1}, "bracket"),
    ("a list of numbers not opened", '{"a": 1, 2, 3], "b": 1}', {"a": [1, 2, 3], "b": 1}, "bracket"),
    ("a list of objects not opened", '{"a": {"b": 1}, {"b": 2}]}', {"a": [{"b": 1}, {"b": 2}]}, "bracket"),
    ("a row not opened", '{"a": [[1, 2], 3, 4], [5, 6]]}', {"a": [[1, 2], [3, 4], [5, 6]]}, "bracket"),
    (
        "a row of text not opened",
        '{"a": [["x"], "y", "z" 1], ["u"]]}',
        {"a": [["x"], ["y", "z", 1], ["u"]]},
        "comma bracket",
    ),
    ("an empty list not opened", '{"a": ], "b": 1}', {"a": [], "b": 1}, "bracket"),
    ("a list closed too early", '{"a": [1], [2], "b": 3}', {"a": [1, 2], "b": 3}, "bracket"),
    ("a list without brackets", '{"a": 1}, {"a": 2}', [{"a": 1}, {"a": 2}], "wrapped"),
    (
        "a list of rows not opened",
        '{"a": "x", "b": 1}, {"a": "y", "b": 2}]',
        [{"a": "x", "b": 1}, {"a": "y", "b": 2}],
        "wrapped",
    ),
    ("a list of rows with a comma after", '{"a": "x"},\n{"a": "y"},', [{"a": "x"}, {"a": "y"}], "wrapped"),
    ("an inner object not opened", '{"a": "b": 1, "c": 2}}', {"a": {"b": 1, "c": 2}}, "bracket"),
    ("an inner list closed twice", '[{"a": [1]]}, {"a": [2]}]', [{"a": [1]}, {"a": [2]}], "bracket"),
    ("an object closed twice", '{"a": {"b": 1}}, "c": 2}', {"a": {"b": 1}, "c": 2}, "bracket"),
    ("an object opened twice", '[{{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}], "bracket"),
    ("a list opened twice", '{"a": [[{"b": 1}], "c": 2}', {"a": [{"b": 1}], "c": 2}, "bracket"),
    ("an item not opened", '["a": 1}]', [{"a": 1}], "bracket"),
    ("an object in a list's brackets", '["a": "x", "b": 1]', [{"a": "x", "b": 1}], "bracket bracket"),
    ("a bracket too many", '[{"a": 1}}, {"a": 2}]', [{"a": 1}, {"a": 2}], "bracket"),
    ("brackets missing before a fence", '```\n{"a": [1\n```', {"a": [1]}, "fence bracket bracket fence"),
    # Notations of other languages.
    ("comments", '{"a": 1, // one\n"b": 2 /* two */ # three\n}', {"a": 1, "b": 2}, "comment " * 3),
    ("a comment on the only line", '{"a": {"b": 1 // one }, "c": 2}', {"a": {"b": 1}, "c": 2}, "comment"),
    ("a set", "{'a', 'b'}", ["a", "b"], "literal quotes quotes"),
    (
        "a tuple of tuples",
        '[(1, "x"), ({a: 1}, (2,))]',
        [[1, "x"], [{"a": 1}, [2]]],
        "literal literal key literal comma",
    ),
    ("an amount in brackets", '{"a": (1,234.50), "b": 1}', {"a": "(1,234.50)", "b": 1}, "unquoted"),
    ("a number in brackets", '{"a": (0221) 33 44, "b": 1}', {"a": "(0221) 33 44", "b": 1}, "unquoted"),
    ("a tuple", '{"a": (1, "x")}', {"a": [1, "x"]}, "literal"),
    ("a URL is no comment", "{a: 'http://x.y/#z'}", {"a": "http://x.y/#z"}, "key quotes"),
    ("Python's literals", "[True, False, None]", [True, False, None], "literal " * 3),
    ("other literals", "[TRUE, undefined, Null]", [True, None, None], "literal " * 3),
    ("numbers", "[+5, .5, 5., 1_000]", [5, 0.5, 5.0, 1000], "number " * 4),
    ("thousands marks", '{"a": 1,234,567.89, "b": 2}', {"a": 1234567.89, "b": 2}, "number"),
    ("a list of numbers has no thousands marks", "[1,234,]", [1, 234], "comma"),
    (
        "brackets in text without quotes",
        "{a: /x/[id]/y, b: f(c, d)}",
        {"a": "/x/[id]/y", "b": "f(c, d)"},
        "key unquoted " * 2,
    ),
    (
        "lines without quotes",
        '{"a": **One**, two\n\nthree "four".\n, "b": 1}',
        {"a": '**One**, two\n\nthree "four".', "b": 1},
        "unquoted",
    ),
    ("a leading zero is no number", '{"a": 007}', {"a": "007"}, "unquoted"),
    ("a very large integer, nearly", f'{{"a": {"9" * 60},}}', {"a": int("9" * 60)}, "comma"),
    ("a large integer", '{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}, ""),
]

LOSSY: list[tuple[str, str, Any, str]] = [
    ("NaN and infinities", "[NaN, -Infinity]", [None, None], "constant constant"),
    ("an ellipsis", "[1, 2, ...]", [1, 2], "ellipsis"),
    ("a comment that leaves out", "[1, // ... 97 more\n 2]", [1, 2], "ellipsis"),
    ("two values for a name", '{"a": 1, "a": 2}', {"a": 2}, "duplicate"),
    ("two objects", '{"a": 1, "b": 2} and {"c": 3}', {"a": 1, "b": 2}, "second"),
    ("a value without a name", '{"a": 1, [2], "b": 3}', {"a": 1, "b": 3}, "skipped"),
    ("a list without a name", '{ "a": ["one"], "b": "two", ["three"] }', {"a": ["one"], "b": "two"}, "skipped"),
    ("a name without a value", '{"a", "b": 1}', {"b": 1}, "empty"),
    ("words between members", '{"a": 1, COMMENT "b": 2}', {"a": 1, "b": 2}, "skipped"),
    ("no value", '{"a": , "b": 1}', {"a": None, "b": 1}, "empty"),
    ("a word after a value", '{"a": "x" DONE}', {"a": "x"}, "skipped"),
    ("members after the end", '{"a": 1} and "b": 2', {"a": 1}, "skipped"),
    ("a quote missing at the very end", '{"a": "x}', {"a": "x"}, "quotes"),
    ("half of a character", r'{"a": "\ud83d"}', {"a": "\ufffd"}, "escape"),
    ("half of a character in a valid part", r'{"a": ["\ud83d"],}', {"a": ["\ufffd"]}, "escape"),
]

CUT: list[tuple[str, Any]] = [
    ("{", {}),
    ("[", []),
    ('{"a', {}),
    ('{"a":', {}),
    ('{"a": "x', {}),
    ('{"a": "x"', {"a": "x"}),
    ('{"a": 12', {}),
    ('{"a": 12,', {"a": 12}),
    ('{"a": tru', {}),
    ('{"a": true', {"a": True}),
    ("[1, 2, 3", [1, 2]),
    ('[{"a": 1}, {"a": 2', [{"a": 1}]),
    ('[{"a": 1}, {"a": 2}', [{"a": 1}, {"a": 2}]),
    ('{"a": {"b": 1, "c": [[1, 2], [3', {"a": {"b": 1, "c": [[1, 2]]}}),
    ('Here: ```json\n{"a": 1, "b', {"a": 1}),
    ('{"a": """x\ny', {}),
    ('{"a": ```py\nx', {}),
    ('{"a": 1}\n{"a": 2', [{"a": 1}]),
    ('{"a": 1}\n{"a": 2}\n{"a', [{"a": 1}, {"a": 2}]),
    ("[1, - ", [1]),
    ("{a: x ", {}),
]

PARTIAL: list[tuple[str, Any, str]] = [
    ('{"a": "x y', {"a": "x y"}, "cut"),
    ('{"a": "', {}, "cut"),
    ('{"a": "x\\', {"a": "x"}, "cut"),
    ('{"a": "x\\\\', {"a": "x\\"}, "cut"),
    (r'{"a": "\\\u00', {"a": "\\"}, "cut"),
    (r'{"a": "x\ud83d\ude', {"a": "x"}, "cut"),
    (r'{"a": "x\ud83d', {"a": "x"}, "cut"),
    ("[1e", [1], "cut"),
    ('{"a": """x\ny', {"a": "x\ny"}, "quotes cut"),
    ('{"a": 1}\n{"a": 2', [{"a": 1}, {"a": 2}], "wrapped cut cut"),
    ('["x" "y', ["x", "y"], "comma cut"),
    ('["x" 1', ["x", 1], "comma cut"),
    ("[1, 2, 3", [1, 2, 3], "cut"),
    ("[1, 2.", [1, 2.0], "cut"),
    ("[1, -", [1], "cut"),
    ("[true, fal", [True], "cut"),
    ('{"a": New Yo', {"a": "New Yo"}, "cut"),
    ('{"a": 1, "b', {"a": 1}, "cut"),
    ('[{"a": 1}, {"a": "x', [{"a": 1}, {"a": "x"}], "cut cut"),
    ('[{"a": 1}, {"a":', [{"a": 1}, {}], "cut cut"),
    ('[{"a": 1}, {"a": 2}', [{"a": 1}, {"a": 2}], ""),
]


@pytest.mark.parametrize(("text", "value", "kinds"), [row[1:] for row in MENDED], ids=[row[0] for row in MENDED])
def test_mended(text: str, value: Any, kinds: str) -> None:
    """The value is whole, and every change is told."""
    mended = mend(text)
    assert (mended.value, [change.kind for change in mended.changes]) == (value, kinds.split())
    assert mended.complete


@pytest.mark.parametrize(("text", "value", "kind"), [row[1:] for row in LOSSY], ids=[row[0] for row in LOSSY])
def test_no_loss_is_silent(text: str, value: Any, kind: str) -> None:
    """What could not be kept, and may have been data, is told as lost."""
    mended = mend(text)
    assert mended.value == value
    assert [change.kind for change in mended.changes if change.lossy] == kind.split()


@pytest.mark.parametrize(("text", "value"), CUT)
def test_cut(text: str, value: Any) -> None:
    """A text that ends early keeps the members and items that came whole, and is never called complete."""
    mended = mend(text)
    assert mended.value == value
    assert not mended.complete


@pytest.mark.parametrize(("text", "value", "kinds"), PARTIAL)
def test_what_was_cut_is_kept_where_asked_for(text: str, value: Any, kinds: str) -> None:
    """`partial` keeps a value, and an item, as far as it came; that its end is lost is told."""
    mended = mend(text, partial=True)
    assert (mended.value, sorted(change.kind for change in mended.changes)) == (value, sorted(kinds.split()))
    assert not mended.complete
    assert mended.lossy == ("cut" in kinds)


@pytest.mark.parametrize("text", ["", "  ", "I could not find an invoice.", "tru", '"cut', "-1.", "}", "```json\n```"])
def test_nothing_to_save(text: str) -> None:
    """Text without JSON is refused, with one problem for the whole of it."""
    with pytest.raises(InvalidValue) as caught:
        mend(text)
    assert [problem.path for problem in caught.value.problems] == [""]


DEEP = ["[" * 200, "[" * 300 + "]" * 300, "[" * 1000 + "]" * 1000, '{"a": ' * 400 + "1" + "}" * 400, "[" * 5000]


@pytest.mark.parametrize("text", DEEP)
@pytest.mark.parametrize("model", [None, list[str]])
def test_too_deep(text: str, model: Any) -> None:
    """Nesting that no answer needs is refused, valid or not, so that nothing behind it runs out of stack."""
    with pytest.raises(InvalidValue, match="nested more than 100 deep"):
        mend(text, model and compile_schema(model))


def test_changes_have_their_place() -> None:
    """A change says what, where in the text, and where in the value."""
    change = Change("unescaped", "quotes inside a string were not escaped", 12, path="/a/0")
    assert mend('{"a": ["say "x" now"]}') == Mended({"a": ['say "x" now']}, (change,))
    assert str(change) == "quotes inside a string were not escaped @ /a/0"


def test_what_was_cut_is_named() -> None:
    """The item that a cut took with it is named by its pointer."""
    lines = list(map(str, mend('{"rows": [{"a": 1}, {"a": "x').changes))
    assert "the text was cut off: a list item without its end is left out @ /rows/1" in lines


def test_bytes() -> None:
    """Bytes are read as UTF-8; what is not UTF-8 is replaced, and told as lost."""
    assert mend("{'ä': 1}".encode()).value == {"ä": 1}
    mended = mend(b'{"a": "\xff"}')
    assert (mended.value, mended.lossy) == ({"a": "\ufffd"}, True)


class Line(BaseModel):
    sku: str
    amount: Decimal


class Invoice(BaseModel):
    number: str
    total: float
    lines: list[Line]
    note: str | None = None


INVOICE = compile_schema(Invoice)
LINE = {"sku": "a", "amount": "1.50"}
WHOLE = {"number": "7", "total": 3, "lines": [LINE], "note": None}


def fitted(text: str) -> tuple[Any, list[str]]:
    mended = mend(text, INVOICE)
    return mended.value, [change.kind for change in mended.changes]


TEXT = '{"number": "7", "total": 3, "lines": [{"sku": "a", "amount": "1.50"}], "note": null}'


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        (TEXT, []),
        (TEXT.replace("3", '"3,00"'), ["number"]),
        (f'{{"invoice": {TEXT}}}', ["wrapped"]),
        (f"[{TEXT}]", ["wrapped"]),
        (json.dumps(TEXT), ["nested"]),
        (f'{{"number": "draft"}}\n{TEXT}', ["second"]),
    ],
    ids=["as it is", "a number as text", "an envelope", "a list of one", "a string", "a draft before"],
)
def test_the_reading_that_validates_wins(text: str, kinds: list[str]) -> None:
    """Where an answer can be read in more than one way, the schema decides."""
    value, changes = fitted(text)
    assert value == WHOLE
    assert [kind for kind in changes if kind != "prose"] == kinds


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1 234,50", 1234.5),
        ("1'234.50", 1234.5),
        ("1,234", None),
        ("12,345,678", 12345678),
        ("1.234.567", 1234567),
        ("12,5", 12.5),
        ("0,125", 0.125),
        ("1234,125", 1234.125),
        ("$1,234.50", 1234.5),
        ("€ 99", 99),
        ("about 5", None),
        ("1,23,456", 123456),
        ("1,2,456", None),
        ("5%", 5),
    ],
)
def test_numbers_as_people_write_them(answer: str, read: float | None) -> None:
    """Where the schema wants a number, marks and signs are read when they can mean one thing only."""
    value, changes = fitted(TEXT.replace("3", f'"{answer}"', 1))
    assert (value["total"], changes) == ((answer, []) if read is None else (read, ["number"]))


PLAIN = compile_schema(
    {"type": "object", "properties": {"price": {"type": ["number", "null"]}, "pieces": {"type": "integer"}}}
)


@pytest.mark.parametrize(
    ("name", "answer", "read"),
    [
        ("price", "766.12", 766.12),
        ("price", "-5", -5),
        ("price", "0.125", 0.125),
        ("price", "1,234.50", 1234.5),
        ("price", "1,234", None),
        ("price", "1.234", None),
        ("price", "about 5", None),
        ("pieces", "12", 12),
        ("pieces", "12.0", 12),
        ("pieces", "1,234,567", 1234567),
        ("pieces", "1,234", 1234),
        ("pieces", "1.234", None),
        ("pieces", "12.5", None),
    ],
)
def test_numbers_in_quotes(name: str, answer: str, read: float | None) -> None:
    """Where a JSON Schema takes a number alone, digits in quotes are one, and are told; two meanings are none."""
    mended = mend(json.dumps({name: answer}), PLAIN)
    assert mended.value == {name: answer if read is None else read}
    changes = [] if read is None else [f"{answer!r} was read as {answer.replace(',', '')} @ /{name}"]
    assert [str(change) for change in mended.changes] == changes


def test_decimals_stay_text() -> None:
    """A decimal that is sent as text is written plainly, and stays text."""
    assert fitted(TEXT.replace("1.50", "1,001.50"))[0]["lines"] == [{"sku": "a", "amount": "1001.50"}]


def test_items_run_together() -> None:
    """List items that lost the brackets between them are parted where their names repeat."""
    lines = '"lines": [{"sku": "a", "amount": "1", "sku": "b", "amount": "2"}]'
    value, changes = fitted(f'{{"number": "7", "total": 3, "note": null, {lines}}}')
    assert value["lines"] == [{"sku": "a", "amount": "1"}, {"sku": "b", "amount": "2"}]
    assert changes == ["duplicate"]


def test_names_of_the_schema_part_strings() -> None:
    """Quoted words inside a string that look like a name are one only if the schema has it."""
    text = '{"number": "see "x", "config": here", "total": 3, "lines": [], "note": null}'
    assert fitted(text)[0]["number"] == 'see "x", "config": here'


@pytest.mark.parametrize(("answer", "read"), [("12,111", None), ("1.234,5", 1234.5), ("$9", None), ("1, 2", None)])
def test_a_number_alone(answer: str, read: float | None) -> None:
    """A schema of one number reads it as people write it, and nothing that could be two."""
    schema = compile_schema(float)
    if read is None:
        with pytest.raises(InvalidValue):
            schema.decode(mend(answer, schema).value)
    else:
        assert schema.decode(mend(answer, schema).value) == read


def test_several_objects_for_a_list() -> None:
    """Objects one after another are the list that the schema asks for, if it asks for one."""
    schema = compile_schema(list[Line])
    mended = mend('{"sku": "a", "amount": "1"}\n{"sku": "b", "amount": "2"}', schema)
    assert schema.decode(mended.value) == [Line(sku="a", amount=Decimal(1)), Line(sku="b", amount=Decimal(2))]
    assert not mended.lossy
