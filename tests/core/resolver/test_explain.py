from __future__ import annotations

from typing import Any

import pytest

from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.resolver.explain import NoSolution
from tests.fakes.world import Tables, solve_world


def failure(packages: Tables, **project: Any) -> NoSolution:
    with pytest.raises(NoSolution) as caught:
        solve_world(packages, {"python": ">=3.10", **project})
    return caught.value


def test_the_story_leads_from_the_project_to_the_contradiction() -> None:
    told = failure({"a": {"1": {"requires": ["b<2"]}}, "b": {"1": {}, "2": {}}}, requires=["a", "b>=2"])
    assert told.message.splitlines() == [
        "no solution, because",
        "  - the project requires a",
        "  - a 1 requires b <2",
        "  - the project requires b >=2",
    ]


def test_the_project_is_called_by_its_name() -> None:
    assert failure({}, requires=["a"], name="thesis").message.startswith("no solution: thesis requires a")


def test_nothing_that_could_be_left_out_is_told() -> None:
    packages = {
        "x": {str(version): {"requires": ["a"]} for version in range(1, 4)},
        "a": {"1": {"requires": ["b<2"]}},
        "b": {"1": {}, "2": {}},
    }
    told = failure(packages, requires=["x", "a", "b>=2"])
    assert [(line.subject, line.object) for line in told.story.lines] == [("", "a"), ("a", "b"), ("", "b")]


def test_the_story_is_data_as_well() -> None:
    told = failure({"a": {"1": {"python": ">=3.12"}}}, requires=["a"])
    assert told.story.environment == "on Python >=3.10,<3.12"
    assert [line.text for line in told.story.lines] == ["the project requires a", "a 1 needs Python >=3.12"]
    assert [requirement.dependency.name for requirement in told.requirements] == ["a"]
    assert Marker(told.region) == parse_marker("python_version >= '3.10' and python_version < '3.12'")


def test_a_region_that_is_not_about_python_is_told_as_a_marker() -> None:
    packages = {"a": {"1": {"requires": ["b<2 ; sys_platform == 'win32'"]}}, "b": {"1": {}, "2": {}}}
    told = failure(packages, requires=["a", "b>=2"])
    assert told.story.environment == 'where sys_platform == "win32"'


def test_groups_and_extras_of_the_project_are_named() -> None:
    packages: dict[str, Any] = {"a": {"1": {}, "2": {}}}
    told = failure(packages, requires=[], groups={"dev": ["a<2"]}, extras={"net": ["a>=2"]})
    assert "requires a <2 in its group dev" in told.message
    assert "requires a >=2 for its extra net" in told.message


def test_where_a_package_was_looked_for_is_told() -> None:
    told = failure({}, requires=["a"], sources={"a": "company"})
    assert "a from source company" in told.message


def test_versions_are_summed_up() -> None:
    packages: dict[str, dict[str, Any]] = {"a": {"1": {}, "2": {"requires": ["b"]}}}
    assert "a 2 requires b" in failure(packages, requires=["a>=2"]).message
    packages["a"]["3"] = {"requires": ["b"]}
    assert "every such version of a requires b" in failure(packages, requires=["a>=2"]).message


def test_a_long_story_is_cut() -> None:
    packages = {
        "a": {"1": {"requires": ["b0"]}},
        **{f"b{number}": {"1": {"requires": [f"b{number + 1}"]}} for number in range(19)},
        "b19": {"1": {"requires": ["c<2"]}},
        "c": {"1": {}, "2": {}},
    }
    told = failure(packages, requires=["a", "c>=2"])
    assert len(told.message.splitlines()) == 14
    assert told.message.endswith("more of the kind")
    assert len(told.story.lines) == 23
