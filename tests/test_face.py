"""The public face is written down, sorted, and light."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import extractor
from extractor import testing

ROOMS = Path(extractor.__file__).parent
MODULES = [
    ".".join(file.relative_to(ROOMS.parent).with_suffix("").parts)
    for file in ROOMS.rglob("*.py")
    if not file.name.startswith("__") and not {"ready", "airflow"} & set(file.relative_to(ROOMS).parts)
]


def test_every_public_name_is_there() -> None:
    """`__all__` is sorted, every name in it can be had, and says in its docstring what it is."""
    assert extractor.__all__ == sorted(extractor.__all__)
    assert set(extractor.__all__) == set(extractor._HOMES)
    assert [name for name in extractor.__all__ if not getattr(extractor, name).__doc__] == []


def test_what_tests_import_is_there() -> None:
    """The same holds for `extractor.testing`."""
    assert testing.__all__ == sorted(testing.__all__)
    assert set(testing.__all__) == set(testing._HOMES)
    assert [name for name in testing.__all__ if not getattr(testing, name).__doc__] == []
    page = (Path(__file__).parents[1] / "docs" / "api.md").read_text(encoding="utf-8")
    assert [name for name in testing.__all__ if f".{name}\n" not in page] == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_offers(module: str) -> None:
    """Each module has a docstring, and an `__all__` of names that it really has."""
    loaded = import_module(module)
    assert loaded.__doc__
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


def test_importing_is_light() -> None:
    """`import extractor` loads none of the libraries that it is built on."""
    heavy = "pydantic", "httpx", "orjson", "tenacity", "typer"
    code = f"import sys, extractor; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_rooms_keep_their_order() -> None:
    """A room imports only rooms below it, and httpx is imported in one place."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()"]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
