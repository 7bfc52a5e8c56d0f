"""What a finished document depends on, by value: two jobs with one identity give one result.

A record in the journal is used again only under the identity it was made with. When something else has changed, the
document is done again from the replies in the journal, which costs nothing unless the questions changed too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copyreg import dispatch_table
from functools import partial
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import CodeType, FunctionType, MethodType
from typing import Any, get_args

__all__ = ["digest", "library_version"]


def digest(*things: Any) -> str:
    """The same for things that are the same by value: functions by their code, defaults and enclosed values, partials
    and objects by what they hold, and the files that define them.

        digest(partial(redact, pattern="x")) != digest(partial(redact, pattern="y"))
    """
    found = _Digest()
    for thing in things:
        found.add(thing)
    return found.hash.hexdigest()


def library_version() -> str:
    """The version of this library; "" in a checkout that was never installed."""
    try:
        return version("extractor-pipelines")
    except PackageNotFoundError:
        return ""


class _Digest:
    """One walk over values. An object is entered once, so that cycles end.

    Other versions of the library hash the same bytes: what an earlier one finished is not done again.
    """

    def __init__(self) -> None:
        self.hash = sha256()
        self._entered = dict[int, Any]()

    def add(self, thing: Any) -> None:
        """Take in one value."""
        self._say(type(thing).__qualname__)
        if thing is None or isinstance(thing, str | bytes | int | float | complex | Path):
            self._say(repr(thing))
        elif id(thing) not in self._entered:
            self._entered[id(thing)] = thing  # which keeps it, and so no other one has its id
            self._enter(thing)

    def _say(self, text: str) -> None:
        self.hash.update(f"{text}\0".encode("utf-8", "surrogatepass"))

    def _enter(self, thing: Any) -> None:
        match thing:
            case Mapping():
                self._add_all(part for item in sorted(thing.items(), key=repr) for part in item)
            case list() | tuple():
                self._add_all(thing)
            case set() | frozenset():
                self._add_all(sorted(thing, key=repr))
            case partial():
                self._add_all((thing.func, thing.args, thing.keywords))
            case MethodType():
                self._add_all((thing.__func__, thing.__self__))
            case FunctionType():
                self._function(thing)
            case CodeType():
                self._code(thing)
            case type():
                self._say(f"{thing.__module__}.{thing.__qualname__}")
                self._file(thing)
            case _:
                self._object(thing)

    def _add_all(self, things: Any) -> None:
        for thing in things:
            self.add(thing)

    def _function(self, function: FunctionType) -> None:
        self._say(function.__qualname__)
        cells = [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
        self._add_all((function.__code__, function.__defaults__, function.__kwdefaults__, cells))
        self._file(function)

    def _code(self, code: CodeType) -> None:
        self.hash.update(code.co_code)
        self._add_all((code.co_names, code.co_consts))

    def _object(self, thing: Any) -> None:
        """An object by what pickle would hold of it, or else by its attributes."""
        self._add_all(get_args(thing))
        self.add(type(thing))
        try:
            reducer = dispatch_table.get(type(thing))
            reduced = reducer(thing) if reducer else thing.__reduce_ex__(4)
        except TypeError:  # a lock, a connection
            reduced = getattr(thing, "__dict__", {})
        held = reduced[1:] if isinstance(reduced, tuple) else (reduced,)
        self._add_all(list(part) if isinstance(part, Iterator) else part for part in held)

    def _file(self, thing: Any) -> None:
        """The whole file that defines a thing, for what it calls there; not for the standard library and packages."""
        with suppress(TypeError, OSError):
            file = Path(inspect.getsourcefile(thing) or "")
            if file.is_file() and "site-packages" not in file.parts:
                self.hash.update(file.read_bytes())


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
