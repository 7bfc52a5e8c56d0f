"""What a finished document depends on, by value: two jobs with one identity give one result.

A record in the journal is used again only under the identity it was made with. When something else has changed, the
document is done again from the replies in the journal, which costs nothing unless the questions changed too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
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
    found = sha256()
    for piece in _pieces(things, {}):
        found.update(piece)
    return found.hexdigest()


def library_version() -> str:
    """The version of this library; "" in a checkout that was never installed."""
    try:
        return version("extractor-pipelines")
    except PackageNotFoundError:
        return ""


def _pieces(thing: Any, entered: dict[int, Any]) -> Iterator[bytes]:
    """What a value is hashed as. An object is entered once, so that cycles end."""
    yield _text(type(thing).__qualname__)
    if thing is None or isinstance(thing, str | bytes | int | float | complex | Path):
        yield _text(repr(thing))
    elif id(thing) not in entered:
        entered[id(thing)] = thing
        for part in _parts(thing):
            yield from _pieces(part, entered)


def _text(text: str) -> bytes:
    return f"{text}\0".encode("utf-8", "surrogatepass")


def _parts(thing: Any) -> Iterable[Any]:
    """The values that a value is made of."""
    match thing:
        case Mapping():
            return [part for item in sorted(thing.items(), key=repr) for part in item]
        case list() | tuple():
            return thing
        case set() | frozenset():
            return sorted(thing, key=repr)
        case partial():
            return thing.func, thing.args, thing.keywords
        case MethodType():
            return thing.__func__, thing.__self__
        case FunctionType():
            cells = [cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell)]
            defaults = thing.__defaults__, thing.__kwdefaults__
            return thing.__qualname__, thing.__code__, *defaults, cells, _file(thing)
        case CodeType():
            return thing.co_code, thing.co_names, thing.co_consts
        case type():
            return thing.__module__, thing.__qualname__, _file(thing)
    return get_args(thing), type(thing), *_state(thing)


def _state(thing: Any) -> Iterator[Any]:
    """What pickle would hold of an object, or else its attributes."""
    try:
        reducer = dispatch_table.get(type(thing))
        reduced = reducer(thing) if reducer else thing.__reduce_ex__(4)
    except TypeError:  # a lock, a connection
        reduced = getattr(thing, "__dict__", {})
    held = reduced[1:] if isinstance(reduced, tuple) else (reduced,)
    return (list(part) if isinstance(part, Iterator) else part for part in held)


def _file(thing: Any) -> bytes:
    """The whole file that defines a thing, for what it calls there; not for the standard library and packages."""
    with suppress(TypeError, OSError):
        file = Path(inspect.getsourcefile(thing) or "")
        if file.is_file() and "site-packages" not in file.parts:
            return file.read_bytes()
    return b""


def _is_filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
