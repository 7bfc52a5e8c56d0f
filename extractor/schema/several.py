"""Several declarations as one: any one of them, or a list of one.

    one_of([Receipt, Invoice])      # Receipt | Invoice
    list_of(Receipt)                # list[Receipt]

JSON Schema documents are put together in the same way; each keeps its own references.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from extractor.errors import UsageError
from extractor.schema.cores import distinct
from extractor.schema.pointer import JSON, get, join

__all__ = ["branches_of_document", "branches_of_type", "list_of", "one_of"]


def one_of(declarations: Sequence[Any]) -> Any:
    """The declaration of a value that is of one of several; UsageError where types and JSON Schemas are mixed."""
    if len(declarations) == 1:
        return declarations[0]
    documents = [each for each in declarations if isinstance(each, Mapping)]
    if not documents:
        return reduce(or_, declarations)
    if len(documents) < len(declarations):
        raise UsageError("a JSON Schema file and a class are named together: give several files, or several classes")
    titles = (str(each.get("title") or f"schema_{number}") for number, each in enumerate(documents, 1))
    names = list(distinct(titles))
    defs = {name: _moved(each, join("#/$defs", name)) for name, each in zip(names, documents, strict=True)}
    return {
        "title": "_".join(names),
        "anyOf": [{"$ref": join("#/$defs", name)} for name in names],
        "$defs": {name: {**each, "title": name} for name, each in defs.items()},
    }


def list_of(declaration: Any) -> Any:
    """The declaration of a list of such values."""
    if not isinstance(declaration, Mapping):
        return list[declaration]
    item = _moved(declaration, "#/$defs/item")
    return {
        "title": f"list_{declaration.get('title') or 'record'}",
        "type": "array",
        "items": {"$ref": "#/$defs/item"},
        "$defs": {"item": item},
    }


def _moved(document: JSON, place: str) -> JSON:
    """A JSON Schema document whose references hold where it stands at `place` in another one."""
    if isinstance(document, Mapping):
        return {
            name: f"{place}{inner[1:]}"
            if name == "$ref" and isinstance(inner, str) and inner.startswith("#")
            else _moved(inner, place)
            for name, inner in document.items()
            if name not in ("$schema", "$id") or not isinstance(inner, str)
        }
    return [_moved(each, place) for each in document] if isinstance(document, list) else document


def branches_of_type(type_: Any) -> tuple[Any, ...]:
    """The types that a union is of; () for any other type."""
    if get_origin(type_) is Annotated:
        return branches_of_type(get_args(type_)[0])
    return get_args(type_) if get_origin(type_) in (Union, UnionType) else ()


def branches_of_document(document: JSON) -> tuple[Any, ...]:
    """The JSON Schemas that a document is alternatives of; () where it declares anything else."""
    content = document if isinstance(document, Mapping) else {}
    inner = content.get("anyOf") or content.get("oneOf") or ()
    if not inner or content.keys() & {"type", "properties", "allOf", "$ref", "if"}:
        return ()
    return tuple(_branches(content, inner))


def _branches(content: Mapping[str, Any], inner: Sequence[Any]) -> Iterator[Any]:
    defs = {"$defs": content["$defs"]} if "$defs" in content else {}
    for each in inner:
        target = get(content, each["$ref"][1:]) if isinstance(each, Mapping) and "$ref" in each else each
        yield {**target, **defs} if isinstance(target, Mapping) else target
