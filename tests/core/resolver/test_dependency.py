from __future__ import annotations

from dataclasses import replace

import pytest

from chapbook_core.requirements.marker import Marker
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.resolver.dependency import dependencies_of, root_requirements


def conditions(text: str) -> dict[str, str]:
    return {
        dependency.extra: Marker(dependency.region).text() for dependency in dependencies_of(parse_requirement(text))
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", {"": ""}),
        ("a ; sys_platform == 'win32'", {"": 'sys_platform == "win32"'}),
        ("a ; extra == 'x'", {"x": ""}),
        ("a ; extra == 'x' or extra == 'y'", {"x": "", "y": ""}),
        ("a ; extra == 'x' and sys_platform == 'win32'", {"x": 'sys_platform == "win32"'}),
        (
            "a ; extra == 'x' or sys_platform == 'win32'",
            {"": 'sys_platform == "win32"', "x": 'sys_platform != "win32"'},
        ),
        ("a ; extra != 'x'", {"": ""}),
        ("a ; extra == 'x' and extra == 'y'", {}),
        ("a ; python_version < '3' and python_version > '3'", {}),
    ],
)
def test_a_requirement_is_split_by_the_extras_that_bring_it(text: str, expected: dict[str, str]) -> None:
    assert conditions(text) == expected


def test_what_is_asked_of_the_package_is_kept() -> None:
    (dependency,) = dependencies_of(parse_requirement("A.b[Y,x]>=1,<2"))
    assert (dependency.name, dependency.extras, dependency.constraint) == ("a-b", ("x", "y"), ">=1,<2")
    assert dependency.origin is None


def test_a_direct_reference_keeps_its_origin() -> None:
    (dependency,) = dependencies_of(parse_requirement("a @ https://example.org/a-1.0.tar.gz"))
    assert dependency.origin is not None
    assert dependency.constraint == "*"


def test_the_project_requires_once_for_each_of_its_extras() -> None:
    requirement = replace(parse_requirement("a>=1"), in_extras=frozenset({"y", "x"}))
    roots = list(root_requirements(requirement, "main"))
    assert [root.dependency.extra for root in roots] == ["x", "y"]


def test_what_the_projects_markers_say_of_extras_stays_in_them() -> None:
    (root,) = root_requirements(parse_requirement("a ; extra == 'x' and extra != 'y'"))
    assert root.dependency.extra == ""
    assert Marker(root.dependency.region).extras() == {"x", "y"}
