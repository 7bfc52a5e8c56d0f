"""A pydantic model for documents that have none yet: proposed by the model, written as a file, checked on them.

documents ─► one question: which fields? ─► source code ─► extraction from the same documents
                                               ▲                        │
                                               └─ fields that some lack are optional, those that all lack are left out
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from pydantic import BaseModel, Field

from extractor.call.asking import Asking
from extractor.call.conversation import converse_whole
from extractor.documents.load import load
from extractor.errors import UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.extractor import Extractor
from extractor.pipeline.result import Result
from extractor.pipeline.specs import resolve_schema
from extractor.schema.compiler import compile_schema
from extractor.schema.pointer import leaves
from extractor.schema.words import distinct, unused

__all__ = ["Inferred", "infer"]

_TASK = """\
Several documents of one kind stand one after the other. Do not extract their values: describe the data that a person \
would take from each document of this kind, as a schema. Name fields in English snake_case. List what every such \
document states, what many state, and tables with their columns; leave out greetings, advertising and layout. A \
description says what the value is, how it is told from similar ones, and when it is null."""

_WIDTH = 118
_TAKEN = frozenset(dir(BaseModel)) | {"bool", "dt", "int", "list", "str"}
"""Names that a field must not have: those of a model, and of the types that stand beside it."""

Kind = Literal["text", "integer", "decimal", "date", "time", "datetime", "boolean", "choice"]
_TYPES: dict[Kind, str] = {
    "text": "str",
    "integer": "int",
    "decimal": "Decimal",
    "date": "dt.date",
    "time": "dt.time",
    "datetime": "dt.datetime",
    "boolean": "bool",
}


class Column(BaseModel):
    """A field of a row."""

    name: str = Field(description="Name of the field in snake_case")
    kind: Kind = Field(description="decimal: amounts, measures; choice: one of a few words that recur; else the type")
    choices: list[str] = Field(description="The words of a choice, as printed; empty for any other kind")
    optional: bool = Field(description="Whether a document of this kind can lack it")
    description: str = Field(description="What it is, for one who has never seen such a document")


class Entry(Column):
    """A field of the document: one value, several values, or a table."""

    many: bool = Field(description="Whether it is a list: of values, or of rows")
    columns: list[Column] = Field(description="The fields of a row, or of a group such as an address; else empty")


class Proposal(BaseModel):
    """A schema for documents of one kind."""

    name: str = Field(description="What such a document is called, in English, in the singular: Invoice, LabReport")
    description: str = Field(description="One sentence that says what such a document is")
    fields: list[Entry] = Field(description="All fields, in the order of the document")


@dataclass(frozen=True, slots=True)
class Inferred:
    """A model as source code, and the name of a file for it. `found` counts the documents that state each field; there
    are () results where none was checked.
    """

    name: str
    source: str
    found: Mapping[str, int]
    results: tuple[Result[Any], ...] = ()
    dropped: tuple[str, ...] = ()
    cost_usd: float | None = None


def infer(paths: Sequence[Path], config: Config, *, check: bool = True) -> Inferred:
    """A pydantic model for documents of one kind, of which `paths` are a few. With `check`, the same documents are then
    extracted by it: what some lack is optional, what all lack is left out.

    Raises UsageError where the model can only repeat text of a document, and what `Extractor.extract` raises.
    """
    documents = [load(path, password=config.password) for path in paths]
    room = config.view_tokens * 3 // max(1, len(documents))  # characters of each: a token has three or more
    text = "\n\n".join(f"--- document {number} ---\n{each.text[:room]}" for number, each in enumerate(documents, 1))
    task = "\n\n".join(filter(None, (_TASK, config.instructions)))
    with Extractor(config) as extractor:  # one, as max_cost holds for all that it asks
        proposal, cost = _proposed(extractor, text, task)
        if not check:
            return Inferred(_field_name(proposal.name), _source(proposal), {}, cost_usd=cost)
        results = tuple(extractor.extract_many(_compiled(_source(proposal, loose=True)), documents))
    found = Counter(field for result in results for field in _fields(result.data))
    lacking = {field for result in results for field in _fields(result.data, stated=False)}
    checked, dropped = _checked(proposal, found, lacking, len(results))
    costs = [cost, *(result.usage.cost_usd for result in results)]
    known = [one for one in costs if one is not None]
    total = sum(known) if len(known) == len(costs) else None
    return Inferred(_field_name(proposal.name), _source(checked), found, results, dropped, total)


def _proposed(extractor: Extractor, text: str, task: str) -> tuple[Proposal, float | None]:
    session = extractor._opened().session
    if session.endpoint.bound:
        raise UsageError(
            "an embedded model can only repeat text of a document, and cannot name fields: use another model"
        )
    asking = Asking(compile_schema(Proposal, counts=True), text, name="schema")
    answer = extractor._run(converse_whole(asking, session.settings.with_instructions(task)))
    if answer.error:
        raise answer.error
    if answer.problems or not answer.value or not answer.value.get("fields"):
        reasons = "; ".join(map(str, answer.problems)) or "it has no fields"
        raise UsageError(f"the model proposed no schema that can be used: {reasons}; try again, or other documents")
    return Proposal.model_validate(answer.value), answer.usage.cost_usd


def _compiled(source: str) -> Any:
    """The type that the source declares. Names are made and texts quoted by us, so that nothing else in it is run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "inferred.py"
        path.write_text(source, encoding="utf-8")
        return resolve_schema(str(path))


def _fields(value: Any, *, stated: bool = True) -> set[str]:
    """The fields of which some leaf is stated, or is null: `lines` and `lines.amount`."""
    paths = (path for path, leaf in leaves(value) if (leaf is not None) is stated)
    found = {".".join(step for step in path[1:].split("/") if not step.isdecimal()) for path in paths}
    return found | {name.partition(".")[0] for name in found if stated}


def _checked(
    proposal: Proposal, found: Mapping[str, int], lacking: set[str], count: int
) -> tuple[Proposal, tuple[str, ...]]:
    """The proposal without fields that no document states, and with those optional that one lacks."""
    fields: list[Entry] = []
    dropped: list[str] = []
    for entry, name in zip(proposal.fields, _names(proposal.fields), strict=True):
        columns: list[Column] = []
        for column, inner in zip(entry.columns, _names(entry.columns), strict=True):
            path = f"{name}.{inner}"
            if found.get(path):
                columns.append(column.model_copy(update={"optional": column.optional or path in lacking}))
            else:
                dropped.append(path)
        if found.get(name):
            fields.append(
                entry.model_copy(update={"optional": entry.optional or found[name] < count, "columns": columns})
            )
        else:
            dropped.append(name)
    return proposal.model_copy(update={"fields": fields}), tuple(dropped)


# ------------------------------------------------------------------------------------------------ source code


def _source(proposal: Proposal, *, loose: bool = False) -> str:
    """The proposal as a file of Python; everything is optional, if `loose`."""
    name = _class_name(proposal.name)
    classes: list[str] = []
    lines, taken = [], {name}
    for entry, field in zip(proposal.fields, _names(proposal.fields), strict=True):
        if entry.columns:
            inner = unused(_class_name(_singular(field) if entry.many else field), taken)
            taken.add(inner)
            rows = zip(entry.columns, _names(entry.columns), strict=True)
            body = [_field(own, _type(column), column, loose=loose) for column, own in rows]
            classes.append(_class(inner, entry.description, body))
            kind = inner
        else:
            kind = _type(entry)
        lines.append(_field(field, f"list[{kind}]" if entry.many else kind, entry, many=entry.many, loose=loose))
    classes.append(_class(name, proposal.description, lines))
    code = "\n\n\n".join(classes)
    head = [f'"""{_prose(proposal.description)}"""', "", *_imports(code)]
    return "\n".join([*head, "", "", code, "", "", f"SCHEMA = {name}", ""])


def _imports(code: str) -> Iterator[str]:
    yield "from __future__ import annotations"
    yield ""
    needed = [("dt.", "import datetime as dt"), ("Decimal", "from decimal import Decimal")]
    needed += [("Literal[", "from typing import Literal")]
    own = [line for sign, line in needed if sign in code]
    yield from (*own, "") if own else ()
    yield "from pydantic import BaseModel, Field"


def _class(name: str, description: str, fields: Sequence[str]) -> str:
    return "\n".join([f"class {name}(BaseModel):", f'    """{_prose(description)}"""', "", *fields])


def _field(name: str, kind: str, column: Column, *, many: bool = False, loose: bool = False) -> str:
    """One field; a list that may be absent is an empty one."""
    optional = column.optional or loose
    kind = f"{kind} | None" if optional and not many else kind
    default = "" if not optional else "default_factory=list, " if many else "None, "
    words = _quoted(column.description)
    line = f"    {name}: {kind} = Field({default}description={words})"
    if len(line) <= _WIDTH:
        return line
    first = f"        {default.rstrip()}\n" if default else ""
    return f"    {name}: {kind} = Field(\n{first}        description={words},\n    )"


def _type(column: Column) -> str:
    if column.kind == "choice":
        return f"Literal[{', '.join(map(_quoted, dict.fromkeys(column.choices)))}]" if column.choices else "str"
    return _TYPES[column.kind]


def _quoted(text: str) -> str:
    """The text as a literal, in the quotes that need fewer escapes."""
    line = _one_line(text)
    if '"' in line and "'" not in line:
        return "'" + line.replace("\\", "\\\\") + "'"
    return json.dumps(line, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _prose(text: str) -> str:
    """A text for a docstring, which nothing of it can end."""
    words = _one_line(text).replace("\\", "/").replace('"', "'").rstrip(".") or "A document"
    return f"{words}."


def _names(columns: Iterable[Column]) -> list[str]:
    """Names of fields: Python's, each once, none of them a keyword or a method of a model."""
    return distinct(_field_name(column.name) for column in columns)


def _field_name(name: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower())
    plain = "_".join(words) or "field"
    plain = f"field_{plain}" if plain[0].isdecimal() else plain
    return f"{plain}_" if keyword.iskeyword(plain) or plain in _TAKEN or plain.startswith("model_") else plain


def _class_name(name: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name))
    plain = "".join(word[:1].upper() + word[1:].lower() for word in words) or "Record"
    plain = f"Record{plain}" if plain[0].isdecimal() else plain
    reserved = {"BaseModel", "Field", "Decimal", "Literal", "SCHEMA"}
    return f"{plain}Record" if plain in reserved or hasattr(builtins, plain) else plain


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name[:-1] if name.endswith("s") and name[-2:] != "ss" else name
