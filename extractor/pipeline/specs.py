"""What people name on a command line or in a DAG becomes the thing itself: schemas and pipelines.

A SPEC is a ready-made name (`receipt`), `package.module:Name`, `path/to/file.py:Name` or a JSON Schema file.
A file or module without `:Name` says which one it means with `SCHEMA = ...` or `PIPELINE = ...`. Several schemas are
separated by commas (`receipt,invoice`): each document is of one of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, get_origin
from zlib import crc32

import orjson

from extractor.errors import UsageError
from extractor.schema.compiler import compile_schema
from extractor.schema.keywords import says_shape, types_of
from extractor.schema.sources import one_of

__all__ = ["lasting", "ready_made", "resolve", "resolve_pipeline", "resolve_schema"]


def ready_made() -> Path:
    """The folder that holds our `schemas`, `pipelines` and `samples`: inside the wheel, or the checkout's root."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "ready"
    return installed if installed.is_dir() else package.parent


def lasting(spec: str) -> str:
    """The same SPEC for use from any folder, where it names files."""
    return ",".join(map(_lasting, _several(spec)))


def _lasting(spec: str) -> str:
    place, _, name = spec.rpartition(":")
    if place.endswith(".py"):
        return f"{Path(place).absolute()}:{name}"
    return str(Path(spec).absolute()) if spec.endswith((".py", ".json")) else spec


def resolve_schema(spec: str) -> Any:
    """The type or JSON Schema that `spec` names; UsageError says what was looked for and where.

    >>> from extractor import resolve_schema
    >>> resolve_schema("receipt").__name__
    'Receipt'
    >>> resolve_schema("receipt,invoice").__args__[1].__name__
    'Invoice'
    """
    several = _several(spec)
    if len(several) > 1:
        found = [_titled(resolve_schema(each), Path(each).stem) for each in several]
        names = [compile_schema(each).name for each in found]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"two schemas of {spec!r} are named {twice}: a document is of one of them, so rename one")
        return one_of(found)
    if spec.endswith(".json"):
        return _json_schema(Path(spec))
    found = resolve(spec, kind="schemas", default="SCHEMA")
    if not (isinstance(found, type | Mapping) or get_origin(found)):
        raise UsageError(f"{spec!r} is {found!r}: name a pydantic model, another type, or a JSON Schema")
    return found


def _titled(schema: Any, title: str) -> Any:
    """A JSON Schema with a title, by which it is told from others."""
    return {"title": title, **schema} if isinstance(schema, Mapping) else schema


def _several(spec: str) -> list[str]:
    """The schemas of a SPEC; a file whose name has a comma in it is one."""
    return [spec] if Path(spec).exists() else [each.strip() for each in spec.split(",")]


def resolve_pipeline(spec: str) -> Any:
    """The object that a pipeline spec names; whether it is a Pipeline is for the caller to check.

    >>> from extractor import resolve_pipeline
    >>> type(resolve_pipeline("inbox")).__name__
    'Pipeline'
    """
    return resolve(spec, kind="pipelines", default="PIPELINE")


def resolve(spec: str, *, kind: str = "schemas", default: str = "SCHEMA") -> Any:
    """The object behind `spec`; `kind` is the folder of ready-made files that plain names refer to."""
    place, _, name = spec.rpartition(":")
    if not (place and name.isidentifier()):  # a plain name, a path, or a path with a drive letter
        place, name = spec, default
    return _attribute(_module(place, kind=kind, spec=spec), name, spec=spec)


def _module(place: str, *, kind: str, spec: str) -> ModuleType:
    if place.endswith(".py"):
        return _from_file(Path(place))
    ready = ready_made() / kind / f"{place}.py"
    if place.isidentifier() and ready.is_file():
        return _from_file(ready)
    if (":" in spec or "." in place) and not Path(spec).exists():
        return _from_import(place, spec=spec)
    declaring = re.compile(rf"^{kind[:-1].upper()}\b.*=", re.MULTILINE)
    files = sorted((ready_made() / kind).glob("[!_]*.py"))
    known = ", ".join(file.stem for file in files if declaring.search(file.read_text("utf-8")))
    wrong = f"{spec} is no {kind[:-1]}" if spec and Path(spec).exists() else f"no {kind[:-1]} {spec!r}"
    raise UsageError(
        f"{wrong}: name one of {known}, or give package.module:Name, path/to/file.py:Name"
        + (" or a JSON Schema file ending in .json" if kind == "schemas" else "")
    )


def _from_file(path: Path) -> ModuleType:
    """Import one file under a name of its own, so that it can never shadow an installed module."""
    if not path.is_file():
        raise UsageError(f"no file {path}: check the path")
    name = f"_extractor_{path.stem}_{crc32(str(path.resolve()).encode()):08x}"
    if name in sys.modules:
        return sys.modules[name]
    found = spec_from_file_location(name, path)
    assert found is not None
    assert found.loader is not None
    _see_here()
    module = sys.modules[name] = module_from_spec(found)
    try:
        found.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    return module


def _from_import(place: str, *, spec: str) -> ModuleType:
    """Import a module the way Python would from the folder one stands in."""
    _see_here()
    try:
        return import_module(place)
    except ModuleNotFoundError as error:
        file = "" if ":" in spec else "no such file, and "
        raise UsageError(
            f"{spec!r}: {file}no module {error.name!r}; install it or run from the folder that holds it"
        ) from error
    except Exception as error:
        raise UsageError(f"{spec!r} cannot be imported: {type(error).__name__}: {error}") from error


def _see_here() -> None:
    """Let imports find the modules of the folder that one stands in, as `python -m` does."""
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))


def _attribute(module: ModuleType, name: str, *, spec: str) -> Any:
    if hasattr(module, name):
        return getattr(module, name)
    offered = ", ".join(
        key
        for key, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and not key.startswith("_")
    )
    hint = "" if spec.endswith(f":{name}") else f"; say which with {spec}:NAME"
    raise UsageError(f"{spec!r}: {module.__file__} has no {name}; it has {offered or 'no classes'}{hint}")


def _json_schema(path: Path) -> Any:
    try:
        schema = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"no file {path}: check the path of the JSON Schema") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; check the path and its permissions") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is not a JSON Schema: {error}") from error
    if not isinstance(schema, dict):
        raise UsageError(f"{path} is not a JSON Schema: it holds a {type(schema).__name__}, not an object")
    if not (says_shape(schema) or types_of(schema)):
        raise UsageError(f"{path} is not a JSON Schema of anything: it has no type, no properties, no $ref")
    return schema
