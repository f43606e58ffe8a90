from __future__ import annotations

from chapbook_core.lock.lockfile import Lock, LockedPackage
from chapbook_core.lock.merge import Decision, merge_locks


def _lock(*packages: str) -> Lock:
    entries = (package.split() for package in packages)
    return Lock(tuple(LockedPackage(name, version) for name, version in entries), "*", "f" * 64)


def _merged(ours: Lock, theirs: Lock, base: Lock | None = None) -> set[str]:
    return {f"{package.name} {package.version}" for package in merge_locks(ours, theirs, base).lock.packages}


def test_what_either_side_added_is_in_the_merge() -> None:
    assert {"a 1", "b 1", "c 1"} == _merged(_lock("a 1", "b 1"), _lock("a 1", "c 1"))


def test_of_two_versions_the_newer_one_is_kept_and_the_choice_is_told() -> None:
    merge = merge_locks(_lock("a 1.9"), _lock("a 1.10"))

    assert ("1.10",) == tuple(package.version for package in merge.lock.packages)
    assert (Decision("a", ("1.9",), ("1.10",), ("1.10",)),) == merge.decisions


def test_the_side_that_changed_a_version_since_the_common_ancestor_wins_even_with_an_older_one() -> None:
    assert {"a 1"} == _merged(_lock("a 1"), _lock("a 2"), base=_lock("a 2"))
    assert {"a 1"} == _merged(_lock("a 2"), _lock("a 1"), base=_lock("a 2"))


def test_what_one_side_removed_since_the_common_ancestor_is_gone() -> None:
    assert {"a 1"} == _merged(_lock("a 1"), _lock("a 1", "b 1"), base=_lock("a 1", "b 1"))


def test_without_a_common_ancestor_nothing_counts_as_removed() -> None:
    assert {"a 1", "b 1"} == _merged(_lock("a 1"), _lock("a 1", "b 1"))


def test_several_versions_of_a_package_stay_together() -> None:
    assert {"a 1", "a 2", "b 1"} == _merged(_lock("a 1", "a 2"), _lock("a 1", "a 2", "b 1"))


def test_a_merge_belongs_to_no_project_file() -> None:
    assert "0" * 64 == merge_locks(_lock("a 1"), _lock("a 1")).lock.content_hash


def test_a_version_that_is_none_is_older_than_any_other() -> None:
    assert {"a 1"} == _merged(_lock("a one"), _lock("a 1"))
