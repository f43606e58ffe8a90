from __future__ import annotations

import pytest

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.member_name import Twins, check_path


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
