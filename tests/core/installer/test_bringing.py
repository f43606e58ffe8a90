"""Files come at a stroke as they come one by one, and what is out of the ordinary is met with the same words."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer import link, sheet
from chapbook_core.installer.arrangement import groups_of
from chapbook_core.installer.bringing import bring_groups
from chapbook_core.installer.link import Changed, Linker, Method
from chapbook_core.installer.relocation import InTheWay, Way
from chapbook_core.installer.sheet import SpareFolder
from chapbook_core.installer.swift import swift
from tests.fakes.installing import tree
from tests.fakes.wheels import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.installer.store import StoredWheel
    from tests.fakes.installing import Bench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has copies only")
needs_swift = pytest.mark.skipif(swift() is None, reason="the library is not built here: there was no compiler")
DEVICES = (1, 1)
FILES = {
    "deep/__init__.py": b"",
    **{f"deep/{letter}/{letter}/m{number}.py": b"pass\n" for letter in "abc" for number in range(4)},
    "deep/a/ümläut.txt": b"text\n",
    "deep/b.txt": b"beside a folder that begins as it does\n",
    "single.py": b"one = 1\n",
}
RECIPE = Recipe(name="deep", files=FILES)


@pytest.fixture(params=[pytest.param(True, marks=needs_swift), False], ids=["swift", "plain"])
def brought(
    request: pytest.FixtureRequest, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> Callable[[StoredWheel], list[str]]:
    """Bring a wheel into a folder, with the library or without; return the files that were there."""
    monkeypatch.setattr(link, "_WORTH_LOADING", 0)
    if not request.param:
        monkeypatch.setattr(link, "swift", lambda: None)
    (bench.folder / "target").mkdir()

    def bring(stored: StoredWheel) -> list[str]:
        linker = Linker(Method.LINK, is_edited=False)
        groups = groups_of(stored.manifest)
        with Way(stored.tree) as source, Way(bench.folder / "target") as target:
            found = list(bring_groups(linker, groups, source, target, top="top", devices=DEVICES))
        assert groups == tuple(group for group, _there in found)
        return [file.path for _group, there in found for file in there]

    return bring


def test_all_files_are_linked_to_where_they_are_in_the_tree(
    bench: Bench, brought: Callable[[StoredWheel], list[str]]
) -> None:
    stored = bench.stored(RECIPE)
    assert [] == brought(stored)
    there = tree(bench.folder / "target" / "top")
    files = [file.path for group in groups_of(stored.manifest) for file in group.files]
    assert set(files) == {path for path in there if (bench.folder / "target" / "top" / path).is_file()}
    for path in files:
        assert (stored.tree / path).samefile(bench.folder / "target" / "top" / path)


@pytest.mark.parametrize("path", ["deep/__init__.py", "deep/b/b/m2.py", "single.py"])
def test_a_file_that_is_there_is_told_and_left_alone(
    bench: Bench, brought: Callable[[StoredWheel], list[str]], path: str
) -> None:
    place = bench.folder / "target" / "top" / path
    place.parent.mkdir(parents=True)
    place.write_text("another one")
    stored = bench.stored(RECIPE)
    assert [path] == brought(stored)
    assert "another one" == place.read_text()
    files = [file.path for group in groups_of(stored.manifest) for file in group.files]
    assert all((bench.folder / "target" / "top" / file).is_file() for file in files)


def shorten(file: Path) -> None:
    file.chmod(0o644)
    file.write_bytes(b"")


def touch(file: Path) -> None:
    os.utime(file, ns=(1, 1))


def make_link(file: Path) -> None:
    status = file.stat()
    other = file.with_name("other")
    file.rename(other)
    file.symlink_to(other)
    os.utime(file, ns=(status.st_mtime_ns, status.st_mtime_ns), follow_symlinks=False)


def lead_elsewhere(file: Path) -> None:
    file.parent.rename(file.parents[1] / "aside")
    file.parent.symlink_to(file.parents[1] / "aside")


def remove_with_folder(file: Path) -> None:
    for one in file.parent.iterdir():
        one.unlink()
    file.parent.rmdir()


@pytest.mark.parametrize("spoil", [shorten, touch, make_link, os.unlink, remove_with_folder])
def test_what_is_not_as_it_was_stored_is_not_linked(
    bench: Bench, brought: Callable[[StoredWheel], list[str]], spoil: Callable[[Path], None]
) -> None:
    stored = bench.stored(RECIPE)
    spoil(stored.tree / "deep/b/b/m1.py")
    with pytest.raises(Changed):
        brought(stored)
    assert not os.path.lexists(bench.folder / "target" / "top" / "deep/b/b/m1.py")


def test_no_way_leads_through_a_link(bench: Bench, brought: Callable[[StoredWheel], list[str]]) -> None:
    stored = bench.stored(RECIPE)
    lead_elsewhere(stored.tree / "deep/b/b/m1.py")
    with pytest.raises(InTheWay):
        brought(stored)


def test_nothing_is_put_behind_a_link(bench: Bench, brought: Callable[[StoredWheel], list[str]]) -> None:
    (bench.folder / "elsewhere").mkdir()
    (bench.folder / "target" / "top" / "deep").mkdir(parents=True)
    (bench.folder / "target" / "top" / "deep" / "b").symlink_to(bench.folder / "elsewhere")
    with pytest.raises(InTheWay):
        brought(bench.stored(RECIPE))
    assert [] == list((bench.folder / "elsewhere").iterdir())


@needs_swift
def test_names_that_lead_out_of_the_folder_are_left_to_others(bench: Bench) -> None:
    stored = bench.stored(RECIPE)
    helper, file = swift(), stored.manifest.files[0]
    assert helper is not None
    target = bench.folder / "target"
    target.mkdir()
    paths = ["../single.py", "deep/../single.py", "./single.py", "/single.py", "deep//b.txt", "deep/", "a\0b", "\ud800"]
    with Way(stored.tree) as here, Way(target) as there:
        folders = [way.to("").descriptor for way in (here, there)]
        assert all(folder is not None for folder in folders)
        link_some = partial(helper.link, source=folders[0] or -1, target=folders[1] or -1)
        assert [0] * len(paths) == [link_some([file._replace(path=path)]) for path in paths]
    assert not any(path.is_file() for path in bench.folder.joinpath("target").rglob("*"))


@needs_swift
def test_numbers_that_no_file_has_are_left_to_others(bench: Bench) -> None:
    helper, file = swift(), bench.stored(RECIPE).manifest.files[0]
    assert helper is not None
    assert 0 == helper.link([file._replace(size=1 << 63)], -1, -1)
    assert 0 == helper.link([file._replace(mtime=1 << 63)], -1, -1)


@needs_swift
def test_the_library_links_no_more_than_others_have_to_be_asked_about(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_WORTH_LOADING", 0)
    monkeypatch.setattr(link, "_AT_A_TIME", 2)
    stored = bench.stored(RECIPE)
    asked: list[int] = []
    with Way(stored.tree) as source, Way(bench.folder) as target:
        places = source.to(""), target.to("target", is_made=True)
        linker = Linker(Method.LINK, is_edited=False)
        count = linker.link_below(stored.manifest.files[:5], *places, DEVICES, lambda: asked.append(1))
    assert (5, 3) == (count, len(asked))


@needs_swift
def test_the_library_sees_of_files_and_folders_what_others_see(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    swift()
    stored = bench.stored(RECIPE)
    paths = [os.fsencode(path.relative_to(stored.tree)) for path in sorted(stored.tree.rglob("*"))]
    with SpareFolder(str(stored.tree)) as folder:
        told = folder.stamps(paths)
        with pytest.raises(FileNotFoundError):
            folder.stamps([*paths, b"gone"])
        monkeypatch.setattr(sheet, "loaded_swift", lambda: None)
        assert told == folder.stamps(paths)
