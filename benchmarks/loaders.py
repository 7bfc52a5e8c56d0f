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
from pathlib import Path
from typing import Any

from extractor import Document
from extractor.documents.load import load
from extractor.errors import DocumentError, ExtractorError

_WITHOUT_TEXT = {"encrypted", "empty", "no_text"}


def main() -> None:
    """Load every file, judge it, print the rates by format and each failure."""
    folder, *only = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in (folder / "gold.jsonl").read_text("utf-8").splitlines()]
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for row in rows:
        if only and Path(row["file"]).name not in map(str, only):
            continue
        kind = row["gold"]["format"]
        start = time.perf_counter()
        faults = _faults(folder / row["file"], row["gold"])
        spent[kind] += time.perf_counter() - start
        total[kind] += 1
        right[kind] += not faults
        for fault in faults:
            print(f"{row['file']}: {fault}")
    for kind in total:
        print(f"{kind:6} {right[kind]:4} of {total[kind]:4}   {1000 * spent[kind] / total[kind]:7.1f} ms a file")
    print(f"{'all':6} {right.total():4} of {total.total():4}   {1000 * spent.total() / total.total():7.1f} ms a file")


def _faults(file: Path, gold: dict[str, Any]) -> list[str]:
    password, expect = gold.get("password"), gold["expect"]
    if password is None:
        return _judge(_load(file, None), gold, expect)
    faults = _judge(_load(file, password), gold, "text" if expect == "error_without_password" else expect)
    if gold.get("needs_password", True):
        outcome = _load(file, None)
        if not isinstance(outcome, DocumentError) or outcome.kind != "encrypted":
            faults.append(f"without its password: {outcome}, not an error of kind encrypted")
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
    return list(_missing(outcome, gold)) if "text" in expect and expect != "no_text" else []


def _missing(document: Document, gold: dict[str, Any]) -> list[str]:
    text = _plain(document.text)
    faults = [f"{word!r} is missing" for word in gold.get("must_contain") or () if _plain(word) not in text]
    faults += [f"{word!r} is there" for word in gold.get("must_not_contain") or () if _plain(word) in text]
    if gold.get("format") == "pdf" and gold.get("pages") and len(document.pages) != gold["pages"]:
        faults.append(f"{len(document.pages)} pages, not {gold['pages']}")
    for name, value in (gold.get("headers") or {}).items():
        found = str(document.metadata.get(name, ""))
        if value and "messages" not in document.metadata and _plain(value) != _plain(found):
            faults.append(f"{name} is {found!r}, not {value!r}")
    faults += [f"attachment {name!r} is missing" for name in gold.get("attachments") or () if name not in document.text]
    return faults


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


if __name__ == "__main__":
    main()
