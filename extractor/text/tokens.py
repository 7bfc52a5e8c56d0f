"""How many tokens the model reads in a text: exact with the extra `tokens`, an estimate on the high side without it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate
from math import ceil
from threading import Lock

__all__ = ["TokenSums", "count_tokens", "encoder", "estimate"]

_PIECE = 1 << 18  # characters counted at a time: a list of tokens is far larger than its text
_BLOCK = 512  # characters at least between two sums of `TokenSums`
_SEAM = re.compile(r"\n(?=\S)|(?<=\S)(?= [^\W\d_])|[，。、；：？！](?=[\u4e00-\u9fff])")  # no token spans one of these
_FAR = 1 << 12  # characters without a seam, after which a cut that may cost a token is made
_loading = Lock()


def count_tokens(text: str) -> int:
    """The model's tokens for `text`: its own count where the extra `tokens` is installed, else `estimate(text)`.

    >>> from extractor import count_tokens
    >>> count_tokens("Hello, world!")
    4
    """
    count = _counter()
    return sum(map(count, _pieces(text, _PIECE)))


def estimate(text: str) -> int:
    """Tokens of `text` by plain rules, meant to be too high: by a tenth to a half, and by more on markup and code.

    Every match of a rule is a token. English, whose words the vocabulary mostly knows whole, is told from other
    languages by its commonest words, block by block. `benchmarks/tokens.py` measures the error kind by kind.
    """
    return sum(map(_estimate_block, _pieces(text, _BLOCK)))


class TokenSums:
    """A text counted once, so that the tokens of any stretch of it are known at once.

    The text is counted in blocks of lines; inside a block, tokens spread evenly over its characters. `total` is what
    the whole text has.
    """

    def __init__(self, text: str) -> None:
        count = _counter()
        pieces = list(_pieces(text, _BLOCK))
        self._starts = list(accumulate(map(len, pieces), initial=0))
        self._sums = list(accumulate(map(count, pieces), initial=0))
        self.total = self._sums[-1]

    def tokens(self, start: int, end: int) -> int:
        """Tokens of `text[start:end]`, give or take the share of the blocks that it begins and ends in."""
        return ceil(self.until(end) - self.until(start))

    def until(self, offset: int) -> float:
        """Tokens of `text[:offset]`."""
        return _interpolated(self._starts, self._sums, offset)

    def reach(self, start: int, tokens: float) -> int:
        """The offset that is `tokens` beyond `start`, before it where they are negative; the end of the text where
        there are fewer."""
        reached = int(_interpolated(self._sums, self._starts, max(0.0, self.until(start) + tokens)))
        return max(start, reached) if tokens >= 0 else min(start, reached)


def _interpolated(xs: list[int], ys: list[int], x: float) -> float:
    index = bisect_right(xs, x) - 1
    if index >= len(xs) - 1:
        return ys[-1]
    return ys[index] + (ys[index + 1] - ys[index]) * (x - xs[index]) / (xs[index + 1] - xs[index])


@cache
def encoder() -> Callable[[str], list[int]] | None:
    """What encodes a text as the model does; None without the extra `tokens`. The vocabulary is loaded once."""
    try:
        from splintr import Tokenizer
    except ImportError:
        return None
    with _loading:
        encode = Tokenizer.from_pretrained("kimi_k2").encode_ordinary
    return lambda text: list(encode(text.encode("utf-8", "replace").decode()))  # a lone surrogate is one `?`


@cache
def _counter() -> Callable[[str], int]:
    encode = encoder()
    return estimate if encode is None else lambda text: len(encode(text))


def _pieces(text: str, size: int) -> Iterator[str]:
    """The text in pieces of at least `size` characters whose counts add up to its own, or nearly."""
    start = 0
    while start < len(text):
        seam = _SEAM.search(text, start + size, start + size + _FAR)
        end = seam.end() if seam else min(len(text), start + size + _FAR)
        yield text[start:end]
        start = end


# The rules of the estimate: letters of words, then what costs the same in any language.
_OTHERS = (
    r"|\b[\u0400-\u052f]|[\u0400-\u052f]{1,2}"  # Cyrillic
    r"|\d{1,3}"
    r"|[^\W\d_A-Za-z\u0400-\u052f]|[\u0300-\u036f]"  # any other letter, and accents that stand by themselves
    r"|[\r\n\f\v]+|[ \t]{1,16}(?=[ \t])|[ \t](?=[\d\s가-힣一-鿿]|\Z)|\t"  # a single space joins the word after it
    r"|([^\w\s])\1{1,7}|[!-/:-@\[-`{-~]{1,2}|[^\w\s]|_{1,4}|[\x00-\x08\x0e-\x1f]"
)
_ENGLISH = re.compile(r"[A-Z]?[a-z]{1,6}|[A-Z]{1,2}" + _OTHERS)
_FOREIGN = re.compile(r"(?<![A-Za-z])(?:[A-Z][a-z]{1,2}|[a-z]{1,3})|[a-z]{1,2}|[A-Z]{1,2}" + _OTHERS)
_COMMON = re.compile(r"\b(?:the|and|that|this|with)\b", re.IGNORECASE)
_COMMON_EVERY = 128  # characters

# Scripts that the vocabulary spells in bytes: another token for each letter.
_SPELT = re.compile(
    r"[\u0700-\u08ff\u0b00-\u0b7f\u0d80-\u0dff\u0e80-\u0eff\u0f00-\u1dff\u2100-\u2dff\u3200-\u4dbf\ua000-\uabff"
    r"\ue000-\uf8ff]"
)
_WIDE = re.compile(r"[\U00010000-\U0010ffff]")  # emoji, old scripts: three more


def _estimate_block(text: str) -> int:
    english = len(_COMMON.findall(text)) * _COMMON_EVERY >= len(text)
    tokens = len((_ENGLISH if english else _FOREIGN).findall(text))
    return tokens if text.isascii() else tokens + len(_SPELT.findall(text)) + 3 * len(_WIDE.findall(text))
