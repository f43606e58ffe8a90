from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.installer.plan import (
    Install,
    Installed,
    Keep,
    Plan,
    PlanOptions,
    Remove,
    Skip,
    Step,
    Update,
    make_plan,
)
from chapbook_core.lock.lockfile import LockedDependency, LockedFile, LockedPackage, LockedSource

PROJECT = Path("/project").absolute()
FOLDER = LockedSource("directory", "../lib")
GIT = LockedSource("git", "https://example.org/lib.git", "main", "a" * 40)


def locked(name: str, version: str = "1.0", *needs: str, **more: object) -> LockedPackage:
    dependencies = {need: (LockedDependency(),) for need in needs}
    return LockedPackage(name, version, dependencies=dependencies, **more)  # type: ignore[arg-type]  # by keyword


def plan(*wanted: LockedPackage, installed: tuple[Installed, ...] = (), **options: object) -> Plan:
    return make_plan(installed, wanted, PROJECT, PlanOptions(**options))  # type: ignore[arg-type]  # by keyword


def told(plan: Plan) -> list[str]:
    return [_told(step) for step in plan.steps]


def _told(step: Step) -> str:
    match step:
        case Install(package):
            return f"+ {package.name} {package.version}"
        case Update(package, before, reason):
            return f"~ {package.name} {before} {package.version} {reason}".strip()
        case Remove(name, version):
            return f"- {name} {version}"
        case Keep(package):
            return f"= {package.name}"
        case Skip(package, reason):
            return f"s {package.name} {reason}"


def test_what_is_missing_is_installed() -> None:
    assert ["+ a 1.0"] == told(plan(locked("a")))


def test_what_is_there_is_kept_whatever_the_spelling_of_its_version() -> None:
    assert ["= a"] == told(plan(locked("a", "1.0"), installed=(Installed("a", "1"),)))
    assert plan(locked("a", "1.0"), installed=(Installed("a", "1"),)).is_empty


def test_another_version_is_an_update() -> None:
    assert ["~ a 0.9 1.0"] == told(plan(locked("a"), installed=(Installed("a", "0.9"),)))


def test_without_sync_nothing_is_removed() -> None:
    assert ["= a"] == told(plan(locked("a"), installed=(Installed("a", "1.0"), Installed("b", "1.0"))))


def test_sync_removes_what_nobody_wants_but_neither_pip_nor_the_project() -> None:
    present = tuple(Installed(name, "1.0") for name in ("b", "pip", "project", "a"))
    assert ["- b 1.0", "= a"] == told(plan(locked("a"), installed=present, sync=True, project_name="project"))


def test_a_locked_pip_is_updated_as_anything_else() -> None:
    assert ["~ pip 1 2"] == told(plan(locked("pip", "2"), installed=(Installed("pip", "1"),), sync=True))


def test_dependencies_come_before_what_needs_them() -> None:
    steps = told(plan(locked("app", "1.0", "Mid_Dle", "base"), locked("mid-dle", "1.0", "base"), locked("base")))
    assert ["+ base 1.0", "+ mid-dle 1.0", "+ app 1.0"] == steps


def test_a_circle_of_dependencies_has_an_order_too() -> None:
    steps = told(plan(locked("a", "1.0", "b"), locked("b", "1.0", "a"), locked("c", "1.0", "a")))
    assert ["+ a 1.0", "+ b 1.0", "+ c 1.0"] == sorted(steps)
    assert steps[-1] == "+ c 1.0"


def test_a_long_chain_has_an_order_too() -> None:
    chain = [locked(f"p{n}", "1.0", f"p{n + 1}") for n in range(3000)]
    assert "+ p2999 1.0" == told(plan(*chain))[0]


def test_a_damaged_distribution_is_put_in_anew() -> None:
    assert ["~ a 1.0 1.0 it has no RECORD"] == told(
        plan(locked("a"), installed=(Installed("a", "1.0", damage="it has no RECORD"),))
    )


def test_packages_in_folders_can_be_left_alone() -> None:
    assert ["s a it is in a folder", "+ b 1.0"] == told(
        plan(locked("a", source=FOLDER), locked("b"), directories=False)
    )


def test_another_index_makes_no_difference() -> None:
    other = LockedSource("legacy", "https://example.org/simple", "other")
    assert ["= a"] == told(plan(locked("a", source=other), installed=(Installed("a", "1.0"),)))


@pytest.mark.parametrize(
    ("package", "direct_url"),
    [
        (locked("a", source=FOLDER, develop=True), {"url": "file:///lib", "dir_info": {"editable": True}}),
        (locked("a", source=FOLDER), {"url": "file:///lib", "dir_info": {}}),
        (
            locked("a", source=GIT),
            {"url": "https://example.org/lib", "vcs_info": {"vcs": "git", "commit_id": "a" * 40}},
        ),
        (
            locked("a", source=LockedSource("url", "https://example.org/a.whl")),
            {"url": "https://example.org/a.whl", "archive_info": {}},
        ),
    ],
)
def test_what_comes_from_the_locked_place_is_kept(package: LockedPackage, direct_url: dict[str, object]) -> None:
    assert ["= a"] == told(plan(package, installed=(Installed("a", "1.0", direct_url),)))


@pytest.mark.parametrize(
    ("package", "direct_url", "reason"),
    [
        (locked("a"), {"url": "file:///lib", "dir_info": {}}, "it came from file:///lib, not from an index"),
        (locked("a", source=GIT), None, "it came from an index, not from https://example.org/lib.git"),
        (locked("a", source=FOLDER), {"url": "file:///lib", "dir_info": {"editable": True}}, "it was editable"),
        (locked("a", source=FOLDER, develop=True), {"url": "file:///lib", "dir_info": {}}, "it was not editable"),
        (locked("a", source=FOLDER), {"url": "file:///other", "dir_info": {}}, "it came from file:///other"),
        (
            locked("a", source=GIT),
            {"url": "https://example.org/lib.git", "vcs_info": {"vcs": "git", "commit_id": "b" * 40}},
            f"it was of the commit {'b' * 10}",
        ),
        (
            locked("a", source=FOLDER),
            {"url": "https://example.org/a.whl", "archive_info": {}},
            "it came from https://example.org/a.whl",
        ),
        (
            locked(
                "a",
                source=LockedSource("url", "https://example.org/a.whl"),
                files=(LockedFile("a.whl", "sha256:00"),),
            ),
            {"url": "https://example.org/a.whl", "archive_info": {"hashes": {"sha256": "11"}}},
            "it came from another archive of that address",
        ),
    ],
)
def test_what_comes_from_elsewhere_is_put_in_anew(
    package: LockedPackage, direct_url: dict[str, object] | None, reason: str
) -> None:
    assert [f"~ a 1.0 1.0 {reason}"] == told(plan(package, installed=(Installed("a", "1.0", direct_url),)))


def test_a_plan_names_what_arrives_and_what_leaves() -> None:
    made = plan(locked("a"), locked("b", "2"), installed=(Installed("b", "1"), Installed("c", "1")), sync=True)
    assert ["a", "b"] == sorted(package.name for package in made.arriving)
    assert ("c", "b") == made.leaving
