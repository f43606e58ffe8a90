from __future__ import annotations

import pytest

from chapbook_core.lock.completeness import lacking, require_dependencies
from chapbook_core.lock.former_selection import LockIncomplete
from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage
from chapbook_core.project.groups import Group
from chapbook_core.requirements.marker import parse_marker
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.requirements.target import Target

LINUX = Target("3.11.4").environment()


def lock(*packages: LockedPackage, version: str = "2.1") -> Lock:
    return Lock(packages, ">=3.9", "00", {}, version)


def package(name: str, main: str = "", **dependencies: LockedDependency) -> LockedPackage:
    markers = {"main": main} if main else {}
    return LockedPackage(name, "1", markers=markers, dependencies={key: (each,) for key, each in dependencies.items()})


def group(*texts: str) -> Group:
    return Group("main", "main", optional=False, requirements=tuple(map(parse_requirement, texts)))


def test_what_was_taken_out_is_told_with_who_requires_it() -> None:
    made = lock(package("a", B_c=LockedDependency("*")))
    found = lacking(made, (group("a", "d>=1"),), ())
    assert ["`d`, which the project requires", "`b-c`, which `a` requires"] == list(map(str, found))
    assert [] == [each.name for each in lacking(made, (group("a", "d"),), {"d", "b-c"})]


def test_each_name_is_told_once() -> None:
    made = lock(package("a", x=LockedDependency("*")), package("b", x=LockedDependency("*")))
    assert ["x"] == [each.name for each in lacking(made, (group("a", "b", "x"),), ())]


@pytest.mark.parametrize(
    ("main", "markers", "is_told"),
    [
        ("", "", True),
        ("", 'sys_platform == "linux"', True),
        ("", 'sys_platform == "win32"', False),
        ('sys_platform == "win32"', "", False),
        ('extra == "more"', "", True),
        ("", 'extra == "more"', False),
    ],
)
def test_what_is_required_nowhere_that_the_lock_is_for_need_not_be_there(
    main: str, markers: str, *, is_told: bool
) -> None:
    made = lock(package("a", main, x=LockedDependency("*", markers=markers)))
    found = lacking(made, (), (), parse_marker('sys_platform == "linux"'))
    assert (["x"] if is_told else []) == [each.name for each in found]


def test_what_only_an_extra_brings_need_not_be_there() -> None:
    made = lock(package("a", x=LockedDependency("*", optional=True)))
    assert () == lacking(made, (group("a"),), ())


def test_an_installation_refuses_what_lacks_a_dependency_in_its_environment() -> None:
    made = lock(package("a", x=LockedDependency("*", markers='sys_platform == "linux"')))
    with pytest.raises(LockIncomplete, match="holds no `x` as `a` requires it"):
        require_dependencies(made, made.packages, LINUX, ())
    require_dependencies(made, made.packages, {**LINUX, "sys_platform": "darwin"}, ())
    require_dependencies(made, made.packages, LINUX, {"x"})
    require_dependencies(made, (), LINUX, ())
