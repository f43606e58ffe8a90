from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.pylock import Pylock as PackagingPylock

from chapbook_core.errors import FileMistakes
from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedFile, LockedPackage, LockedSource
from chapbook_core.lock.pylock_format import Artifact, Artifacts, Pylock, format_pylock
from chapbook_core.lock.pylock_reader import read_pylock
from chapbook_core.lock.wanted import Wanted
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import parse_marker, python_marker

FILE = Path("pylock.toml")
PROJECT = Path(__file__).parent
PYTHON = python_marker(parse_constraint(">=3.9"))
COMMIT = "0123456789012345678901234567890123456789"
ENVIRONMENT = {
    "implementation_name": "cpython",
    "implementation_version": "3.12.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.12.0",
    "python_version": "3.12",
    "sys_platform": "linux",
}


def package(name: str, version: str = "1.0", **facts: Any) -> LockedPackage:
    files = (LockedFile(f"{name}-{version}-py3-none-any.whl", f"sha256:{name * 4}"),)
    return LockedPackage(name, version, **{"files": files, **facts})


def artifacts(package: LockedPackage) -> Artifacts:
    files = tuple(
        Artifact(file.name, f"https://example.org/files/{file.name}", file.hash, 7, "2024-01-02T03:04:05.6Z")
        for file in package.files
    )
    return Artifacts("https://example.org/simple/", files)


def written(*packages: LockedPackage, project: Path = PROJECT, **facts: Any) -> str:
    lock = Lock(packages, ">=3.9", "")
    text = format_pylock(lock, Pylock(python=PYTHON, **facts), artifacts, project)
    PackagingPylock.from_dict(tomllib.loads(text))
    return text


def markers(text: str) -> dict[str, str]:
    return {entry["name"]: entry.get("marker", "") for entry in tomllib.loads(text)["packages"]}


def test_the_whole_file_reads_like_this() -> None:
    sdist = LockedFile("a-1.0.tar.gz", "sha512:cc")
    a = package(
        "a",
        python_versions=">=3.8",
        files=(sdist, LockedFile("a-1.0-py3-none-any.whl", "sha256:bb")),
        dependencies={"B": (LockedDependency(">=1"),), "elsewhere": (LockedDependency(),)},
    )
    b = package("b", groups=("main", "dev"), markers={"main": 'sys_platform == "win32" and extra == "x"'})

    assert written(a, b, requires_python=">=3.9", groups=("dev",), extras=("x",)) == (
        'lock-version = "1.0"\n'
        'requires-python = ">=3.9"\n'
        'extras = ["x"]\n'
        'dependency-groups = ["dev"]\n'
        "default-groups = []\n"
        'created-by = "chapbook"\n'
        "\n"
        "[[packages]]\n"
        'name = "a"\n'
        'version = "1.0"\n'
        'requires-python = ">=3.8"\n'
        'dependencies = [{name = "b"}]\n'
        'index = "https://example.org/simple/"\n'
        'sdist = {name = "a-1.0.tar.gz", upload-time = 2024-01-02T03:04:05.6Z, '
        'url = "https://example.org/files/a-1.0.tar.gz", size = 7, hashes = {sha512 = "cc"}}\n'
        "wheels = [\n"
        '    {name = "a-1.0-py3-none-any.whl", upload-time = 2024-01-02T03:04:05.6Z, '
        'url = "https://example.org/files/a-1.0-py3-none-any.whl", size = 7, hashes = {sha256 = "bb"}},\n'
        "]\n"
        "\n"
        "[[packages]]\n"
        'name = "b"\n'
        'version = "1.0"\n'
        'marker = "sys_platform == \\"win32\\" and \\"x\\" in extras or \\"dev\\" in dependency_groups"\n'
        'index = "https://example.org/simple/"\n'
        "wheels = [\n"
        '    {name = "b-1.0-py3-none-any.whl", upload-time = 2024-01-02T03:04:05.6Z, '
        'url = "https://example.org/files/b-1.0-py3-none-any.whl", size = 7, hashes = {sha256 = "bbbb"}},\n'
        "]\n"
    )


def test_a_lock_without_packages_has_an_empty_list() -> None:
    assert 'lock-version = "1.0"\ncreated-by = "chapbook"\npackages = []\n' == written()


@pytest.mark.parametrize(
    ("groups", "texts", "expected"),
    [
        (("main",), {}, ""),
        (("main", "dev"), {}, ""),
        (("dev",), {}, '"dev" in dependency_groups'),
        (("dev", "docs"), {}, '"dev" in dependency_groups or "docs" in dependency_groups'),
        (("main",), {"main": 'extra == "x"'}, '"x" in extras'),
        (("main", "dev"), {"main": 'extra == "x" or extra == "y"'}, None),
        (("dev",), {"dev": 'python_version >= "3.9"'}, '"dev" in dependency_groups'),
        (("main",), {"main": 'python_version < "3.11"'}, 'python_version < "3.11"'),
    ],
)
def test_groups_and_extras_are_left_to_the_installer(
    groups: tuple[str, ...], texts: dict[str, str], expected: str | None
) -> None:
    text = markers(written(package("a", groups=groups, markers=texts), groups=("dev", "docs"), extras=("x", "y")))["a"]
    if expected is None:
        expected = '"x" in extras or "y" in extras or "dev" in dependency_groups'
    assert parse_marker(expected) == parse_marker(text)
    assert len(expected) >= len(text)


def test_packagings_own_installer_selects_what_the_lock_says() -> None:
    text = written(
        package("a"),
        package("b", groups=("dev",)),
        package("c", markers={"main": 'extra == "x"'}, optional=True),
        package("d", "1.0", markers={"main": 'python_version < "3.12"'}),
        package("d", "2.0", markers={"main": 'python_version >= "3.12"'}),
        groups=("dev",),
        extras=("x",),
    )
    pylock = PackagingPylock.from_dict(tomllib.loads(text))

    def selected(**asked: list[str]) -> list[str]:
        chosen = pylock.select(environment=ENVIRONMENT, tags=None, **asked)  # type: ignore[arg-type]  # a TypedDict
        return [f"{one.name} {one.version}" for one, _ in chosen]

    assert selected() == ["a 1.0", "d 2.0"]
    assert selected(dependency_groups=["dev"]) == ["a 1.0", "b 1.0", "d 2.0"]
    assert selected(extras=["x"]) == ["a 1.0", "c 1.0", "d 2.0"]


def test_for_one_use_the_choice_is_made_and_nothing_is_left_to_choose() -> None:
    wanted = Wanted(frozenset({"dev"}), frozenset({"x"}))
    text = written(
        package("a"),
        package("b", groups=("dev",), markers={"dev": 'extra == "x"'}),
        groups=("dev",),
        extras=("x",),
        wanted=wanted,
    )

    assert {"b": ""} == markers(text)
    assert {"lock-version", "created-by", "packages"} == tomllib.loads(text).keys()


def test_each_kind_of_direct_reference_has_its_table(tmp_path: Path) -> None:
    archive = (LockedFile("x.zip", "sha256:ee"),)
    text = written(
        package("git", files=(), source=LockedSource("git", "https://example.org/a.git", "main", COMMIT, "sub")),
        package("tree", files=(), source=LockedSource("directory", "libs/tree"), develop=True),
        package("url", files=archive, source=LockedSource("url", "https://example.org/x.zip")),
        package("file", files=archive, source=LockedSource("file", "dist/x.zip")),
        project=tmp_path,
        folder=tmp_path / "locks",
    )
    entries = {entry.pop("name"): entry for entry in tomllib.loads(text)["packages"]}
    assert entries == {
        "git": {
            "version": "1.0",
            "vcs": {
                "type": "git",
                "url": "https://example.org/a.git",
                "requested-revision": "main",
                "commit-id": COMMIT,
                "subdirectory": "sub",
            },
        },
        "tree": {"directory": {"path": "../libs/tree", "editable": True}},
        "url": {"version": "1.0", "archive": {"url": "https://example.org/x.zip", "hashes": {"sha256": "ee"}}},
        "file": {"version": "1.0", "archive": {"path": "../dist/x.zip", "hashes": {"sha256": "ee"}}},
    }


def test_a_dependency_with_several_versions_is_named_with_the_right_one() -> None:
    text = written(
        package("a", dependencies={"b": (LockedDependency("<2"),)}),
        package("b", "1.0", markers={"main": 'python_version < "3.12"'}),
        package("b", "2.0", markers={"main": 'python_version >= "3.12"'}),
    )

    assert [{"name": "b", "version": "1.0"}] == tomllib.loads(text)["packages"][0]["dependencies"]


def test_what_is_written_is_read_again() -> None:
    packages = (
        package("a", python_versions=">=3.8", dependencies={"b": (LockedDependency(),)}),
        package("b", groups=("dev", "docs"), markers={"dev": 'sys_platform == "win32"'}),
        package("c", markers={"main": 'extra == "x"'}, optional=True),
        package("d", files=(), source=LockedSource("git", "https://example.org/a.git", "main", COMMIT)),
    )
    lock = read_pylock(written(*packages, groups=("dev", "docs"), extras=("x",), requires_python=">=3.9"), FILE)

    assert ">=3.9" == lock.python_versions
    assert [package.name for package in packages] == [package.name for package in lock.packages]
    for before, after in zip(packages, lock.packages, strict=True):
        assert (before.version, before.groups, before.files, before.optional) == (
            after.version,
            after.groups,
            after.files,
            after.optional,
        )
        assert {group: parse_marker(text) for group, text in before.markers.items()} == {
            group: parse_marker(text) for group, text in after.markers.items()
        }
        assert before.dependencies.keys() == after.dependencies.keys()
    assert packages[3].source == lock.packages[3].source
    assert LockedSource("legacy", "https://example.org/simple") == lock.packages[0].source


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lock-version = 1.0", "pylock.toml: lock-version: unexpected type float"),
        ('lock-version = "1.0"\n[[', "pylock.toml:2: is not valid TOML"),
        ('lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "A"', "pylock.toml: packages[0].name: "),
    ],
)
def test_a_broken_file_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(FileMistakes) as raised:
        read_pylock(text, FILE)
    assert raised.value.message.startswith(message)
