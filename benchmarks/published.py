"""The cases that the peers publish in their own tests, read by all of them, side by side in one run.

    pip install json-repair jiter baml-py      (those that are missing are left out)
    python -m benchmarks.published [FOLDER ...]

The cases come from the last source distribution of json-repair that holds its tests, fetched with pip; or from the
`test_*.py` of each FOLDER, such as `tests` of json-repair's repository, or `crates/jiter-python/tests` of jiter's.

`equal` is the plain count of values that equal a published one (json-repair publishes some texts twice, for two modes).
Below it stands the honest score: `right` is a value
that equals the published one, or one of INSTEAD, and that left out no word of the text in silence and made none up;
`told` is another value, or none, where the reader says that something was lost; `silent` is wrong or lossy, and
nothing says so. Prose, fences and comments are no loss. A reader that gives nothing for a text has told it.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.mend import NOTHING, baml, silently
from extractor.errors import InvalidValue
from extractor.repair.mend import mend

SOURCE = "json-repair==0.58.0"

Reader = Callable[[str, bool], tuple[Any, bool]]
"""A text, and whether to keep a value that was cut, to its value, and whether something is said to be lost."""


class Case(NamedTuple):
    """A text, and whether values that were cut are to be kept."""

    text: str
    partial: bool


INSTEAD: dict[str, tuple[Any, str]] = {
    "'\"'": ('"', "a quoted string is JSON"),
    "True": (True, "it is read as `true` is"),
    "False": (False, "it is read as `false` is"),
    '{"key_1\n": "value"}': ({"key_1\n": "value"}, "the line break is part of the name"),
    '{"key": "```json {"key": [{"key1": 1},{"key2": 2}]}```"}': (
        {"key": '```json {"key": [{"key1": 1},{"key2": 2}]}```'},
        "what stands between quotes is a string",
    ),
    '{"key": "v"alue"}': ({"key": 'v"alue'}, "the last quote ends the string"),
    '{ "a" : "{ b": {} }" }': ({"a": '{ b": {} }'}, "the end of the string is lost"),
    '{"lorem": sic tamet. "ipsum": sic tamet, quick brown fox. "sic": ipsum}': (
        {"lorem": "sic tamet.", "ipsum": "sic tamet, quick brown fox.", "sic": "ipsum"},
        "the fox is lost",
    ),
    '[{"lorem": {"ipsum": "sic"}, """" "lorem": {"ipsum": "sic"}]': (
        [{"lorem": {"ipsum": "sic"}}],
        "one object was opened, which says one thing twice",
    ),
    '{"key": "{\\\\"key\\\\\\":[\\"value\\\\\\"],\\"key2\\":"value2"}"}': (
        {"key": '{\\"key\\":["value\\"],"key2":"value2"}'},
        "each escape stands for what JSON says",
    ),
    '{"key": , "key2": "value2"}': ({"key": None, "key2": "value2"}, "no value is null, and no text"),
    '{"key": "value"}, "key2": }': ({"key": "value", "key2": None}, "no value is null, and no text"),
    '{"key": true, "key2": false, "key3": }': (
        {"key": True, "key2": False, "key3": None},
        "no value is null, and no text",
    ),
    "[{]": ([{}], "an object was opened"),
    '{"key": 1e }': ({"key": "1e"}, "it is no number"),
    '[{"key":"value"}][{"key":"value_after"}]': (
        [[{"key": "value"}], [{"key": "value_after"}]],
        "the first list is lost",
    ),
}
"""Texts whose published value is not the only one, or not the best: what else they say, and why."""

PLAIN_OPTIONS = frozenset(("return_objects", "skip_json_loads", "stream_stable"))
NOISE = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|#[^\n]*|```\w*", re.DOTALL)
BETWEEN = re.compile(r"```(?!\w)[^`{}\[\]\"]*```\w*")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([bfnrt])|\\)")
NUMBER = re.compile(r"(?<![\w.])(?:\d[\d_]*\.?[\d_]*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
NULL = re.compile(r"\b(?:None|undefined|nil)\b")


def published(folder: Path) -> Iterator[tuple[Case, Any]]:
    """The cases of a folder of tests: literal texts that are asserted to be read as literal values."""
    for path in sorted(folder.rglob("*.py")):
        for scope in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(scope, ast.FunctionDef | ast.Module):
                yield from asserted(scope)


def asserted(scope: ast.FunctionDef | ast.Module) -> Iterator[tuple[Case, Any]]:
    known: dict[str, ast.expr] = {}
    for node in scope.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            known[node.targets[0].id] = resolved(node.value, known)
        if isinstance(node, ast.Assert) and isinstance(node.test, ast.Compare):
            with suppress(ValueError):
                yield from case(resolved(node.test.left, known), ast.literal_eval(node.test.comparators[0]))


def resolved(node: ast.expr, known: dict[str, ast.expr]) -> ast.expr:
    """What a name stands for, as the first argument of a call too."""
    if isinstance(node, ast.Call) and node.args:
        return ast.Call(node.func, [resolved(node.args[0], known), *node.args[1:]], node.keywords)
    return known.get(node.id, node) if isinstance(node, ast.Name) else node


def case(call: ast.expr, value: Any) -> Iterator[tuple[Case, Any]]:
    if not isinstance(call, ast.Call) or not call.args:
        return
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    text = ast.literal_eval(call.args[0])
    if called == "from_json" and options.get("partial_mode"):
        yield Case(text.decode(), options["partial_mode"] == "trailing-strings"), value
    elif called == "repair_json" and options.keys() <= PLAIN_OPTIONS:
        wanted = value if options.get("return_objects") or value == "" else json.loads(value)
        yield Case(text, True), NOTHING if wanted == "" else wanted


def fetched(folder: Path) -> Path:
    """The tests of json-repair, out of its source distribution."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", SOURCE]
    subprocess.run([*command, "--dest", str(folder)], check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.glob("*/tests"))


def ours(text: str, partial: bool) -> tuple[Any, bool]:
    try:
        mended = mend(text, partial=partial)
    except InvalidValue:
        return NOTHING, True
    return mended.value, mended.lossy or not mended.complete


def readers() -> dict[str, Reader]:
    found: dict[str, Reader] = {"extractor": ours}
    with suppress(ImportError):
        repair = silently(import_module("json_repair").loads)
        found["json-repair"] = lambda text, partial: repair(text)
    with suppress(ImportError):
        jiter = import_module("jiter")
        modes = {
            partial: silently(lambda text, mode=mode: jiter.from_json(text.encode(), partial_mode=mode))
            for partial, mode in ((True, "trailing-strings"), (False, "on"))
        }
        found["jiter partial"] = lambda text, partial: modes[partial](text)
    with suppress(ImportError):
        read = silently(baml())
        found["BAML"] = lambda text, partial: read(text)
    return found


def words(text: str) -> set[str]:
    """The words of a text, numbers in one notation."""
    plain = NULL.sub("null", text)
    plain = NUMBER.sub(lambda found: repr(float(found.group().strip("_"))), plain)
    return set(re.findall(r"[^\W_]+", plain.casefold()))


def unescaped(text: str) -> str:
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " " if found[2] else "", text)


def data(text: str) -> str:
    """The data of a text, without the prose, the fences and the comments."""
    start = min((at for at in map(text.find, "{[") if at >= 0), default=max(0, text.find("(")))
    end = max(map(text.rfind, "}])")) + 1
    if end <= start or re.search(r'["{\[]', text[end:]):
        end = len(text)
    return NOISE.sub(" ", BETWEEN.sub(" ", text[start:end]))


def changed(text: str, value: Any) -> set[str]:
    """The words that are lost or made up."""
    if value is NOTHING:
        return words(unescaped(data(text)))
    found = words(unescaped(json.dumps(value, ensure_ascii=False)))
    lost = words(unescaped(data(text))) - found
    return lost | (found - words(unescaped(text)))


def same(value: Any, other: Any) -> bool:
    if value is NOTHING or other is NOTHING:
        return value is other
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def verdicts(read: Reader, one: Case, values: list[Any]) -> Iterator[str]:
    value, reported = read(one.text, one.partial)
    if value == "":
        value, reported = NOTHING, True
    equal = any(same(value, other) for other in values)
    if equal:
        yield "equal"
    good = equal or (one.text in INSTEAD and same(value, INSTEAD[one.text][0]))
    if good and (reported or not changed(one.text, value)):
        yield "right"
    else:
        yield "told" if reported else "silent"


def main(folders: list[str]) -> None:
    cases: dict[Case, list[Any]] = {}
    with TemporaryDirectory() as folder:
        for source in [Path(name) for name in folders] or [fetched(Path(folder))]:
            for one, value in published(source):
                cases.setdefault(one, []).append(value)
    columns = readers()
    counts = {name: Counter[str]() for name in columns}
    for one, values in cases.items():
        for name, read in columns.items():
            found = list(verdicts(read, one, values))
            counts[name].update(found)
            if name in ("extractor", "json-repair") and "right" not in found:
                print(f"{found[-1]:7}{name:14}{one.text[:90]!r}")
    print(f"\n{len(cases)} cases" + "".join(f"{name:>16}" for name in columns))
    for word in ("equal", "right", "told", "silent"):
        print(f"{word:10}" + "".join(f"{counts[name][word]:>16}" for name in columns))


if __name__ == "__main__":
    main(sys.argv[1:])
