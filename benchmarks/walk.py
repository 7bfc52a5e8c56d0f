"""How much of our code one call walks through: functions, calls and files, by room.

    python benchmarks/walk.py [--names]

Two walks, each the second of its kind in this process, so that nothing is compiled or opened in them: the receipt of
`Extractor.extract`, and a document of a `Pipeline` over a folder of two. The server answers from a process of its own.

What counts is what Python enters in files of the package, in whatever thread: functions and methods, once by their
name and once for each call. Comprehensions, generator expressions, class bodies, code that dataclasses write, and the
further steps of a generator are no calls. `--names` lists the functions.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import orjson
from caller import server

import extractor
from extractor import Extractor, Pipeline
from schemas.receipt import Receipt

ROOT = Path(extractor.__file__).parent
SAMPLES = Path(__file__).parent.parent / "samples" / "receipts"
GOLD = orjson.loads(SAMPLES.joinpath("gold.jsonl").read_bytes().splitlines()[0])
_NO_FUNCTIONS = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>", "<module>")
_RESUME_AT_START = 0

Calls = Counter[CodeType]


@contextmanager
def counted() -> Iterator[Calls]:
    """The calls of our functions, counted as they are entered, in this thread and in those that begin in here."""
    calls: Calls = Counter()
    inside = f"{ROOT}{os.sep}"

    def hear(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event != "call" or code.co_name in _NO_FUNCTIONS or not code.co_filename.startswith(inside):
            return
        if code.co_code[frame.f_lasti + 1] & 3 == _RESUME_AT_START:  # not where a generator goes on
            calls[code] += 1

    threading.setprofile(hear)
    sys.setprofile(hear)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def receipt() -> Calls:
    """The second of two calls of `extract` for the text of a receipt."""
    text = SAMPLES.joinpath(GOLD["document"]).read_text()
    with counted() as calls, Extractor() as extracting:
        for _ in range(2):
            calls.clear()
            result = extracting.extract(Receipt, text)
        walked = Counter(calls)
    assert result.status == "ok", result.problems
    return walked


def document() -> Calls:
    """What a folder of three documents walks more than one of two."""
    walks = [_folder(number) for number in (2, 2, 3)]
    return walks[2] - walks[1]


def _folder(number: int) -> Calls:
    text = SAMPLES.joinpath(GOLD["document"]).read_text()
    with tempfile.TemporaryDirectory() as root, counted() as calls:
        folder = Path(root, "in")
        folder.mkdir()
        for index in range(number):
            folder.joinpath(f"{index}.txt").write_text(f"{text}\nCopy {index}")
        run = Pipeline(Receipt, folder).run(Path(root, "out"))
        walked = Counter(calls)
    assert run.ok == number, run
    return walked


def room_of(code: CodeType) -> str:
    """The folder of a function's file, or the file itself where it is in none."""
    return Path(code.co_filename).relative_to(ROOT).parts[0].removesuffix(".py")


def report(walked: Calls, *, names: bool) -> None:
    rooms: dict[str, list[CodeType]] = {}
    for code in walked:
        rooms.setdefault(room_of(code), []).append(code)
    print(f"{'room':<14}{'functions':>10}{'calls':>8}{'files':>7}")
    for room, codes in sorted(rooms.items()):
        _line(room, codes, walked)
    _line("all", list(walked), walked)
    for code in sorted(walked, key=lambda each: (each.co_filename, each.co_firstlineno)) if names else ():
        place = Path(code.co_filename).relative_to(ROOT)
        print(f"{walked[code]:>6}  {place}:{code.co_firstlineno} {code.co_qualname}")


def _line(name: str, codes: list[CodeType], walked: Calls) -> None:
    calls, files = sum(walked[code] for code in codes), len({code.co_filename for code in codes})
    print(f"{name:<14}{len(codes):>10}{calls:>8}{files:>7}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--names", action="store_true")
    arguments = parser.parse_args()
    with server(GOLD["value"]) as root:
        os.environ |= {"EXTRACTOR_BASE_URL": root, "CLOUDFLARE_ACCOUNT_ID": "account", "CLOUDFLARE_AUTH_TOKEN": "token"}
        walks: dict[str, Callable[[], Calls]] = {"a receipt, warm": receipt, "a document more in a folder": document}
        for title, walk in walks.items():
            print(f"\n{title}")
            report(walk(), names=arguments.names)


if __name__ == "__main__":
    main()
