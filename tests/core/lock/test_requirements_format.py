from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.lock.lockfile import Lock, LockedFile, LockedPackage, LockedSource
from chapbook_core.lock.requirements_format import (
    can_be_hashed,
    format_constraints,
    format_requirements,
)
from chapbook_core.lock.wanted import Wanted
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import ALWAYS, python_marker

MAIN = Wanted(frozenset({"main"}))
FOLDER = Path(__file__).parent
WHEEL = LockedFile("a-1.0-py3-none-any.whl", "sha256:bb")
SDIST = LockedFile("a-1.0.tar.gz", "sha256:aa")
COMMIT = "0123456789012345678901234567890123456789"


def lock(*packages: LockedPackage) -> Lock:
    return Lock(packages, ">=3.9", "")


def text(*packages: LockedPackage, wanted: Wanted = MAIN, hashes: bool = False, options: tuple[str, ...] = ()) -> str:
    python = python_marker(parse_constraint(">=3.9"))
    return format_requirements(lock(*packages), wanted, folder=FOLDER, python=python, hashes=hashes, options=options)


def test_a_package_is_pinned_with_its_marker_and_the_hash_of_each_file() -> None:
    package = LockedPackage("a", "1.0", markers={"main": 'sys_platform == "win32"'}, files=(WHEEL, SDIST))

    assert 'a==1.0 ; sys_platform == "win32" \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n' == text(
        package, hashes=True
    )


def test_hashes_that_pip_does_not_take_are_left_out() -> None:
    package = LockedPackage("a", "1.0", files=(LockedFile("a", "md5:aa"), LockedFile("b", "sha512:bb")))

    assert "a==1.0 \\\n    --hash=sha512:bb\n" == text(package, hashes=True)


def test_what_every_python_of_the_project_satisfies_is_not_said() -> None:
    package = LockedPackage("a", "1.0", markers={"main": 'python_version >= "3.9" and sys_platform == "win32"'})

    assert 'a==1.0 ; sys_platform == "win32"\n' == text(package)


def test_packages_stand_in_order_and_two_versions_of_one_name_below_each_other() -> None:
    packages = (
        LockedPackage("b", "2", markers={"main": 'python_version >= "3.10"'}),
        LockedPackage("b", "1.10", markers={"main": 'python_version < "3.10"'}),
        LockedPackage("a", "1"),
    )

    assert 'a==1\nb==1.10 ; python_version < "3.10"\nb==2 ; python_version >= "3.10"\n' == text(*packages)


def test_only_the_wanted_groups_count() -> None:
    package = LockedPackage(
        "a",
        "1",
        groups=("main", "dev", "docs"),
        markers={"main": 'sys_platform == "win32"', "dev": 'os_name == "java"'},
    )

    assert 'a==1 ; sys_platform == "win32"\n' == text(package)
    assert "a==1\n" == text(package, wanted=Wanted(frozenset({"main", "docs"})))
    assert "" == text(package, wanted=Wanted(frozenset({"other"})))


def test_an_extra_is_decided_and_leaves_no_word() -> None:
    package = LockedPackage("a", "1", markers={"main": 'extra == "fast" and python_version < "3.12"'}, optional=True)

    assert "" == text(package)
    assert 'a==1 ; python_version < "3.12"\n' == text(package, wanted=Wanted(frozenset({"main"}), frozenset({"fast"})))


def test_lines_about_indexes_stand_above_and_apart() -> None:
    assert "--index-url https://example.org/simple\n\na==1\n" == text(
        LockedPackage("a", "1"), options=("--index-url https://example.org/simple",)
    )
    assert "" == text()


@pytest.mark.parametrize(
    ("source", "develop", "line"),
    [
        (
            LockedSource("git", "https://example.org/a.git", "main", COMMIT),
            False,
            f"a @ git+https://example.org/a.git@{COMMIT}",
        ),
        (
            LockedSource("git", "git@example.org:me/a.git", "HEAD", COMMIT, "sub"),
            False,
            f"a @ git+ssh://git@example.org/me/a.git@{COMMIT}#subdirectory=sub",
        ),
        (LockedSource("url", "https://example.org/a-1.zip"), None, "a @ https://example.org/a-1.zip"),
        (LockedSource("file", "dist/a-1.0-py3-none-any.whl"), None, "./dist/a-1.0-py3-none-any.whl"),
        (LockedSource("directory", "../a"), False, "../a"),
        (LockedSource("directory", "libs/a", subdirectory="sub"), True, "-e ./libs/a#subdirectory=sub"),
        (LockedSource("directory", "my libs/a"), True, f"-e {(FOLDER / 'my libs/a').as_uri()}"),
        (LockedSource("legacy", "https://example.org/simple", "mine"), None, "a==1.0"),
    ],
)
def test_a_direct_reference_is_written_as_pip_takes_it(source: LockedSource, develop: bool | None, line: str) -> None:
    assert f"{line}\n" == text(LockedPackage("a", "1.0", source=source, develop=develop))


def test_constraints_have_names_and_versions_alone() -> None:
    packages = (
        LockedPackage("a", "1.0", files=(WHEEL,)),
        LockedPackage("b", "1", source=LockedSource("directory", "b"), develop=True),
        LockedPackage("c", "1", source=LockedSource("directory", "c")),
    )

    written = format_constraints(lock(*packages), MAIN, folder=FOLDER, python=ALWAYS)

    assert f"a==1.0\nc @ {(FOLDER / 'c').as_uri()}\n" == written


def test_no_hash_can_be_held_against_a_folder_or_a_repository() -> None:
    assert can_be_hashed(LockedPackage("a", "1", files=(WHEEL,)))
    assert not can_be_hashed(LockedPackage("a", "1"))
    assert not can_be_hashed(LockedPackage("a", "1", files=(WHEEL,), source=LockedSource("git", "x")))
