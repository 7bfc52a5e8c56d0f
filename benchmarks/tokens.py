"""How far the token estimate is from the model's own count, kind by kind, and how fast both are.

    python benchmarks/tokens.py FOLDER...

Cuts passages of about 1,000 tokens from the text files below the folders, and from made-up lists of what no prose
holds; counts them both ways; prints the error in per cent for each kind (a folder and a suffix) and MB/s. Needs the
extra `tokens`. Ends with 1 where a passage is under-counted by more than 5 %, letters drawn at random aside: those
are shown, and nobody writes them.
"""

from __future__ import annotations

import base64
import json
import lzma
import random
import string
import sys
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from time import process_time

from extractor.documents.discover import discover
from extractor.documents.text import decode
from extractor.errors import DocumentError
from extractor.text.tokens import encoder, estimate

TEXTUAL = {
    ".txt",
    ".md",
    ".html",
    ".htm",
    ".json",
    ".jsonl",
    ".csv",
    ".py",
    ".eml",
    ".rtf",
    ".xml",
    ".po",
    ".c",
    ".js",
    ".xz",
}
TOKENS = 1000
PASSAGES = 200  # of a kind
UNWRITTEN = ("made up: Han, any", "made up: Hangul, any", "made up: random letters")


def main(folders: list[str]) -> int:
    """Print the table; 1 where the promise is broken."""
    encode = encoder()
    if encode is None:
        raise SystemExit("benchmarks/tokens.py needs the model's vocabulary: pip install 'extractor-pipelines[tokens]'")

    def count(text: str) -> int:
        return len(encode(text))

    errors: dict[str, list[float]] = defaultdict(list)
    for kind, text in [*from_folders(folders), *made_up()]:
        for passage in passages(text, count):
            if len(errors[kind]) < PASSAGES:
                errors[kind].append(100 * (estimate(passage) / count(passage) - 1))
    print(f"{'kind':32} passages   least   mean    most   (estimate against the model's count, per cent)")
    for kind, found in sorted(errors.items()):
        if found:
            print(f"{kind:32} {len(found):8} {min(found):7.1f} {sum(found) / len(found):6.1f} {max(found):7.1f}")
    for name, counted in (("estimated", estimate), ("counted", count)):
        print(f"{speed(counted):.1f} MB of English prose {name} per second of CPU")
    return int(any(min(found) < -5 for kind, found in errors.items() if found and kind not in UNWRITTEN))


def from_folders(folders: list[str]) -> Iterator[tuple[str, str]]:
    for path, _ in discover(folders):
        if path.suffix.lower() in TEXTUAL:
            try:
                data = lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()
                yield f"{path.parent.parent.name}/{path.parent.name} {path.suffix}", decode(data).text
            except DocumentError as error:
                print(f"{path}: {error}", file=sys.stderr)


def passages(text: str, count: Callable[[str], int]) -> Iterator[str]:
    """Pieces of a little over 1,000 tokens, from all over the text."""
    total = count(text[:1_000_000])
    if total >= TOKENS:
        width = int(len(text[:1_000_000]) / total * TOKENS * 1.15)
        for start in range(0, len(text), max(width, len(text) // PASSAGES)):
            if count(piece := text[start : start + width]) >= TOKENS:
                yield piece


def made_up() -> Iterator[tuple[str, str]]:
    """Text that files of prose do not hold, the same at each run."""
    chance = random.Random(1)

    def lines(make: Callable[[], str], number: int = 4000, between: str = "\n") -> str:
        return between.join(make() for _ in range(number))

    def scattered(first: int, last: int) -> str:
        return "".join(chr(chance.randint(first, last)) for _ in range(20_000))

    yield "made up: UUIDs", lines(lambda: str(uuid.UUID(int=chance.getrandbits(128))))
    yield "made up: base64", base64.encodebytes(chance.randbytes(90_000)).decode()
    yield "made up: hexadecimal", chance.randbytes(60_000).hex()
    yield "made up: integers, CSV", lines(lambda: ",".join(str(chance.randint(0, 99999)) for _ in range(8)))
    yield "made up: decimals, TSV", lines(lambda: "\t".join(f"{chance.gauss(0, 99):.3f}" for _ in range(8)))
    rows = [
        {"id": chance.randint(1, 10**6), "ok": chance.random() < 0.5, "price": chance.random()} for _ in range(3000)
    ]
    yield "made up: JSON, compact", json.dumps(rows, separators=(",", ":"))
    yield "made up: JSON, indented", json.dumps(rows, indent=2)
    yield "made up: random letters", lines(lambda: "".join(chance.choices(string.ascii_letters, k=7)), 9000, " ")
    yield "made up: random printable", "".join(chance.choices(string.printable, k=40_000))
    yield "made up: emoji", scattered(0x1F300, 0x1F64F)
    yield "made up: Han, any", scattered(0x4E00, 0x9FFF)
    yield "made up: Hangul, any", scattered(0xAC00, 0xD7A3)


def speed(count: Callable[[str], int]) -> float:
    """MB/s, the best of three, on 2 MB of one English sentence after another."""
    text = "It was the habit of the house to read the accounts aloud, at six, before anybody dined.\n" * 23_000
    return len(text) / 1e6 / min(_timed(count, text) for _ in range(3))


def _timed(count: Callable[[str], int], text: str) -> float:
    started = process_time()
    count(text)
    return process_time() - started


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
