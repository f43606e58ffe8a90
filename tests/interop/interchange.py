"""Interchange: one project locked by us and by Poetry, each lock handed to the other."""

from __future__ import annotations

import time
from dataclasses import dataclass
from difflib import unified_diff
from typing import TYPE_CHECKING

from packaging.markers import default_environment

from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.selection import LockedTwice, select
from chapbook_core.project.manifest import read_manifest
from tests.interop.poetry_program import poetry_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chapbook_core.lock.lockfile import Lock
    from tests.interop.poetry_program import Chapbook, Poetry

Versions = dict[str, tuple[str, ...]]


class LockFailed(AssertionError):
    """One of the two could not lock the project at all."""


@dataclass(frozen=True, slots=True)
class Interchange:
    """What became of the locks. Lists of differences are empty where there are none."""

    packages: int
    check: str
    """What `poetry check --lock` said against our lock; empty when nothing."""
    plan: tuple[str, ...]
    """Differences between what Poetry would install from our lock and what we select from it."""
    relock: tuple[str, ...]
    """Versions that `poetry lock` changed in our lock."""
    relock_text: tuple[str, ...]
    """Lines that `poetry lock` changed in our lock."""
    fresh: tuple[str, ...]
    """Versions that differ between our lock and Poetry's own."""
    fresh_text: tuple[str, ...]
    """Lines that differ between our lock and Poetry's own."""
    foreign_plan: tuple[str, ...]
    """Differences between what Poetry would install from its own lock and what we select from it."""
    foreign_text: tuple[str, ...]
    """Lines of Poetry's own lock that we would change."""
    again: tuple[str, ...]
    """Lines of our lock that we would change."""
    after: tuple[str, ...]
    """Lines of our lock, relocked by Poetry, that we would change."""
    seconds: float
    poetry_seconds: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The two programs, and the virtual environment that Poetry plans for."""

    chapbook: Chapbook
    poetry: Poetry
    environment: Path

    def locked_by_us(self, folder: Path) -> str:
        """Lock, and return the lock; raises LockFailed."""
        # Without `--refresh`, a second time would look no further than the date of the files.
        answer = self.chapbook(folder, "lock", "--refresh")
        if not answer.succeeded:
            raise LockFailed(f"chapbook lock: {answer.text}")
        return (folder / "poetry.lock").read_text(encoding="utf-8")

    def locked_by_poetry(self, folder: Path) -> str:
        """Lock, and return the lock; raises LockFailed."""
        answer = self.poetry(folder, "lock")
        if not answer.succeeded:
            raise LockFailed(f"poetry lock: {answer.text}")
        return (folder / "poetry.lock").read_text(encoding="utf-8")


def interchange(pair: Pair, folder: Path, *, everything: bool = True) -> Interchange:
    """Lock the project in a folder both ways and compare; raises LockFailed.

    `everything` also compares plans for all groups and extras together, which some projects exclude.
    """
    file = folder / "poetry.lock"
    began = time.monotonic()
    ours = pair.locked_by_us(folder)
    seconds = time.monotonic() - began
    again = pair.locked_by_us(folder)
    answer = pair.poetry(folder, "check", "--lock")
    check = "" if answer.succeeded and "poetry.lock" not in answer.text else answer.text
    plan = tuple(_plan_differences(pair, folder, everything=everything))
    relocked = pair.locked_by_poetry(folder)
    after = pair.locked_by_us(folder)
    file.unlink()
    began = time.monotonic()
    theirs = pair.locked_by_poetry(folder)
    poetry_seconds = time.monotonic() - began
    foreign_plan = tuple(_plan_differences(pair, folder, everything=everything))
    kept = pair.locked_by_us(folder)
    return Interchange(
        packages=ours.count("[[package]]"),
        check=check,
        plan=plan,
        relock=version_differences(_read(ours, file), _read(relocked, file)),
        relock_text=_lines(ours, relocked),
        fresh=version_differences(_read(ours, file), _read(theirs, file)),
        fresh_text=_lines(theirs, ours),
        foreign_plan=foreign_plan,
        foreign_text=_lines(theirs, kept),
        again=_lines(ours, again),
        after=_lines(relocked, after),
        seconds=seconds,
        poetry_seconds=poetry_seconds,
    )


def version_differences(before: Lock, after: Lock) -> tuple[str, ...]:
    """Say for each package whose versions differ what they are in both locks."""
    old, new = _versions(before), _versions(after)
    return tuple(
        f"{name}: {', '.join(old.get(name, ())) or 'none'} -> {', '.join(new.get(name, ())) or 'none'}"
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    )


def _plan_differences(pair: Pair, folder: Path, *, everything: bool) -> Iterator[str]:
    manifest = read_manifest(folder / "pyproject.toml")
    file = folder / "poetry.lock"
    lock = _read(file.read_text(encoding="utf-8"), file)
    groups = {group.name for group in manifest.groups}
    default = {group.name for group in manifest.groups if not group.optional}
    try:
        yield from _compared("", _selected(lock, default, ()), *_plan(pair, folder))
        if everything:
            words = ("--all-groups", "--all-extras")
            plan, refusal = _plan(pair, folder, *words)
            yield from _compared("with everything: ", _selected(lock, groups, manifest.extras), plan, refusal)
    except LockedTwice as error:
        yield str(error)


def _plan(pair: Pair, folder: Path, *words: str) -> tuple[dict[str, str], str]:
    return poetry_plan(folder, pair.environment, *words, program=pair.poetry)


def _selected(lock: Lock, groups: set[str], extras: Mapping[str, object] | tuple[str, ...]) -> dict[str, str]:
    environment = {key: str(value) for key, value in default_environment().items()}
    return {package.name: package.version for package in select(lock, environment, groups, tuple(extras))}


def _compared(scope: str, ours: dict[str, str], planned: dict[str, str], refusal: str) -> Iterator[str]:
    if refusal:
        yield f"{scope}{refusal}"
        return
    for name in sorted(ours.keys() | planned.keys()):
        if ours.get(name) != planned.get(name):
            yield f"{scope}{name}: we select {ours.get(name, 'none')}, Poetry plans {planned.get(name, 'none')}"


def _read(text: str, file: Path) -> Lock:
    return read_lock(text, file)


def _versions(lock: Lock) -> Versions:
    versions: Versions = {}
    for package in lock.packages:
        versions[package.name] = (*versions.get(package.name, ()), package.version)
    return versions


def _lines(before: str, after: str) -> tuple[str, ...]:
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))
