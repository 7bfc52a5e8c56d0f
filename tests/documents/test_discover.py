"""Which files a run takes in, under which names, in which order."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractor.documents.discover import discover
from extractor.documents.names import name_of, path_of
from extractor.errors import UsageError


def lay(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def names(*sources: Path) -> list[str]:
    return [name for _, name in discover(sources)]


def test_names_are_paths_below_the_source_in_one_order(tmp_path: Path) -> None:
    """A folder is walked to the bottom, and names come sorted, with `/`, whatever the order on the disk."""
    lay(tmp_path, "b.txt", "a/z.txt", "a/b/c.txt", "c.txt", "B.txt")
    assert names(tmp_path) == ["B.txt", "a/b/c.txt", "a/z.txt", "b.txt", "c.txt"]


def test_paths_lead_to_the_files(tmp_path: Path) -> None:
    """Every path can be opened as it is given."""
    lay(tmp_path, "a/z.txt", "b.txt")
    assert [path.read_text() for path, _ in discover([tmp_path])] == ["a/z.txt", "b.txt"]


def test_hidden_and_gold_files_of_a_folder_are_left_out(tmp_path: Path) -> None:
    """Hidden files, hidden folders and gold files are no documents; a README may be one."""
    lay(tmp_path, ".hidden", ".git/config", "gold.jsonl", "a/gold_2.jsonl", "README.md", "golden.txt")
    assert names(tmp_path) == ["README.md", "golden.txt"]


def test_a_file_named_outright_is_always_taken(tmp_path: Path) -> None:
    """What a person names is meant, hidden or not."""
    lay(tmp_path, ".hidden", "gold.jsonl")
    assert names(tmp_path / ".hidden", tmp_path / "gold.jsonl") == [".hidden", "gold.jsonl"]


def test_a_missing_source_is_named_before_anything_is_found(tmp_path: Path) -> None:
    """One missing path stops the run at the call, with the path in the message."""
    with pytest.raises(UsageError, match=r"no such file or folder: .*nowhere"):
        discover([tmp_path, tmp_path / "nowhere"])


def test_a_pattern_is_not_expanded(tmp_path: Path) -> None:
    """A star is a name like any other: the shell expands patterns, not the library."""
    lay(tmp_path, "a.txt")
    with pytest.raises(UsageError, match=r"\*\.txt"):
        discover([tmp_path / "*.txt"])


def test_names_are_unique_across_sources(tmp_path: Path) -> None:
    """Names of several sources begin below the deepest folder that holds all of them, whatever files are there."""
    lay(tmp_path, "x/in/a.txt", "y/in/b.txt", "w/c.txt", "z/a.txt")
    sources = [tmp_path / "x/in", tmp_path / "y/in", tmp_path / "w/c.txt", tmp_path / "z/a.txt"]
    before = names(*sources)
    assert before == ["x/in/a.txt", "y/in/b.txt", "w/c.txt", "z/a.txt"]
    lay(tmp_path, "y/in/a.txt", "y/in/c.txt")
    assert {*before} < {*names(*sources)}
    assert len(names(*sources)) == len({*names(*sources)}) == 6


def test_a_source_whose_name_is_a_folder_of_another(tmp_path: Path) -> None:
    """A file named by its folder does not meet the files of a source of that folder's name."""
    lay(tmp_path, "p/in/a.txt", "q/in/a.txt", "r/a.txt")
    found = names(tmp_path / "p/in", tmp_path / "q/in/a.txt", tmp_path / "r/a.txt")
    assert found == ["p/in/a.txt", "q/in/a.txt", "r/a.txt"]


def test_a_file_reached_twice_is_taken_once(tmp_path: Path) -> None:
    """A folder, a folder inside it and a file inside both are one set of documents."""
    lay(tmp_path, "a/b/c.txt", "a/d.txt")
    assert names(tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/c.txt", tmp_path / "a") == ["b/c.txt", "d.txt"]


def test_a_loop_of_links_is_entered_once(tmp_path: Path) -> None:
    """Links back up the tree, and into it, add nothing."""
    lay(tmp_path, "a/b/c.txt")
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a", target_is_directory=True)
    (tmp_path / "a/aside").symlink_to(tmp_path / "a/b", target_is_directory=True)
    assert names(tmp_path / "a") == ["b/c.txt"]


def test_a_link_that_leads_out_is_named_and_not_followed(tmp_path: Path) -> None:
    """Neither a file nor a folder from elsewhere is read because a link in the source leads there."""
    lay(tmp_path, "in/a.txt", "out/b.txt", "in/deep/c.txt")
    (tmp_path / "in/link").symlink_to(tmp_path / "out", target_is_directory=True)
    (tmp_path / "in/deep/b.txt").symlink_to("../../out/b.txt")
    (tmp_path / "in/same.txt").symlink_to("a.txt")
    skipped: list[str] = []
    found = discover([tmp_path / "in"], skip=lambda name, why: skipped.append(f"{name}: {why}"))
    assert [name for _, name in found] == ["a.txt", "deep/c.txt", "same.txt"]
    assert skipped == [f"{name}: a link that leads out of the source" for name in ("deep/b.txt", "link")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_is_named_and_left_out(tmp_path: Path) -> None:
    """A pipe, which nobody may ever write to, is not opened."""
    lay(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe")
    skipped: list[str] = []
    assert len(list(discover([tmp_path], skip=lambda name, why: skipped.append(name)))) == 1
    assert skipped == ["pipe"]


def test_a_link_to_itself_is_handed_on(tmp_path: Path) -> None:
    """It stops nothing: it is a document that cannot be read."""
    lay(tmp_path, "a.txt", "z.txt")
    (tmp_path / "self").symlink_to("self")
    assert names(tmp_path) == ["a.txt", "self", "z.txt"]


def test_a_folder_that_cannot_be_listed_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are read, and the run says of this one why it is not."""
    lay(tmp_path, "a.txt", "closed/b.txt", "z.txt")
    listed = os.scandir

    def scandir(path: str | os.PathLike[str]) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert names(tmp_path) == ["a.txt", "closed", "z.txt"]
    with pytest.raises(UsageError, match=r"cannot read the folder .*closed"):
        discover([tmp_path / "closed"])


def test_a_link_that_leads_out_is_followed_once_if_asked(tmp_path: Path) -> None:
    """A linked folder from elsewhere is part of the source, under the link's name."""
    lay(tmp_path, "in/a.txt", "out/b.txt", "out/deep/c.txt")
    (tmp_path / "in/link").symlink_to(tmp_path / "out", target_is_directory=True)
    (tmp_path / "in/link2").symlink_to(tmp_path / "out", target_is_directory=True)
    found = discover([tmp_path / "in"], follow_links=True)
    assert [name for _, name in found] == ["a.txt", "link/b.txt", "link/deep/c.txt"]


def test_a_dangling_link_is_handed_on(tmp_path: Path) -> None:
    """A link to nothing is a document that cannot be read, and the run says so."""
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path) == ["gone.txt"]


def test_a_name_that_is_no_utf8_can_still_be_written_down(tmp_path: Path) -> None:
    """Undecodable bytes of a file name are spelt out, so that JSON can carry it."""
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert names(tmp_path) == [r"caf\xe9.txt"]


@given(st.lists(st.binary(min_size=1, max_size=12), unique=True))
@example([b"a\xff", rb"a\xff", rb"a\x5cxff"])
def test_every_name_is_its_own_and_comes_back(paths: list[bytes]) -> None:
    """Different bytes have different names, from which they can be had again."""
    spelt = [name_of(os.fsdecode(path)) for path in paths]
    assert len({*spelt}) == len(paths)
    assert [os.fsencode(path_of(name)) for name in spelt] == paths
    assert all(name.encode() for name in spelt)


def test_folders_are_listed_one_at_a_time(tmp_path: Path) -> None:
    """The first document is at hand before later folders are looked at."""
    lay(tmp_path, "a/1.txt", "b/2.txt")
    found = discover([tmp_path])
    assert next(found)[1] == "a/1.txt"
    lay(tmp_path, "b/3.txt")
    assert [name for _, name in found] == ["b/2.txt", "b/3.txt"]
