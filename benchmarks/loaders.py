"""How many files of a folder end in text or in the one right error.

    python benchmarks/loaders.py FOLDER [FILE ...]

FOLDER holds gold.jsonl, a line each: {"file", "gold": {"format", "expect", "must_contain", "must_not_contain",
"password", "pages", "headers"}}, where `expect` is text, no_text, little_text, error, error_without_password, or
several of these joined by "_or_".
"""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections import Counter
from contextlib import suppress
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from typing import Any

from extractor import Document
from extractor.documents.load import load
from extractor.errors import DocumentError, ExtractorError

_WITHOUT_TEXT = {"encrypted", "empty", "no_text"}


def main() -> None:
    """Load every file, judge it, print the rates by format, and whatever fell short."""
    folder, *only = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for row in rows:
        if only and Path(row["file"]).name not in map(str, only):
            continue
        kind = row["gold"]["format"]
        start = time.perf_counter()
        outcome = _load(folder / row["file"], row["gold"].get("password"))
        spent[kind] += time.perf_counter() - start
        faults = _faults(folder / row["file"], outcome, row["gold"])
        wanting = _wanting(outcome, row["gold"]) if isinstance(outcome, Document) else []
        total[kind] += 1
        right[kind] += not faults
        whole[kind] += not faults and not wanting
        for note in [*faults, *(f"wanting {what}" for what in wanting)]:
            print(f"{row['file']}: {note}")
    print("format   ended right   nothing wanting   ms a file")
    for kind in [*total, "all"]:
        counts = [
            counter.total() if kind == "all" else counter[kind] for counter in (right, total, whole, total, spent)
        ]
        print("{:8} {:4} of {:4}   {:8} of {:4} {:11.1f}".format(kind, *counts[:4], 1000 * counts[4] / counts[1]))


def _faults(file: Path, outcome: Document | ExtractorError, gold: dict[str, Any]) -> list[str]:
    password, expect = gold.get("password"), gold["expect"]
    if password is None:
        return _judge(outcome, gold, expect)
    faults = _judge(outcome, gold, expect)
    locked = _load(file, None)
    if gold.get("needs_password", True) and not (isinstance(locked, DocumentError) and locked.kind == "encrypted"):
        faults.append(f"without its password: {locked}, not an error of kind encrypted")
    return faults


def _load(file: Path, password: str | None) -> Document | ExtractorError:
    try:
        return load(file, password=password)
    except ExtractorError as error:
        return error


def _judge(outcome: Document | ExtractorError, gold: dict[str, Any], expect: str) -> list[str]:
    if isinstance(outcome, ExtractorError):
        if not isinstance(outcome, DocumentError):
            return [f"not an error of the document: {outcome}"]
        allowed = "error" in expect or ("no_text" in expect and outcome.kind in _WITHOUT_TEXT)
        return [] if allowed else [f"{outcome.kind}: {outcome}"]
    if expect == "error":
        return [f"an error was expected, not {len(outcome.text)} characters"]
    if expect == "text" and not outcome.text.strip():
        return ["no text"]
    if gold.get("format") == "pdf" and gold.get("pages") and len(outcome.pages) != gold["pages"]:
        return [f"{len(outcome.pages)} pages, not {gold['pages']}"]
    return []


def _wanting(document: Document, gold: dict[str, Any]) -> list[str]:
    """Words, headers and attachments that the gold file knows of and the document lacks."""
    text = _plain(document.text)
    found = [f"the word {word!r}" for word in gold.get("must_contain") or () if _plain(word) not in text]
    found += [f"not {word!r}" for word in gold.get("must_not_contain") or () if _plain(word) in text]
    found += [f"attachment {name!r}" for name in gold.get("attachments") or () if name not in document.text]
    if "messages" not in document.metadata:
        for name, value in (gold.get("headers") or {}).items():
            if value and _header(name, value) != _header(name, str(document.metadata.get(name, ""))):
                found.append(f"{name} {value!r} ({document.metadata.get(name)!r})")
    return found


def _header(name: str, value: str) -> object:
    """What a header says, however it is written."""
    if name == "date":
        with suppress(ValueError):
            return parsedate_to_datetime(value)
    if name in ("from", "to"):
        return [(_plain(who).strip('"'), address) for who, address in getaddresses([value])]
    return _plain(value)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


if __name__ == "__main__":
    main()
