"""What an exported lock selects is what the lock itself selects, for every choice of groups and extras."""

from __future__ import annotations

import tomllib
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.pylock import Pylock as PackagingPylock
from packaging.requirements import Requirement

from chapbook_core.lock.lockfile import Lock, LockedFile, LockedPackage
from chapbook_core.lock.pylock_format import Artifact, Artifacts, Pylock, format_pylock
from chapbook_core.lock.pylock_reader import read_pylock
from chapbook_core.lock.requirements_format import format_requirements
from chapbook_core.lock.selection import select
from chapbook_core.lock.wanted import Wanted
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = ("main", "dev", "docs")
EXTRAS = ("x", "y")
PYTHON = python_marker(parse_constraint(">=3.10,<3.14"))
TARGETS = [Target("3.10.0"), Target("3.13.2", "win32", "AMD64"), Target("3.12.1", "darwin", "arm64")]
ATOMS = [
    'extra == "x"',
    'extra == "y"',
    'sys_platform == "win32"',
    'sys_platform != "darwin"',
    'python_version >= "3.12"',
    'python_version < "3.11"',
    'python_version >= "3.10"',
]

markers = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
    max_leaves=3,
)


@st.composite
def packages(draw: st.DrawFn, name: str) -> LockedPackage:
    groups = draw(st.lists(st.sampled_from(GROUPS), min_size=1, unique=True).map(sorted))
    texts = {group: draw(st.none() | markers) for group in groups}
    return LockedPackage(
        name,
        "1.0",
        groups=tuple(groups),
        markers={group: text for group, text in texts.items() if text},
        files=(LockedFile(f"{name}-1.0-py3-none-any.whl", "sha256:00"),),
    )


locks = st.tuples(*(packages(name) for name in "abc")).map(
    lambda drawn: Lock(drawn, ">=3.10,<3.14", "", extras=dict.fromkeys(EXTRAS, ()))
)


def choices() -> Iterator[tuple[set[str], set[str]]]:
    """Yield every choice of groups, the main one always among them, and of extras."""
    for groups in ([], ["dev"], ["docs"], ["dev", "docs"]):
        for count in range(len(EXTRAS) + 1):
            for extras in combinations(EXTRAS, count):
                yield {"main", *groups}, set(extras)


def artifacts(package: LockedPackage) -> Artifacts:
    files = (Artifact(file.name, f"https://example.org/{file.name}", file.hash) for file in package.files)
    return Artifacts("https://example.org/simple/", tuple(files))


def pylock_text(lock: Lock, wanted: Wanted | None = None) -> str:
    pylock = Pylock(python=PYTHON, groups=GROUPS[1:], extras=EXTRAS, wanted=wanted)
    return format_pylock(lock, pylock, artifacts, Path())


@settings(max_examples=60, deadline=None)
@given(locks)
def test_one_pylock_for_all_uses_selects_as_the_lock_does(lock: Lock) -> None:
    pylock = PackagingPylock.from_dict(tomllib.loads(pylock_text(lock)))
    for target in TARGETS:
        for groups, extras in choices():
            environment = target.environment()
            chosen = pylock.select(
                environment=environment,  # type: ignore[arg-type]  # a TypedDict with the same keys
                extras=extras,
                dependency_groups=groups - {"main"},
            )
            expected = {package.name for package in select(lock, environment, groups, extras)}
            assert expected == {package.name for package, _ in chosen}


@settings(max_examples=60, deadline=None)
@given(locks, st.sampled_from(list(choices())))
def test_requirements_hold_what_the_lock_selects(lock: Lock, choice: tuple[set[str], set[str]]) -> None:
    wanted = Wanted(frozenset(choice[0]), frozenset(choice[1]))
    text = format_requirements(lock, wanted, folder=Path(), python=PYTHON, hashes=False)
    requirements = [Requirement(line) for line in text.splitlines()]
    for target in TARGETS:
        environment = target.environment()
        expected = {package.name for package in select(lock, environment, *choice)}
        assert expected == {
            one.name for one in requirements if one.marker is None or one.marker.evaluate({**environment, "extra": ""})
        }


@settings(max_examples=60, deadline=None)
@given(locks)
def test_a_pylock_is_read_as_a_lock_that_selects_the_same(lock: Lock) -> None:
    read = read_pylock(pylock_text(lock), Path("pylock.toml"))
    for target in TARGETS:
        for groups, extras in choices():
            expected = {package.name for package in select(lock, target.environment(), groups, extras)}
            found = {package.name for package in select(read, target.environment(), groups, extras)}
            assert expected == found
