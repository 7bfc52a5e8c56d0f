"""A declaration compiled once: what the model is asked for, and the way back from its answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache, partial, reduce
from hashlib import sha256
from typing import Any, Generic, TypeVar, overload

from extractor.errors import InvalidValue, Problem
from extractor.schema.lens import Lens, Unwrapped
from extractor.schema.normal import normal
from extractor.schema.parts import (
    RowShape,
    grouped,
    growing,
    half,
    joined,
    loose,
    patch,
    restricted,
    row_shape,
    trimmed,
    value_shape,
)
from extractor.schema.paths import Field, declared_path, field_at, prune, trace, wire_path
from extractor.schema.pointer import JSON
from extractor.schema.read import read
from extractor.schema.rewrite import fitted
from extractor.schema.sources import DocumentSource, ExcerptSource, Source, TypeSource
from extractor.schema.text import exact_from_text, from_text, has_fraction, to_text
from extractor.schema.tree import Record, Tree, Union
from extractor.schema.validator import Validator
from extractor.schema.words import prompt_text

__all__ = ["Excerpt", "Part", "RowShape", "Schema", "Unwrapped", "compile_schema"]

T = TypeVar("T")


class Schema(Generic[T]):
    """A compiled declaration: the schema for the model, and the way back from its answer.

    `name` and `description` are those of the declaration. `wire` is the schema that the model receives.
    `counts` says whether it asks for the length of lists, `crowded` whether it is so large that parts of it are asked
    for as text.

    >>> from extractor import compile_schema
    >>> schema = compile_schema(dict[str, int])
    >>> schema.decode(schema.encode({"a": 1}))
    {'a': 1}
    """

    def __init__(self, source: Source, declared: Tree, *, counts: bool) -> None:
        self.source, self.declared, self.counts = source, declared, counts
        self.name, self.description = source.name, source.description
        self._writer, self.wire, self.crowded = fitted(declared, counts=counts)
        self.tree = self._writer.tree
        self._groups: dict[int, tuple[Schema[Any], ...]] = {}
        self._halves: dict[tuple[bool, bool], Excerpt | None] = {}

    def __repr__(self) -> str:
        return f"Schema({self.name!r}, fingerprint={self.fingerprint[:12]!r})"

    # ------------------------------------------------------------------ what is asked

    @cached_property
    def response_format(self) -> dict[str, Any]:
        """The `response_format` of a request."""
        described = {"description": self.description} if self.description else {}
        json_schema = {"name": self.name, **described, "schema": self.wire, "strict": True}
        return {"type": "json_schema", "json_schema": json_schema}

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that is asked: it changes exactly when the response format does."""
        return sha256(to_text(self.response_format).encode()).hexdigest()

    @cached_property
    def prompt_text(self) -> str:
        """The wire schema as compact text for a prompt."""
        return prompt_text(self.wire)

    # ------------------------------------------------------------------ there and back

    @cached_property
    def _lens(self) -> Lens:
        """The way to the wire and back."""
        wire = Validator(self.wire)

        def misfits(union: Union, index: int, value: JSON) -> tuple[int, int]:
            depths = [
                problem.path.count("/") for problem in wire.problems(value, self._writer.node(union.branches[index]))
            ]
            return (-min(depths), len(depths)) if depths else (-sys.maxsize, 0)

        return Lens(self.tree, misfits)

    def encode(self, value: T) -> JSON:
        """The wire JSON that stands for a declared value.

        What is not of the declared shape is passed through; InvalidValue where the wire has no form for it.
        """
        declared = self.source.dump(value)
        return self._lens.encode({"value": declared} if self.tree.wrapped else declared)

    def decode(self, answer: str | bytes | JSON) -> T:
        """The declared value of an answer: JSON text, or wire JSON that was read already. Raises InvalidValue."""
        if isinstance(answer, str | bytes):
            if self._is_plain and not (self._lens.decimals and has_fraction(answer)):
                return self.source.validate_json(answer)  # type: ignore[no-any-return]
            answer = exact_from_text(answer) if self._lens.decimals else from_text(answer)
        wire: JSON = answer
        bare = self.tree.wrapped and not (isinstance(wire, dict) and "value" in wire)
        found = self.unwrap({"value": wire} if bare else wire, exact=True)
        if found.misnamed:
            raise InvalidValue(found.problems)
        return self.validate(found.value)

    @cached_property
    def _is_plain(self) -> bool:
        """Whether wire JSON is declared JSON as it is, but for the digits of decimals."""
        return self._lens.plain and not self.tree.wrapped

    def unwrap(self, wire: JSON, *, exact: bool = False) -> Unwrapped:
        """Wire JSON in the declared shape; what fits nowhere stays as it is, with a problem.

        `exact`: numbers may be `Digits`, of which decimals get each digit.
        """
        return Unwrapped(wire) if self._lens.plain and not (exact or self.tree.wrapped) else self._lens.decode(wire)

    def dump(self, value: T) -> JSON:
        """A declared value as JSON in the declared shape."""
        return self.source.dump(value)

    def validate(self, value: JSON) -> T:
        """The declared value that JSON in the declared shape stands for. Raises InvalidValue."""
        return self.source.validate(value)  # type: ignore[no-any-return]

    def problems(self, value: JSON, kind: str | None = None) -> tuple[Problem, ...]:
        """What is wrong with JSON in the declared shape, or in that of one of the `kinds`; () when it is valid."""
        try:
            (self.of_kind(kind) if kind else self).source.validate(value)
        except InvalidValue as error:
            return error.problems
        return ()

    def prune(self, value: JSON, problems: Iterable[Problem]) -> tuple[JSON, tuple[Problem, ...]]:
        """The largest valid part of declared JSON, and the problems for which something was dropped."""
        return prune(self.declared, self.problems, value, problems)

    # ------------------------------------------------------------------ places

    def field(self, pointer: str) -> Field | None:
        """What is declared at a pointer into the declared JSON; None where nothing is."""
        return self._field_at(pointer)

    @cached_property
    def _field_at(self) -> Callable[[str], Field | None]:
        return lru_cache(maxsize=4096)(partial(field_at, self.declared))

    def wire_path(self, pointer: str) -> str:
        """The wire pointer of a declared one, or of the nearest place above that can be told without the value."""
        return wire_path(self.tree, pointer)

    def declared_path(self, pointer: str) -> str:
        """The declared pointer of a wire one, or of the nearest place above that can be told without the value."""
        return declared_path(self.tree, pointer)

    # ------------------------------------------------------------------ parts

    def subset(self, paths: Iterable[str]) -> Part:
        """The schema of just the fields at these declared pointers."""
        return Part(self, tuple(paths))

    def groups(self, leaves: int = 100) -> tuple[Schema[Any], ...]:
        """Schemas of about `leaves` scalars each that together ask for everything; just this one when it is small."""
        if leaves not in self._groups:
            self._groups[leaves] = self._divided(leaves)
        return self._groups[leaves]

    def _divided(self, leaves: int) -> tuple[Schema[Any], ...]:
        """The groups; smaller ones where such groups would be too large."""
        paths = grouped(self.declared, leaves)
        groups = tuple(map(self.subset, paths)) if len(paths) > 1 else (self,)
        if leaves > 1 and any(group.crowded for group in groups):
            smaller = self._divided(leaves // 2)
            return smaller if len(smaller) > len(groups) else groups
        return groups

    def join(self, parts: Iterable[JSON]) -> JSON:
        """Declared JSON of the whole from that of its parts (`groups`, `rows`, `document`, `excerpt`), in their order.

        Objects are joined by name; a list of `lists` that several parts hold is continued by the later ones.

            schema.join([{"number": "7"}, {"lines": [{"sku": "a"}]}, {"lines": [{"sku": "b"}]}])
            # {"number": "7", "lines": [{"sku": "a"}, {"sku": "b"}]}
        """
        return reduce(partial(joined, lists=self.lists), parts)

    # ------------------------------------------------------------------ kinds

    @cached_property
    def kinds(self) -> tuple[Schema[Any], ...]:
        """The schemas of a union of objects, each with a name of its own; () for any other declaration.

        >>> from schemas.invoice import Invoice
        >>> from schemas.receipt import Receipt
        >>> [kind.name for kind in compile_schema(Receipt | Invoice).kinds]
        ['Receipt', 'Invoice']
        """
        if not self.tree.wrapped or not isinstance(self.declared.resolve(self.declared.root), Union):
            return ()
        branches = [compile_schema(branch, counts=self.counts) for branch in self.source.branches]
        objects = all(isinstance(each.declared.resolve(each.declared.root), Record) for each in branches)
        return tuple(branches) if objects and len({each.name for each in branches}) == len(branches) > 1 else ()

    def of_kind(self, name: str | None) -> Schema[Any]:
        """The schema of a kind of this union; this one where it has no kind of that name."""
        return next((kind for kind in self.kinds if kind.name == name), self)

    def by_kind(self, value: JSON) -> tuple[Schema[Any], JSON]:
        """The kind that declared JSON of this union is of, and the same JSON in the shape of that kind.

        It is the kind that the value names, or else the one with which least is wrong.
        """
        if not self.kinds or not isinstance(value, dict):
            return self, value
        tags = {tag: value[tag] for tag in self.source.tags if tag in value}

        def own(kind: Schema[Any]) -> JSON:
            return {name: each for name, each in value.items() if name not in tags or kind.field(f"/{name}")}

        kind = min(self.kinds, key=lambda kind: (kind.name not in tags.values(), len(kind.problems(own(kind)))))
        return kind, own(kind)

    # ------------------------------------------------------------------ lists that may grow

    @cached_property
    def lists(self) -> tuple[str, ...]:
        """The declared pointers of every list that may grow and is reached through objects alone, in declared order.

        Not among them are lists inside lists, lists below a union of several objects, lists of at most 20 items whose
        items hold no growing list, and sets of declared constants. `wire_path` tells where a list is on the wire; a
        root that is a list is `""` here and `"/value"` there.

            class Line(BaseModel):    sku: str; amount: Decimal
            class Invoice(BaseModel): number: str; lines: list[Line]; total: Decimal
            compile_schema(Invoice).lists       # ("/lines",)
            compile_schema(list[Line]).lists    # ("",)
        """
        return growing(self.tree)

    def excerpt(self) -> Excerpt:
        """This schema with nothing required, to ask about a part of a document."""
        return self._excerpt

    @cached_property
    def _excerpt(self) -> Excerpt:
        return Excerpt(self, loose(self.declared), loose=True)

    def rows(self, *, loose: bool = True) -> Excerpt | None:
        """The schema that asks for the `lists` alone, with their `_count` helpers; None where there are none.

        Its values are declared JSON with the lists, and the objects above them: `{"lines": [{"sku": ..}]}`; at the root
        a list. Each list is required on the wire, and [] where the part has none. `loose`: no field of a row is
        required, neither on the wire nor when it is validated.
        """
        return self._half(listed=True, loose=loose) if self.lists else None

    def document(self, *, loose: bool = True) -> Excerpt | None:
        """The schema that asks for everything but the `lists`; None where nothing is left.

        Its values are declared JSON without the lists, and without objects that hold nothing else:
        `{"number": .., "total": ..}`. `loose` as for `rows`; say False where the request shows the whole document.
        """
        return self._half(listed=False, loose=loose)

    def _half(self, *, listed: bool, loose: bool) -> Excerpt | None:
        if (listed, loose) not in self._halves:
            tree = half(self.declared, self.lists, listed=listed, loose=loose)
            self._halves[listed, loose] = None if tree is None else Excerpt(self, tree, loose=loose)
        return self._halves[listed, loose]

    @cached_property
    def shape(self) -> RowShape:
        """What a whole value is made of, as `row_shape` tells it of a row."""
        return value_shape(self.tree, self.tree.root)

    def row_shape(self, pointer: str) -> RowShape:
        """What a row of one of the `lists` is made of, to estimate how long it is when a model writes it.

        compile_schema(Invoice).row_shape("/lines")
        # RowShape(required={"text": 1, "number": 1}, optional={}, skeleton={"sku": "", "amount": ""})
        """
        steps = trace(self.tree, pointer)
        return row_shape(self.tree, steps[-1].node if steps else self.tree.root)


class Part(Schema[JSON]):
    """Some fields of a schema. Its answers are judged once they stand in the whole: patch, then validate there."""

    def __init__(self, whole: Schema[Any], paths: tuple[str, ...]) -> None:
        self.paths = paths
        super().__init__(Source(whole.name, whole.description), restricted(whole.declared, paths), counts=whole.counts)

    def patch(self, value: JSON, answer: JSON) -> JSON:
        """Declared JSON of the whole with this part's answer (declared JSON) put in its place."""
        return patch(value, answer, self.paths)


class Excerpt(Schema[JSON]):
    """A schema for some of what a whole declares, or for a part of a document; its values are declared JSON.

    They are judged by the whole, but what they need not state is not missing. What the whole declares and the excerpt
    did not ask for is left out of an answer; a name that nobody declared stays, and is judged.
    """

    def __init__(self, whole: Schema[Any], tree: Tree, *, loose: bool) -> None:
        self.whole = whole
        above = {""} | {path[:end] for path in whole.lists for end, mark in enumerate(path) if mark == "/"}
        judge = ExcerptSource(
            whole.source, asks=lambda path: self.field(path) is not None, within=above.__contains__, loose=loose
        )
        super().__init__(judge, tree, counts=whole.counts)

    @cached_property
    def _is_plain(self) -> bool:
        return False

    def unwrap(self, wire: JSON, *, exact: bool = False) -> Unwrapped:
        found = super().unwrap(wire, exact=exact)
        return replace(found, value=trimmed(found.value, self.whole.declared, self.declared))


@overload
def compile_schema(source: type[T], *, counts: bool = False) -> Schema[T]: ...
@overload
def compile_schema(source: Any, *, counts: bool = False) -> Schema[Any]: ...
def compile_schema(source: Any, *, counts: bool = False) -> Schema[Any]:
    """Compile a type that pydantic understands, or a JSON Schema document (a dict, draft 4 to 2020-12).

    The result is cached. `counts` asks the model how long each list of objects is. Raises SchemaError for what cannot
    be expressed, with the path and a remedy.

    >>> from extractor import compile_schema
    >>> from schemas.receipt import Receipt
    >>> compile_schema(Receipt).response_format["json_schema"]["name"]
    'Receipt'
    """
    if isinstance(source, Mapping):
        return _compile_text(to_text(source), counts)
    try:
        hash(source)
    except TypeError:
        return _compile(source, repr(source), counts)
    return _compile_cached(source, repr(source), counts)


def _compile(source: Any, spelt: str, counts: bool) -> Schema[Any]:
    """Compile a type. It is kept by its spelling too: `int | str` equals `str | int`, but their schemas differ."""
    declaration = TypeSource(source)
    return Schema(declaration, read(declaration.document, closed=True), counts=counts)


@lru_cache(maxsize=256)
def _compile_text(text: str, counts: bool) -> Schema[Any]:
    declaration = DocumentSource(normal(from_text(text)))
    return Schema(declaration, read(declaration.document), counts=counts)


_compile_cached = lru_cache(maxsize=256)(_compile)
