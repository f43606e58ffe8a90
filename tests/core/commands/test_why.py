from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.inspected import DEMO, assert_golden, serve_newer, write_project
from tests.fakes.index import FakeIndex, reply_faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

    Why = Callable[..., str]


@pytest.fixture
def why(aged_demo: Path, chapbook: Chapbook) -> Why:
    """Ask about a package; what is told below the tree."""
    assert aged_demo.is_dir()

    def ask(name: str, *words: str) -> str:
        outcome = chapbook("--no-cache", "why", name, *words)
        assert 0 == outcome.status, outcome.err
        return outcome.out.partition("\n\n")[2]

    return ask


@pytest.mark.usefixtures("aged_demo")
def test_every_way_is_told_and_the_requirement_that_excludes_the_newest(chapbook: Chapbook) -> None:
    assert_golden("why-package", chapbook("--no-cache", "why", "B").out)


@pytest.mark.usefixtures("aged_demo")
def test_a_newest_version_that_the_projects_pythons_do_not_run_is_held_back_by_them(chapbook: Chapbook) -> None:
    assert_golden("why-python", chapbook("--no-cache", "why", "c").out)


def test_the_projects_own_requirement_is_named_with_what_would_change_it(why: Why, index: FakeIndex) -> None:
    index.serve("t", "2.0")
    told = why("t")
    assert "t 1.0 is locked, and 2.0 is held back:\n" in told
    assert "  the project requires `t <2` in the group `dev`\n" in told
    assert "hint: run `chapbook add t@latest --group dev` to require the newest version\n" in told


def test_where_nothing_holds_it_back_it_says_so(why: Why) -> None:
    expected = "a 1.0 is locked, and 1.1 is the newest version; nothing holds it back: run `chapbook update a`\n"
    assert expected == why("a")


def test_yanked_versions_and_prereleases_are_not_the_newest(why: Why) -> None:
    assert "t 1.0 is the newest version\n" == why("t")
    assert "f 1.0 is the newest version\n" == why("f")


def test_a_version_between_that_nothing_holds_back_is_offered(why: Why, index: FakeIndex) -> None:
    index.serve("b", "1.8")
    index.serve("b", "1.9", python=">=3.11")
    told = why("b")
    assert "  `a 1.0` requires `b >=1,<2`\n" in told
    assert "up to 1.8 nothing holds it back: run `chapbook update b`\n" in told


def test_a_newest_version_whose_own_needs_contradict_others_is_held_back_by_those(why: Why, index: FakeIndex) -> None:
    index.serve("a", "1.2", requires=["t>=2", "c>=1", "nobody>=9; extra == 'x'"])
    told = why("a")
    assert "a 1.0 is locked, and 1.2 is held back:\n  it needs `t >=2`, and the project requires `<2`\n" in told


def test_a_newer_version_of_what_is_in_the_way_may_step_aside(why: Why, aged_demo: Path, index: FakeIndex) -> None:
    index.serve("a", "1.1", requires=["b>=2"])
    assert "hint: `a 1.1` allows it: run `chapbook update a b`\n" in why("b")
    write_project(aged_demo, DEMO.replace('"a (>=1)"', '"a (<1.1)"'))
    assert "hint: `a 1.1` allows it, and is held back itself: see `chapbook why a`\n" in why("b")
    index.serve("a", "1.1", requires=["b<2"])
    assert "hint" not in why("b")


def test_no_update_is_advised_while_something_else_stays_in_the_way(
    why: Why, aged_demo: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    index.serve("t", "1.0", requires=["b<2"])
    index.remove("b", "2.0")
    index.remove("a", "1.1")
    assert 0 == chapbook("--no-cache", "lock", "--regenerate").status
    assert aged_demo.is_dir()
    serve_newer(index)
    assert why("b").endswith("hint: `a 1.1` allows it\n")


def test_constraints_overrides_and_policies_hold_back_too(why: Why, aged_demo: Path, index: FakeIndex) -> None:
    write_project(aged_demo, DEMO + '\n[tool.chapbook]\nconstraints = ["a<1.1"]\noverrides = ["b<1.9"]\n')
    assert "`[tool.chapbook] constraints` holds `a (<1.1)`" in why("a")
    told = why("b")
    assert "`[tool.chapbook] overrides` holds `b (<1.9)`" in told
    assert "`a 1.0` requires" not in told

    index.serve("a", "1.3", uploaded="2025-06-01T00:00:00Z")
    write_project(aged_demo, DEMO + '\n[tool.chapbook]\nexclude-newer = "2025-01-01T00:00:00Z"\n')
    told = why("a")
    assert "1.3 is held back:\n  `a 1.3` " in told
    assert "up to 1.1 nothing holds it back" in told


def test_the_marker_is_told_where_it_matters(why: Why, aged_demo: Path, chapbook: Chapbook, index: FakeIndex) -> None:
    index.serve("a", "1.1", requires=["b<1.6; sys_platform == 'win32'", "b>=1"])
    index.remove("b", "2.0")
    write_project(aged_demo)
    assert 0 == chapbook("--no-cache", "lock", "--regenerate").status
    index.serve("b", "1.7")
    told = why("b")
    assert '  `a 1.1` requires `b <1.6` ; sys_platform == "win32"\n' in told
    assert '(<1.6) ; sys_platform == "win32"\n' in chapbook("--no-cache", "why", "b").out


def test_each_of_several_locked_versions_has_its_own_prospect(
    why: Why, aged_demo: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    write_project(
        aged_demo, DEMO.replace('"a (>=1)"', "\"w<2; sys_platform == 'win32'\", \"w>=2; sys_platform != 'win32'\"")
    )
    index.serve("w", "2.0")
    assert 0 == chapbook("--no-cache", "lock").status
    told = why("w")
    assert "w 1.0 is locked, and 2.0 is held back:\n  the project requires `w <2` ; sys_platform" in told
    assert told.endswith("w 2.0 is the newest version\n")


def test_an_index_that_fails_leaves_what_the_lock_tells(aged_demo: Path, chapbook: Chapbook, index: FakeIndex) -> None:
    assert aged_demo.is_dir()
    index.faults.always("/simple/b/", reply_faults.status(404))
    told = chapbook("--no-cache", "why", "b")
    assert 0 == told.status
    assert "└── b 1.5 (>=1)" in told.out
    outcome = chapbook("--no-cache", "why", "b", "--offline")
    assert 0 == outcome.status
    assert "└── b 1.5 (>=1)" in outcome.out


@pytest.mark.usefixtures("aged_demo")
def test_the_ways_are_steps_in_json(chapbook: Chapbook) -> None:
    told = json.loads(chapbook("--no-cache", "why", "b", "--format=json").out)
    assert "b" == told["name"]
    steps = {(step["parent"], step["child"], step["constraint"], step["group"]) for step in told["steps"]}
    assert {("", "a", ">=1", "main"), ("", "t", "<2", "dev"), ("a", "b", ">=1,<2", ""), ("t", "b", ">=1", "")} == steps
    (version,) = told["versions"]
    assert ("1.5", "2.0", "package", "a 1.0") == (
        version["version"],
        version["newest"],
        version["holds"][0]["kind"],
        version["holds"][0]["by"],
    )


@pytest.mark.usefixtures("aged_demo")
def test_a_package_that_is_not_locked_is_an_error(chapbook: Chapbook) -> None:
    outcome = chapbook("why", "zz")
    assert (1, "error: the lock does not hold `zz`\nhint: run `chapbook add zz`\n") == (outcome.status, outcome.err)
