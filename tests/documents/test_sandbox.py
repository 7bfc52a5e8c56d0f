"""Parsers run in processes of their own, and what happens to those happens to one document."""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from extractor.documents.load import load
from extractor.documents.readers import read
from extractor.documents.sandbox import harmless
from extractor.documents.source import Limits, Source
from extractor.errors import DocumentError
from tests.documents.making import loaded, pdf

_PAGE = [(72.0, 700.0 - 8 * line, "words " * 15) for line in range(80)]


def _text_of(path: Path) -> str:
    return load(path).text


def test_a_parser_over_its_time_is_stopped(tmp_path: Path) -> None:
    """The file that takes too long is told so, and the next one is read as ever."""
    with pytest.raises(DocumentError, match=r"took over 0\.2 seconds") as caught:
        loaded(tmp_path, "long.pdf", pdf(_PAGE * 100), limits=Limits(seconds=0.2))
    assert caught.value.kind == "timeout"
    assert loaded(tmp_path, "short.pdf", pdf([(72, 700, "Total 42")])).text.strip() == "Total 42"


def test_a_parser_counts_its_pages_as_it_goes() -> None:
    """Each page that is done is a sign of life, and starts the time of the next."""
    signs: list[int] = []
    source = Source(name="a.pdf", step=lambda: signs.append(1))
    assert len(read(pdf(*[_PAGE[:2]] * 7), source).pages) == len(signs) == 7


def test_a_parser_over_its_memory_is_stopped(tmp_path: Path) -> None:
    """The file that takes too much memory harms itself alone."""
    header = b"II*\0\x08\0\0\0"
    fields = [(256, 4, 1, 40_000), (257, 4, 1, 4_000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 200)]
    fields += [(277, 3, 1, 1), (278, 4, 1, 4_000), (279, 4, 1, 160_000_000)]
    entries = b"".join(
        tag.to_bytes(2, "little")
        + kind.to_bytes(2, "little")
        + count.to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, kind, count, value in fields
    )
    picture = header + len(fields).to_bytes(2, "little") + entries + bytes(4)
    with pytest.raises(DocumentError) as caught:
        loaded(tmp_path, "a.tif", picture.ljust(300, b"\0"), limits=Limits(memory=200 << 20))
    assert caught.value.kind in ("too_large", "damaged")
    assert loaded(tmp_path, "short.pdf", pdf([(72, 700, "Total 42")])).text.strip() == "Total 42"


def test_threads_read_at_once(tmp_path: Path) -> None:
    """Every thread gets the text of its own file."""
    paths = [tmp_path / f"{number}.pdf" for number in range(24)]
    for number, path in enumerate(paths):
        path.write_bytes(pdf([(72, 700, f"Total {number}")]))
    with ThreadPoolExecutor(8) as pool:
        assert [text.strip() for text in pool.map(_text_of, paths)] == [f"Total {number}" for number in range(24)]


def test_an_event_loop_reads_in_threads(tmp_path: Path) -> None:
    """`asyncio.to_thread` is all that asynchronous code needs."""
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([(72, 700, "Total 42")]))

    async def both() -> list[str]:
        return await asyncio.gather(*(asyncio.to_thread(_text_of, path) for _ in range(4)))

    assert {text.strip() for text in asyncio.run(both())} == {"Total 42"}


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_process_starts_parsers_of_its_own(tmp_path: Path) -> None:
    """Parent and child never share a parser, so neither reads the other's answer."""
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([(72, 700, "Total 42")]))
    expected = _text_of(path)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_text_of, [path] * 8) == [expected] * 8
    assert _text_of(path) == expected


def test_parsers_are_told_no_secrets() -> None:
    """Whatever a file makes of its parser, there are no credentials to be had."""
    environment = {"PATH": "/bin", "CLOUDFLARE_AUTH_TOKEN": "x", "AWS_SECRET_ACCESS": "x", "OPENAI_API_KEY": "x"}
    assert harmless(environment) == {"PATH": "/bin"}
