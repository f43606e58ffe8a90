from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.member_name import Twins, check_path, check_paths, check_twins

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "path",
    [
        "a",
        "a/b.py",
        "a-1.0.dist-info/METADATA",
        ".hidden",
        "a b/c d.txt",
        "\u00e9/\u4f60.txt",
        "a..b",
        "...a",
        "x" * 255,
        "/".join("a" * 128),
        "/".join(["bb"] * 128),
        "console.py",
        "com.py",
        "com10.txt",
        "auxiliary/x",
        "a+b@c=d~e",
        "-",
        "nul_",
    ],
)
def test_an_ordinary_name_is_taken(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        "a/../b",
        "./a",
        "a/.",
        "a\\b",
        "c:x",
        "C:/x",
        "a:b",
        "a\0",
        "a\nb",
        "a\x7f",
        "a\x9b",
        "a.",
        "a /b",
        "a./b",
        "con",
        "CON.txt",
        "a/aux.py",
        "nul.tar.gz",
        "com1",
        "lpt\u00b2",
        "COM9 .x",
        "conin$",
        "x" * 256,
        "\u00e9" * 128,
        "/".join("x" * 200 for _ in range(30)),
        "/".join("a" * 129),
        "a\ud800",
    ],
)
def test_a_name_that_means_something_else_somewhere_is_refused(path: str) -> None:
    with pytest.raises(Refusal, match="unsafe path"):
        check_path(path)


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "a"),
        ("a", "A"),
        ("\u00e9", "e\u0301"),
        ("stra\u00dfe", "STRASSE"),
        ("x/a", "X/b"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("A", "a/b"),
        ("a/b/c", "a/B"),
    ],
)
def test_twins_are_found(paths: tuple[str, str]) -> None:
    twins = Twins()
    twins.add_file(paths[0])
    with pytest.raises(Refusal):
        twins.add_file(paths[1])


def test_neighbours_are_no_twins() -> None:
    twins = Twins()
    for path in ("a/b", "a/c", "ab", "b/a", "b/b/b", "b/b/c"):
        twins.add_file(path)
    twins.add_folder("b/b")


def refused(check: Callable[[], object]) -> str:
    try:
        check()
    except Refusal as refusal:
        return str(refusal)
    return ""


def one_by_one(files: list[str], folders: list[str]) -> None:
    twins = Twins()
    for path in files:
        twins.add_file(path)
    for path in folders:
        twins.add_folder(path)


PARTS = [
    "a",
    "A",
    "b",
    ".c",
    "d.",
    "con",
    "Con.txt",
    "com1",
    "common",
    "",
    ".",
    "..",
    "nul",
    "e\nf",
    " ",
    "\u00e9",
    "\u212a" * 90,
    "x" * 130,
    "/".join("a" * 127),
]
"""Of a path, in turn: usual ones more often."""


def test_many_names_are_judged_as_each_by_itself() -> None:
    chance = random.Random(31)
    verdicts = set()
    for _ in range(4000):
        usual = chance.choice((0, 0, 0, 20))
        paths = [
            "/".join(chance.choices(PARTS, [5 + usual] * 4 + [1] * 15, k=chance.randint(1, 3)))
            for _ in range(chance.randint(1, 4))
        ]
        first = next((why for path in paths if (why := refused(lambda path=path: check_path(path)))), "")  # type: ignore[misc]  # mypy infers no type for it
        assert refused(lambda: check_paths(paths)) == first, paths  # noqa: B023  called at once
        verdicts.add(bool(first))
    assert verdicts == {True, False}


def test_twins_among_many_are_those_found_one_by_one() -> None:
    chance = random.Random(32)
    verdicts = set()
    for _ in range(4000):
        paths = [
            "/".join(chance.choices("abcdeAf\u00e9\u00c9", k=chance.randint(1, 4))) for _ in range(chance.randint(1, 6))
        ]
        middle = chance.randint(0, len(paths))
        files, folders = paths[:middle], list(dict.fromkeys(paths[middle:]))
        expected = refused(lambda: one_by_one(files, folders))  # noqa: B023  called at once
        assert refused(lambda: check_twins(files, folders)) == expected, paths  # noqa: B023  likewise
        verdicts.add(bool(expected))
    assert verdicts == {True, False}
    assert "duplicate" in refused(lambda: check_twins(["b"], ["a", "a"]))


def test_folders_in_folders_in_folders_take_no_time() -> None:
    began = time.process_time()
    check_twins(["/".join([str(number), *"a" * 2000]) for number in range(10)], [])
    assert time.process_time() - began < 5
