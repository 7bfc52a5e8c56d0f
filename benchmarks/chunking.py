"""Chunks per second, budgets passed and paragraphs parted, beside the chunkers that are installed.

    python benchmarks/chunking.py [FILE...] [--budget 2000]

Cuts each text (or 2 MB of made-up prose) with `extractor.split`, and with semchunk, chonkie, semantic-text-splitter
and langchain-text-splitters where they are installed: sized by characters, four to a token, and sized by the model's
own count where the extra `tokens` is. Prints MB per second of CPU, the share of chunks over the budget by the model's
count, and the share that ends at a blank line.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from time import process_time

from extractor.documents.text import decode
from extractor.text.split import split
from extractor.text.tokens import encoder

Cut = Callable[[str], Sequence[str]]
Count = Callable[[str], int]
WORDS = "the a house letter of and to was in that had with his her which as for at not but morning old said upon"
SLOW = 2_000_000  # characters for those that count tokens one by one


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--budget", type=int, default=2000)
    options = parser.parse_args()
    texts = [decode(path.read_bytes()).text for path in options.files] or [prose()]
    print(f"{'':44} {'MB/s':>8} {'over budget':>12} {'at a paragraph':>15}")
    for name, cut, slow in chunkers(options.budget):
        measure(name, cut, [text[:SLOW] if slow else text for text in texts], options.budget)


def measure(name: str, cut: Cut, texts: list[str], budget: int) -> None:
    best, pieces = float("inf"), []
    for _ in range(3):
        started = process_time()
        pieces = [cut(text) for text in texts]
        best = min(best, process_time() - started)
    chunks = [piece for found in pieces for piece in found[:-1]]
    count = exact_count()
    over = f"{sum(count(chunk) > budget for chunk in chunks) / len(chunks):11.1%}" if count else "unknown"
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{name:44} {size / best:8.1f} {over:>12} {paragraph_ends(texts, pieces):15.1%}")


def paragraph_ends(texts: list[str], pieces: list[Sequence[str]]) -> float:
    """The share of chunks that end at a blank line, white space at their edges left aside."""
    good = total = 0
    for text, found in zip(texts, pieces, strict=True):
        end = 0
        for piece in list(found)[:-1]:
            at = text.find(piece.strip()[-200:], end)
            if at >= 0:
                end = at + len(piece.strip()[-200:])
                space = text[end : end + len(text[end : end + 40]) - len(text[end : end + 40].lstrip())]
                good += space.count("\n") > 1
            total += 1
    return good / max(1, total)


def chunkers(budget: int) -> Iterator[tuple[str, Cut, bool]]:
    yield "extractor", lambda text: [chunk.text for chunk in split(text, budget)], False
    count = exact_count()
    for name, make in PEERS.items():
        try:
            yield f"{name}, by characters", make(len, 4 * budget), False
            if count:
                yield f"{name}, by the model's count", make(count, budget), True
        except ImportError:
            print(f"{name:44}  not installed")


def exact_count() -> Count | None:
    encode = encoder()
    return (lambda text: len(encode(text))) if encode else None


def semchunk(count: Count, size: int) -> Cut:
    return import_module("semchunk").chunkerify(count, size, memoize=False)  # type: ignore[no-any-return]


def chonkie(count: Count, size: int) -> Cut:
    library = import_module("chonkie")
    chunker = library.RecursiveChunker(tokenizer="character" if count is len else count, chunk_size=size)
    return lambda text: [chunk.text for chunk in chunker.chunk(text)]


def semantic_text_splitter(count: Count, size: int) -> Cut:
    library = import_module("semantic_text_splitter")
    splitter = library.TextSplitter(size) if count is len else library.TextSplitter.from_callback(count, size)
    return splitter.chunks  # type: ignore[no-any-return]


def langchain(count: Count, size: int) -> Cut:
    library = import_module("langchain_text_splitters")
    splitter = library.RecursiveCharacterTextSplitter(chunk_size=size, chunk_overlap=0, length_function=count)
    return splitter.split_text  # type: ignore[no-any-return]


PEERS: dict[str, Callable[[Count, int], Cut]] = {
    "semchunk": semchunk,
    "chonkie": chonkie,
    "semantic-text-splitter": semantic_text_splitter,
    "langchain-text-splitters": langchain,
}


def prose(size: int = 2_000_000) -> str:
    """Wrapped paragraphs of made-up sentences under numbered chapters, the same at each run."""
    chance = random.Random(1)
    words = WORDS.split()
    book, length = [], 0
    while length < size:
        sentences = [" ".join(chance.choices(words, k=chance.randint(5, 25))).capitalize() for _ in range(5)]
        text = ". ".join(sentences) + ".\n\n"
        book.append(f"CHAPTER {len(book) // 60 + 1}\n\n{text}" if len(book) % 60 == 0 else text)
        length += len(text)
    return "".join(book)


if __name__ == "__main__":
    main()
