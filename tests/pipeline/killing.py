"""A run over a folder of many formats that is stopped by signals again and again, and what must hold all the while."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from extractor.emulator.questions import Question
from extractor.emulator.server import Emulator
from extractor.pipeline.journal import Journal
from extractor.wire.values import Request
from tests.documents.making import paragraph, pdf, word

CONCURRENCY = 4

SCHEMA = '''
from pydantic import BaseModel


class Letter(BaseModel):
    """A letter that the text names."""

    number: str
    sender: str


class Letters(BaseModel):
    """All letters that the text names."""

    letters: list[Letter]
'''

_SENDERS = ("Ada", "Boole", "Cantor", "Dedekind", "Euler")
_FILLER = "The accounts were read aloud at six, before anybody dined, and nobody asked why. " * 12


def letters_of(body: Mapping[str, Any]) -> Any:
    """The answer of a model that finds every letter in the part asked about, and no other."""
    question = Question.of(body)
    found = re.findall(r"Letter No (\d+) from (\w+)", question.part_text)[question.from_item - 1 :]
    return {"letters_count": len(found), "letters": [{"number": number, "sender": sender} for number, sender in found]}


def write_mixed(folder: Path, *, documents: int, parts: int) -> dict[str, Any]:
    """Write so many short documents of seven formats, and a long one of about so many parts: their values by name."""
    folder.mkdir(parents=True)
    numbers = iter(range(1000, 10_000))
    values: dict[str, Any] = {}
    for index in range(documents):
        kind = ("txt", "md", "csv", "html", "eml", "docx", "pdf")[index % 7]
        some = [(str(next(numbers)), _SENDERS[(index + place) % 5]) for place in range(1 + index % 3)]
        (folder / f"{index:03}.{kind}").write_bytes(_file(kind, [f"Letter No {one} from {by}" for one, by in some]))
        values[f"{index:03}.{kind}"] = _value(some)
    long = [(str(next(numbers)), _SENDERS[place % 5]) for place in range(12 * parts)]
    text = "\n\n".join(f"Letter No {one} from {by}\n\n{_FILLER}" for one, by in long)
    (folder / "long.txt").write_text(text, encoding="utf-8")
    return {**values, "long.txt": _value(long)}


def _value(letters: list[tuple[str, str]]) -> dict[str, Any]:
    return {"letters": [{"number": number, "sender": sender} for number, sender in letters]}


def _file(kind: str, lines: list[str]) -> bytes:
    match kind:
        case "csv":
            return "\n".join(["day,entry", *(f"2024-03-17,{line}" for line in lines)]).encode()
        case "html":
            return "".join(["<h1>Post</h1>", *(f"<p>{line}</p>" for line in lines)]).encode()
        case "eml":
            return "\r\n".join(["From: ada@example.com", "Subject: Post", "", *lines, ""]).encode()
        case "docx":
            return word("".join(map(paragraph, lines)))
        case "pdf":
            return pdf([(72.0, 700.0 - 20 * row, line) for row, line in enumerate(lines)])
    return "\n\n".join(lines).encode()


@dataclass
class Killed:
    """One folder, its runs, and what was seen of them.

    `cap` is that of the runs from now on. `paid_twice` counts requests that were billed more than once.
    """

    home: Path
    emulator: Emulator
    values: Mapping[str, Any]
    cap: float
    stops: Counter[str] = field(default_factory=Counter)
    looks: int = 0

    @property
    def out(self) -> Path:
        return self.home / "out"

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start the run, or let it go on."""
        place = {"CLOUDFLARE_ACCOUNT_ID": self.emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": self.emulator.token}
        job = ["run", str(self.home / "in"), "--schema", f"{self.home}/letters.py:Letters", "--out", str(self.out)]
        limits = ["--max-cost", str(self.cap), "--max-output-tokens", "1000", "--view-tokens", "3000"]
        pace = ["--concurrency", str(CONCURRENCY), "--rpm", "100000"]
        return subprocess.Popen(
            [sys.executable, "-m", "extractor", *job, *limits, *pace, *words],
            env={**os.environ, **place, "EXTRACTOR_BASE_URL": self.emulator.base_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def stop(self, number: signal.Signals, *, answers: int | None = None, seconds: float = 0.0) -> int:
        """Start a run, send it a signal once so many more requests were answered, or after a time; its exit code."""
        since, stored = len(self.emulator.requests), self.stored()
        goal, late = self.emulator.served + (answers or 0), time.monotonic() + seconds
        with self.start() as process:
            while process.poll() is None and (self.emulator.served < goal if answers else time.monotonic() < late):
                time.sleep(0.002)
            process.send_signal(number)
            process.communicate()
        self.stops[number.name if process.returncode in (-number, 130) else f"exit {process.returncode}"] += 1
        self.check()
        assert not stored & set(self.keys(since)), "an answer that the journal holds was asked for again"
        return process.returncode

    def finish(self) -> tuple[int, str]:
        """Let a run come to its end: the exit code, and what it printed as errors."""
        with self.start() as process:
            output = process.communicate()[1]
        self.check()
        return process.returncode, output

    def keys(self, since: int = 0, *, billed: bool = False) -> list[str]:
        """The keys of the requests that came, or of those that were answered and billed."""
        requests = self.emulator.requests[since:]
        return [Request(one.body, model=self.emulator.model).key for one in requests if one.usage or not billed]

    def stored(self) -> set[str]:
        """The keys of the requests whose answers the journal holds."""
        if not (self.out / "journal.sqlite").exists():
            return set()
        journal = Journal(self.out / "journal.sqlite")
        try:
            return {key for key in set(self.keys()) if journal.get(key) is not None}
        finally:
            journal.close()

    def rows(self) -> list[dict[str, Any]]:
        """The lines of records.jsonl, each of which must be whole."""
        path = self.out / "records.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def check(self) -> None:
        """What holds after every stop: files are whole, no document is twice, none is wrong, and the cap holds."""
        self.looks += 1
        rows = self.rows()
        names = [row["document"] for row in rows]
        assert len(names) == len(set(names)), "a document is written twice"
        assert all(row["value"] == self.values[row["document"]] for row in rows if row["status"] == "ok")
        if (self.out / "run.json").exists():
            json.loads((self.out / "run.json").read_text("utf-8"))
        assert (self.emulator.usage.cost_usd or 0.0) <= self.cap, "more was billed than the cap"

    def paid_twice(self) -> int:
        """How many answers were billed beyond the first of their request."""
        billed = self.keys(billed=True)
        return len(billed) - len(set(billed))

    def check_end(self) -> None:
        """What holds at the end of a run: every document once, right, and paid once, except for what was in flight."""
        rows = self.rows()
        assert {row["document"]: row["value"] for row in rows} == self.values
        assert {row["status"] for row in rows} == {"ok"}
        assert self.paid_twice() <= CONCURRENCY * sum(self.stops.values())
        ledger = json.loads((self.out / "run.json").read_text("utf-8"))["ledger"]
        billed = self.emulator.usage.cost_usd or 0.0
        assert billed <= ledger["spent_usd"] + ledger["perhaps_usd"] + 1e-9 <= self.cap + 2e-9


def begin(home: Path, emulator: Emulator, *, documents: int, parts: int, cap: float) -> Killed:
    """Write the folder and its schema."""
    values = write_mixed(home / "in", documents=documents, parts=parts)
    (home / "letters.py").write_text(SCHEMA)
    return Killed(home, emulator, values, cap)


def moments(seed: int) -> Iterator[dict[str, Any]]:
    """When to stop a run: after some answers for the most part, or a time after its start."""
    draw = random.Random(seed)
    while True:
        yield {"answers": draw.choice([1, 1, 2, 3])} if draw.random() < 0.7 else {"seconds": draw.uniform(0.0, 1.5)}
