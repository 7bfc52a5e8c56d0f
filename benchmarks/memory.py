"""The most memory that a whole run takes: of one very long document of several kinds, and of many short ones.

    python benchmarks/memory.py [MEGABYTES] [DOCUMENTS]

The emulator, in a process of its own, finds in each request the numbered letters that its text speaks of; each run, in
a process of its own, reads, cuts, asks, merges, grounds and writes. Prints the peak of resident memory, and how much of
it was there before the run began: the interpreter and the library.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from extractor import Pipeline
from extractor.emulator.server import Emulator
from extractor.pipeline.config import Config

PARAGRAPH = 40_000  # characters of each piece that speaks of one letter
PROSE = "It was the habit of the house to read the accounts aloud at six, before anybody dined; nobody asked why. "
ACCENTED = "C'était l'usage de la maison de lire les comptes à haute voix, à six heures, avant le dîner; « pourquoi? » "
RUSSIAN = "По обычаю дома счета читали вслух в шесть часов, прежде чем садились обедать; никто не спрашивал. "
CHINESE = "按照这家的习惯，每天六点，在用晚餐之前，要把账目大声念一遍；从来没有人问过为什么要这样做。"
ROW = "2024-03-17,Boiler service,{0},19.99,EUR,paid\n"


class Letter(BaseModel):
    """A letter that the text names by its number."""

    number: str


class Letters(BaseModel):
    """All letters."""

    letters: list[Letter]


def paragraphs(sentence: str) -> Callable[[int], str]:
    def make(number: int) -> str:
        body = "\n".join([sentence * 5] * (PARAGRAPH // (5 * len(sentence))))
        return f"Letter No {number:06}\n\n{body}\n\n"

    return make


def rows(number: int) -> str:
    return "".join(ROW.format(row) for row in range(900)) + f"2024-03-17,Letter No {number:06},1,1.00,EUR,open\n"


KINDS: dict[str, Callable[[int], str]] = {
    "ASCII prose": paragraphs(PROSE),
    "CSV": rows,
    "French": paragraphs(ACCENTED.replace("’", "'")),
    "English, curly quotes": paragraphs(PROSE.replace("aloud", "\u201caloud\u201d")),
    "Russian": paragraphs(RUSSIAN),
    "Chinese": paragraphs(CHINESE),
}


def main(megabytes: int = 100, documents: int = 2000) -> None:
    """Print the table."""
    print(f"{'':34} {'peak MB':>8} {'before':>7} {'letters':>8} {'status':>8}")
    with tempfile.TemporaryDirectory() as folder, server() as where:
        for name, make in KINDS.items():
            source = Path(folder) / ("long.csv" if make is rows else "long.txt")
            written = write(source, make, megabytes * 1_000_000)
            show(f"one of {megabytes} MB, {name}", run(source, Path(folder) / name, where), written)
        for number in range(documents):
            (Path(folder) / "many").mkdir(exist_ok=True)
            (Path(folder) / "many" / f"{number}.txt").write_text(f"Letter No {number:06}\n{PROSE * 9}")
        show(f"{documents:,} of 1 KB", run(Path(folder) / "many", Path(folder) / "out", where), documents)


def show(name: str, result: Mapping[str, Any], letters: int) -> None:
    print(f"{name:34} {result['peak']:8.0f} {result['before']:7.0f} {result['found']:>8} {result['status']:>8}")
    if result["found"] != letters:
        print(f"    {letters} letters were there")


def write(path: Path, make: Callable[[int], str], size: int) -> int:
    """Write a file of about `size` bytes; tells how many letters it names."""
    written = number = 0
    with path.open("wb") as file:
        while written < size:
            written += file.write(make(number).encode())
            number += 1
    return number


def run(source: Path, out: Path, where: Mapping[str, str]) -> Mapping[str, Any]:
    """One run in a process of its own."""
    command = [sys.executable, __file__, "run", str(source), str(out), json.dumps(dict(where))]
    result: Mapping[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return result


def run_here(source: str, out: str, where: str) -> None:
    before = peak()
    totals = Pipeline(Letters, source, config=Config(rpm=None, **json.loads(where))).run(out)
    status = "ok" if totals.whole else "not ok"
    print(json.dumps({"before": before, "peak": peak(), "found": totals.values, "status": status}))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


@contextmanager
def server() -> Iterator[Mapping[str, str]]:
    """Where the emulator listens, and as whom to ask it."""
    with subprocess.Popen([sys.executable, __file__, "serve"], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


def serve() -> None:
    with Emulator(letters_of) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        print(json.dumps(where), flush=True)
        sys.stdin.read()


def letters_of(body: Mapping[str, Any]) -> Any:
    text = body["messages"][-1]["content"]
    found = re.findall(r"Letter No (\d{6})", text)
    return {"letters_count": len(found), "letters": [{"number": number} for number in found]}


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["run", source, out, where]:
            run_here(source, out, where)
        case sizes:
            main(*map(int, sizes))
