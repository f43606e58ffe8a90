from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chapbook_core.lock.former_selection import LockIncomplete
from chapbook_core.lock.lockfile import Lock, LockedDependency, LockedPackage
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.selection import LockedTwice, PythonNotLocked, applicable, select
from chapbook_core.lock.wanted import UnknownExtra, UnknownGroup, choose_extras, choose_groups
from chapbook_core.project.groups import Group
from chapbook_core.requirements.requirement import Requirement, parse_requirement
from chapbook_core.requirements.target import Target

LINUX = Target("3.11.4").environment()
WINDOWS = Target("3.11.4", "win32", "AMD64").environment()
OLD = Target("3.9.0").environment()


def lock(*packages: LockedPackage, version: str = "2.1", python: str = ">=3.9", **extras: tuple[str, ...]) -> Lock:
    return Lock(packages, python, "00", extras, version)


def package(name: str, version: str = "1", *groups: str, **markers: str) -> LockedPackage:
    return LockedPackage(name, version, groups=groups or ("main",), markers=markers)


def names(packages: tuple[LockedPackage, ...]) -> list[str]:
    return [f"{package.name} {package.version}" for package in packages]


def group(name: str, *texts: str | Requirement, optional: bool = False) -> Group:
    requirements = (parse_requirement(text) if isinstance(text, str) else text for text in texts)
    return Group(name, name, optional, tuple(requirements))


def test_a_package_is_selected_when_one_of_its_groups_is_wanted() -> None:
    made = lock(package("a"), package("b", "1", "dev"), package("c", "1", "main", "docs"))
    assert ["a 1", "c 1"] == names(select(made, LINUX, {"main"}, ()))
    assert ["b 1", "c 1"] == names(select(made, LINUX, {"dev", "docs"}, ()))
    assert [] == names(select(made, LINUX, (), ()))


def test_the_marker_of_a_group_that_is_not_wanted_does_not_count() -> None:
    made = lock(package("a", "1", "main", "dev", main='sys_platform == "win32"'))
    assert [] == names(select(made, LINUX, {"main"}, ()))
    assert ["a 1"] == names(select(made, WINDOWS, {"main"}, ()))
    assert ["a 1"] == names(select(made, LINUX, {"main", "dev"}, ()))


def test_an_extra_is_compared_with_all_that_are_asked_for() -> None:
    made = lock(
        package("a", main='extra == "x" or extra == "y"'),
        package("b", main='extra == "x" and extra != "y"'),
        x=("a", "b"),
        y=("a",),
    )
    assert [] == names(select(made, LINUX, {"main"}, ()))
    assert ["a 1", "b 1"] == names(select(made, LINUX, {"main"}, {"X"}))
    assert ["a 1"] == names(select(made, LINUX, {"main"}, {"x", "y"}))


def test_what_only_exclusive_extras_bring_is_applicable_all_the_same() -> None:
    made = lock(
        package("torch", "1", main='extra == "cpu" and extra != "cuda"'),
        package("torch", "2", main='extra == "cuda" and extra != "cpu"'),
        package("win", main='sys_platform == "win32" and extra == "cpu"'),
        cpu=("torch", "win"),
        cuda=("torch",),
    )
    assert ["torch 1", "torch 2"] == names(applicable(made, LINUX, {"main"}))


def test_two_versions_of_one_name_are_an_error() -> None:
    first, second = package("a", "1", main='extra == "x"'), package("a", "2", main='extra == "y"')
    made = lock(first, package("b"), second, x=("a",), y=("a",))
    assert ["b 1", "a 2"] == names(select(made, LINUX, {"main"}, {"y"}))
    with pytest.raises(LockedTwice, match="selects `a` as 1 and as 2 for one environment"):
        select(made, LINUX, {"main"}, {"x", "y"})


@pytest.mark.parametrize(
    ("python", "allowed"),
    [("3.9.0", True), ("3.8.20", False), ("3.12.9", True), ("3.13.0", False), ("3.13.0rc1", False)],
)
def test_the_python_must_be_one_the_lock_is_for(python: str, allowed: bool) -> None:
    made = lock(package("a"), python="^3.9,<3.13")
    environment = Target(python).environment()
    if allowed:
        assert ["a 1"] == names(select(made, environment, {"main"}, ()))
    else:
        with pytest.raises(PythonNotLocked, match=rf"Python {python} is not among those the lock is for: \^3.9,<3.13"):
            select(made, environment, {"main"}, ())


def test_an_unknown_extra_is_named_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownExtra, match="the project has no extra `sokcs`") as caught:
        select(lock(socks=()), LINUX, {"main"}, {"sokcs"})
    assert ("did you mean `socks`?",) == caught.value.hints


def test_the_wanted_groups_are_those_not_optional_unless_told_otherwise() -> None:
    groups = (group("main"), group("dev"), group("docs", optional=True))
    assert {"main", "dev"} == choose_groups(groups)
    assert {"main", "dev", "docs"} == choose_groups(groups, with_groups=["Docs"])
    assert {"main"} == choose_groups(groups, without=["dev"])
    assert {"main", "docs"} == choose_groups(groups, with_groups=["dev", "docs"], without=["dev"])
    assert {"dev"} == choose_groups(groups, only=["dev"], with_groups=["docs"], without=["dev"])
    assert {"main", "dev", "docs"} == choose_groups(groups, every=True)
    assert {"dev", "docs"} == choose_groups(groups, every=True, without=["main"])


def test_every_unknown_group_is_named() -> None:
    with pytest.raises(UnknownGroup, match="the project has no groups `dve`, `x`") as caught:
        choose_groups((group("main"), group("dev")), with_groups=["dve", "main"], without=["x"])
    assert ("did you mean `dev`?",) == caught.value.hints
    with pytest.raises(UnknownGroup) as caught:
        choose_groups((group("main"), group("dev")), only=["zzz"])
    assert ("its groups are `main`, `dev`",) == caught.value.hints


def test_extras_are_wanted_by_any_spelling() -> None:
    assert set() == choose_extras(["big-data"])
    assert {"big-data"} == choose_extras(["big-data"], ["Big_Data"])
    assert {"big-data", "x"} == choose_extras(["big-data", "x"], every=True)
    with pytest.raises(UnknownExtra) as caught:
        choose_extras([], ["x"])
    assert ("it has no extras",) == caught.value.hints


# Locks before 2.1 do not say which group needs a package, so the way from the project's requirements decides.


def former(name: str, version: str = "1", *, python: str = "*", **dependencies: object) -> LockedPackage:
    table = {
        key: tuple(value)
        if isinstance(value, list)
        else (value,)
        if isinstance(value, LockedDependency)
        else (LockedDependency(str(value)),)
        for key, value in dependencies.items()
    }
    return LockedPackage(name, version, groups=(), python_versions=python, dependencies=table)


def test_a_former_lock_is_followed_from_the_wanted_groups() -> None:
    made = lock(former("a", B_b=">=1"), former("b-b"), former("c"), former("d"), version="2.0")
    groups = (group("main", "a", 'd; sys_platform == "win32"'), group("dev", "c"))
    assert ["a 1", "b-b 1"] == names(select(made, LINUX, {"main"}, (), project=groups))
    assert ["a 1", "b-b 1", "c 1", "d 1"] == names(select(made, WINDOWS, {"main", "dev"}, (), project=groups))
    assert ["c 1"] == names(select(made, LINUX, {"dev"}, (), project=groups))


def test_a_former_lock_follows_extras_of_packages_and_of_the_project() -> None:
    socks = LockedDependency(">=1", optional=True, markers='extra == "socks"')
    made = lock(former("requests", pysocks=socks), former("pysocks"), former("tqdm"), version="1.1", progress=("tqdm",))
    bar = replace(parse_requirement("tqdm"), in_extras=frozenset({"progress"}), optional=True)
    plain, full = (group("main", text, bar) for text in ("requests", "requests[socks]"))
    assert ["requests 1"] == names(select(made, LINUX, {"main"}, (), project=[plain]))
    assert ["requests 1", "pysocks 1"] == names(select(made, LINUX, {"main"}, (), project=[full]))
    assert ["requests 1", "tqdm 1"] == names(select(made, LINUX, {"main"}, {"progress"}, project=[plain]))


def test_an_old_lock_may_name_an_extra_only_in_its_table() -> None:
    optional = LockedDependency("*", optional=True)
    one = LockedPackage(
        "a", "1", groups=(), dependencies={"B": (optional,)}, extras={"x": ("b (>=1)",), "y": ("other",)}
    )
    made = lock(one, former("b"), version="1.1")
    assert ["a 1"] == names(select(made, LINUX, {"main"}, (), project=[group("main", "a[y]")]))
    assert ["a 1", "b 1"] == names(select(made, LINUX, {"main"}, (), project=[group("main", "a[x]")]))


def test_of_several_versions_the_newest_that_contradicts_nothing_is_taken() -> None:
    made = lock(
        former("a", numpy=">=1"),
        former("b", numpy="<2"),
        former("numpy", "1.5"),
        former("numpy", "2.0"),
        former("numpy", "3.0", python=">=3.12"),
        version="2.0",
    )
    assert ["a 1", "numpy 2.0"] == names(select(made, LINUX, {"main"}, (), project=[group("main", "a")]))
    assert ["a 1", "b 1", "numpy 1.5"] == names(select(made, LINUX, {"main"}, (), project=[group("main", "a", "b")]))


def test_a_former_lock_that_lacks_something_says_what() -> None:
    made = lock(former("a", b=">=2"), former("b", "1"), version="2.0")
    with pytest.raises(LockIncomplete, match="the lock holds no `b` as `a` requires it"):
        select(made, LINUX, {"main"}, (), project=[group("main", "a")])
    with pytest.raises(LockIncomplete, match="the lock holds no `c` as the project requires it"):
        select(made, LINUX, {"main"}, (), project=[group("main", "c")])


def test_a_circle_in_a_former_lock_is_walked_once() -> None:
    made = lock(former("a", b="*"), former("b", a="*"), version="2.0")
    assert ["a 1", "b 1"] == names(select(made, LINUX, {"main"}, (), project=[group("main", "b")]))


def test_a_lock_of_poetry_selects_what_its_groups_say() -> None:
    file = Path(__file__).with_name("every_form.lock")
    made = read_lock(file.read_text(encoding="utf-8"), file)
    chosen = names(select(made, LINUX, {"docs-x"}, ()))
    assert "apple 1.0" in chosen
    assert "apple 1.0" not in names(select(made, LINUX, {"main"}, ()))
    assert "banana 1.10" in names(select(made, LINUX, {"main"}, ()))
    with pytest.raises(LockedTwice):
        select(made, LINUX, {"main"}, made.extras)
