"""Time to find where values stand in a text, side by side with langextract's aligner where that is installed.

    python benchmarks/grounding.py [--values 500] [--chars 1000000]

The text is prose of made-up words with names, amounts and dates planted in it; each value is two to five words of
it, an amount or a date, all of them said in another way than the text does in one case of four. Told are the CPU
seconds of one call, the share of values placed and the share placed where they were taken from; then the same for
values that are nowhere, and for values with a wrong letter.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from extractor.extraction.ground import ground

Planted = tuple[str, int]
"""A value, and where it was taken from."""
Placed = list[int | None]
"""Where each value was placed, or None."""


def make(chars: int, count: int, seed: int = 7) -> tuple[str, list[Planted]]:
    """A text, and values with their places in it."""
    draw = random.Random(seed)
    lexicon = ["".join(draw.choices("aeioulnrstmdkp", k=draw.randint(2, 10))) for _ in range(9000)]
    words, length = [], 0
    while length < chars:
        word = draw.choice(lexicon) if draw.random() > 0.03 else f"{draw.randint(1, 99_999) / 100:,.2f}"
        words.append(word.title() if draw.random() < 0.1 else word)
        length += len(word) + 1
    starts = [0]
    for word in words:
        starts.append(starts[-1] + len(word) + 1)
    chosen = sorted(draw.sample(range(0, len(words) - 6, 6), count))  # no two of them overlap
    sizes = [draw.randint(2, 5) for _ in chosen]
    values = [" ".join(words[first : first + size]) for first, size in zip(chosen, sizes, strict=True)]
    stated = [value.upper() if number % 4 == 0 else value for number, value in enumerate(values)]
    return " ".join(words), list(zip(stated, (starts[first] for first in chosen), strict=True))


def ours(text: str, values: Sequence[str]) -> Placed:
    """Places by this library, all values as one list of records."""
    evidence = ground({"rows": [{"value": value} for value in values]}, text)
    return [spans[0].start if spans else None for spans in evidence.values()]


def langextract(text: str, values: Sequence[str]) -> Placed:
    """Places by langextract's aligner, all values as one group."""
    from langextract.core.data import Extraction
    from langextract.resolver import WordAligner

    extractions = [Extraction(extraction_class="value", extraction_text=value) for value in values]
    groups = WordAligner().align_extractions([extractions], text)
    placed = {id(one): one.char_interval.start_pos for group in groups for one in group if one.char_interval}
    return [placed.get(id(one)) for one in extractions]


def tell(name: str, find: Callable[[str, Sequence[str]], Placed], text: str, planted: Sequence[Planted]) -> None:
    """One line for one finder: CPU seconds, and what became of the values."""
    begin = time.process_time()
    placed = find(text, [value for value, _ in planted])
    seconds = time.process_time() - begin
    found = sum(place is not None for place in placed) / len(planted)
    right = sum(place == start for place, (_, start) in zip(placed, planted, strict=True)) / len(planted)
    print(f"{name:24}{seconds:9.3f} s{found:9.1%} placed{right:9.1%} at their source")


def main() -> None:
    """Measure what is installed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--values", type=int, default=500)
    parser.add_argument("--chars", type=int, default=1_000_000)
    options = parser.parse_args()
    text, planted = make(options.chars, options.values)
    missing = [(value[::-1], start) for value, start in planted]
    wrong = [(f"{value[: len(value) // 2]}q{value[len(value) // 2 + 1 :]}", start) for value, start in planted]
    tell("extractor", ours, text, planted)
    tell("  nowhere in the text", ours, text, missing)
    tell("  with a wrong letter", ours, text, wrong)
    if find_spec("langextract"):
        tell("langextract", langextract, text, planted)


if __name__ == "__main__":
    main()
