from __future__ import annotations

import pytest

from chapbook_core.lock.freshness import Fingerprint, is_fresh, read_fingerprint
from chapbook_core.lock.lockfile import Lock, LockedPackage
from chapbook_core.lock.poetry_format import format_lock
from chapbook_core.project.content_hash import content_hash, legacy_content_hash

PROJECT = {"project": {"dependencies": ["a"]}, "dependency-groups": {"dev": ["b"]}}


def _lock(content_hash: str, generator: str = "") -> str:
    packages = tuple(LockedPackage(f"p{number}", "1", description="x" * 100) for number in range(100))
    return format_lock(Lock(packages, ">=3.9", content_hash, generator=generator))


def test_a_lock_is_fresh_while_what_it_was_made_from_stays_the_same() -> None:
    fingerprint = read_fingerprint(_lock(content_hash(PROJECT)))

    assert fingerprint is not None
    assert is_fresh(fingerprint, PROJECT)
    assert not is_fresh(fingerprint, {**PROJECT, "dependency-groups": {}})


def test_the_name_and_version_of_the_project_do_not_matter() -> None:
    fingerprint = read_fingerprint(_lock(content_hash(PROJECT)))

    assert fingerprint is not None
    assert is_fresh(fingerprint, {**PROJECT, "project": {"dependencies": ["a"], "name": "x", "version": "2"}})


@pytest.mark.parametrize(("generator", "expected"), [("Poetry 2.2.1", True), ("Poetry 2.3.0", False), ("", False)])
def test_only_locks_of_an_older_poetry_may_leave_the_groups_out(generator: str, expected: bool) -> None:
    fingerprint = read_fingerprint(_lock(legacy_content_hash(PROJECT), generator))

    assert fingerprint is not None
    assert expected == is_fresh(fingerprint, PROJECT)


def test_windows_line_endings_change_nothing() -> None:
    text = _lock("0" * 64)

    assert read_fingerprint(text) == read_fingerprint(text.replace("\n", "\r\n"))
    assert Fingerprint("2.1", "0" * 64, (2, 5)) == read_fingerprint(text)


@pytest.mark.parametrize("text", ["", "# a comment\n", "[metadata]\n", '[other]\ncontent-hash = "0"\n'])
def test_what_is_no_lock_has_no_fingerprint(text: str) -> None:
    assert read_fingerprint(text) is None
