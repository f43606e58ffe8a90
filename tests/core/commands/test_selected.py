from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands import selected
from chapbook_core.commands.selected import selected_packages
from chapbook_core.lock.former_selection import LockIncomplete
from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage
from chapbook_core.lock.wanted import Wanted
from chapbook_core.project.groups import Group
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.requirements.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

LINUX = Target("3.11.4").environment()
WINDOWS = Target("3.11.4", platform="win32").environment()
MAIN = Wanted(frozenset({"main"}))
GROUPS = (Group("main", "main", optional=False, requirements=(parse_requirement("a"),)),)


def lock(*packages: LockedPackage) -> Lock:
    return Lock(packages, ">=3.9", "00")


def names(made: Lock, environment: Mapping[str, str], wanted: Wanted = MAIN) -> list[str]:
    return [one.name for one in selected_packages(made, environment, wanted, GROUPS, frozenset())]


@pytest.fixture
def made() -> Lock:
    there = {"main": 'sys_platform == "win32"'}
    return lock(LockedPackage("a", "1"), LockedPackage("w", "1", markers=there), LockedPackage("t", "1", groups=("t",)))


def test_what_a_lock_selects_is_worked_out_once(made: Lock, monkeypatch: pytest.MonkeyPatch) -> None:
    first = selected_packages(made, LINUX, MAIN, GROUPS, frozenset())
    monkeypatch.setattr(selected, "select", None)
    assert first is selected_packages(made, dict(LINUX), Wanted(frozenset({"main"})), GROUPS, frozenset())


def test_another_environment_or_wish_is_another_question(made: Lock) -> None:
    for _ in range(2):
        assert ["a"] == names(made, LINUX)
        assert ["a", "w"] == names(made, WINDOWS)
        assert ["a", "t"] == names(made, LINUX, Wanted(frozenset({"main", "t"})))


def test_an_environment_that_is_changed_afterwards_is_another(made: Lock) -> None:
    environment = dict(LINUX)
    assert ["a"] == names(made, environment)
    environment["sys_platform"] = "win32"
    assert ["a", "w"] == names(made, environment)


def test_another_lock_is_another_question_even_if_it_is_equal(made: Lock) -> None:
    first = selected_packages(made, LINUX, MAIN, GROUPS, frozenset())
    again = lock(*made.packages)
    assert again == made
    other = selected_packages(again, LINUX, MAIN, GROUPS, frozenset())
    assert other == first
    assert other is not first


def test_what_is_lacking_is_told_each_time_and_for_whom_it_is() -> None:
    cut = lock(LockedPackage("a", "1", dependencies={"gone": (LockedDependency("*"),)}))
    for _ in range(2):
        with pytest.raises(LockIncomplete, match="gone"):
            selected_packages(cut, LINUX, MAIN, GROUPS, frozenset())
        assert 1 == len(selected_packages(cut, LINUX, MAIN, GROUPS, frozenset({"gone"})))
