"""The public face is written down, sorted, and light."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import pytest

import extractor
from extractor import errors, testing
from extractor.pipeline.config import ConfigOptions

ROOMS = Path(extractor.__file__).parent
MODULES = [
    ".".join(file.relative_to(ROOMS.parent).with_suffix("").parts)
    for file in ROOMS.rglob("*.py")
    if not file.name.startswith("__") and not {"ready", "airflow"} & set(file.relative_to(ROOMS).parts)
]


def test_every_public_name_is_there() -> None:
    """`__all__` is sorted, every name in it can be had, and says in its docstring what it is."""
    assert extractor.__all__ == sorted(extractor.__all__)
    assert {*extractor.__all__, "Emulator", "Telemetry"} == set(extractor._HOMES)
    assert [name for name in extractor._HOMES if name != "Stage" and not getattr(extractor, name).__doc__] == []


def test_every_error_is_public() -> None:
    """What `extract` raises can be imported from the top, whichever error it is."""
    classes = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    raised = {name for name, value in classes.items() if issubclass(value, errors.ExtractorError)}
    assert raised - set(extractor.__all__) == set()


@pytest.mark.parametrize("face", [extractor.Extractor, extractor.AsyncExtractor])
def test_help_explains_every_argument(face: type[extractor.Extractor]) -> None:
    """The signature lists the fields of Config with their defaults, and the docstring says what each is."""
    names = [field.name for field in fields(extractor.Config)]
    assert list(signature(face).parameters) == ["config", *names]
    explained = re.findall(r"^    ([a-z_, ]+):", face.__doc__ or "", re.MULTILINE)
    assert {name for line in explained for name in line.split(", ")} == set(names)
    assert ConfigOptions.__optional_keys__ == set(names)


def test_an_extractor_has_a_config() -> None:
    """Keyword arguments replace parts of it, and a copy by pickle has the same."""
    extractor_ = extractor.Extractor(extractor.Config(max_cost=1.0, rpm=5), rpm=7)
    assert extractor_.config == extractor.Config(max_cost=1.0, rpm=7)
    assert pickle.loads(pickle.dumps(extractor_)).config == extractor_.config


LONG = "word " * 10_000
REPRS = {
    "Extractor(model='local', max_cost=1.0)": extractor.Extractor(model="local", max_cost=1.0, token="secret"),
    "Config()": extractor.Config(),
    "Config(options=Options(seed=7))": extractor.Config(options=extractor.Options(seed=7)),
    "<Document 'a.txt': 50,000 characters>": extractor.Document.from_text(LONG, name="a.txt"),
    "<Result 'a.txt': ok, 1 value, 0 problems, $0.00>": extractor.Result(
        document="a.txt", sha256="", status="ok", value=LONG, data=LONG, evidence={"": ()}
    ),
    "Partial('word word wo...rd word word ', result=None)": extractor.Partial(LONG),
}


@pytest.mark.parametrize(("text", "value"), REPRS.items(), ids=[type(value).__name__ for value in REPRS.values()])
def test_reprs_are_short(text: str, value: object) -> None:
    """A repr fits a line of a log, whatever the value holds, and shows no secret."""
    assert repr(value) == text


def test_the_version_is_that_of_the_distribution() -> None:
    """`extractor.__version__` is what is installed."""
    assert extractor.__version__ == version("extractor-pipelines")


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
