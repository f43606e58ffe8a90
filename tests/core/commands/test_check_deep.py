from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.project.groups import Group
from chapbook_core.requirements.constraint import ANY
from chapbook_core.requirements.marker import ALWAYS
from chapbook_core.resolver.lock_check import Promise, choices
from tests.core.commands.inspected import DEMO, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook, Outcome


def change(folder: Path, before: str, after: str) -> None:
    text = (folder / "poetry.lock").read_text("utf-8")
    assert before in text
    (folder / "poetry.lock").write_text(text.replace(before, after, 1), "utf-8")


def errors(outcome: Outcome) -> list[str]:
    return [
        line.removeprefix("error: poetry.lock: ") for line in outcome.err.splitlines() if line.startswith("error: ")
    ]


@pytest.mark.usefixtures("locked_demo")
def test_a_lock_that_fits_is_well(chapbook: Chapbook) -> None:
    outcome = chapbook("check", "--lock", "--deep")
    assert (0, "All is well\n", "") == (outcome.status, outcome.out, outcome.err)


def test_only_a_deep_look_finds_a_version_that_a_requirement_excludes(locked_demo: Path, chapbook: Chapbook) -> None:
    change(locked_demo, 'version = "1.5"', 'version = "2.5"')
    assert 0 == chapbook("check", "--lock").status
    outcome = chapbook("check", "--lock", "--deep")
    assert 1 == outcome.status
    (line,) = errors(outcome)
    assert line.startswith("a 1.0 requires `b >=1,<2`, and 2.5 is selected (CPython 3.9.0 on linux x86_64")
    assert " and " in line
    assert line.endswith(" more)")


def test_a_package_that_is_missing_for_one_group_is_found(locked_demo: Path, chapbook: Chapbook) -> None:
    change(locked_demo, 'name = "b"', 'name = "bb"')
    found = errors(chapbook("check", "--deep"))
    assert any(line.startswith("a 1.0 requires `b >=1,<2`, and no b is selected") for line in found)
    assert any(line.startswith("t 1.0 requires `b >=1`, and no b is selected") for line in found)
    assert any(line.startswith("bb 1.5 is selected, and nothing requires it") for line in found)


def test_a_marker_that_is_too_narrow_shows_on_the_platform_it_forgets(locked_demo: Path, chapbook: Chapbook) -> None:
    change(
        locked_demo,
        'groups = ["dev"]\n',
        'groups = ["dev"]\nmarkers = "sys_platform != \\"darwin\\""\n',
    )
    line, *consequences = errors(chapbook("check", "--deep"))
    assert "the project requires `t <2`, and no t is selected (CPython 3.9.0 on darwin x86_64" in line
    assert all("is selected, and nothing requires it" in line for line in consequences)


def test_what_an_extra_brings_is_looked_at(locked_demo: Path, chapbook: Chapbook) -> None:
    change(locked_demo, 'markers = "extra == \\"plot\\""\n', 'markers = "extra == \\"plots\\""\n')
    (line,) = errors(chapbook("check", "--deep"))
    assert line.startswith("the project requires `p`, and no p is selected")
    assert "extras plot" in line


def test_a_python_that_a_package_does_not_run_on_is_found(locked_demo: Path, chapbook: Chapbook) -> None:
    change(locked_demo, 'python-versions = ">=3.8"', 'python-versions = ">=3.11"')
    (line,) = errors(chapbook("check", "--deep"))
    assert line.startswith("c 2.0 needs Python >=3.11 (CPython 3.9.0 on linux x86_64")


def test_a_stale_lock_is_held_against_what_the_project_requires_by_now(locked_demo: Path, chapbook: Chapbook) -> None:
    write_project(locked_demo, DEMO.replace('"a (>=1)"', '"a (>=1.1)"'))
    found = errors(chapbook("check", "--deep"))
    assert "was made from another state of pyproject.toml" in found[0]
    assert found[1].startswith("the project requires `a >=1.1`, and 1.0 is selected")


def test_two_versions_of_one_name_are_found(locked_demo: Path, chapbook: Chapbook) -> None:
    text = (locked_demo / "poetry.lock").read_text("utf-8")
    start = text.index('[[package]]\nname = "w"') if 'name = "w"' in text else text.index('[[package]]\nname = "t"')
    entry = text[text.index('[[package]]\nname = "s"') : start]
    (locked_demo / "poetry.lock").write_text(
        text.replace(entry, entry + entry.replace('version = "1.0"', 'version = "1.1"')), "utf-8"
    )
    found = errors(chapbook("check", "--deep"))
    assert any(line.startswith("s is selected as 1.0 and 1.1") for line in found)


@pytest.mark.usefixtures("folder")
def test_without_a_lock_there_is_nothing_deep_to_say(folder: Path, chapbook: Chapbook) -> None:
    write_project(folder)
    assert 0 == chapbook("check", "--deep").status
    assert 1 == chapbook("check", "--lock", "--deep").status


def test_conflicting_extras_are_never_asked_for_together() -> None:
    conflicts = (frozenset({("cpu", False), ("cuda", False)}), frozenset({("dev", True), ("docs", True)}))
    groups = tuple(Group(name, name, optional=False, requirements=()) for name in ("main", "dev", "docs"))
    asked = list(choices(Promise(groups, ("cpu", "cuda", "x"), ANY, ALWAYS, conflicts)))
    assert (frozenset({"main", "dev"}), frozenset({"cpu", "x"})) == asked[0]
    assert (frozenset({"docs"}), frozenset()) in asked
    assert (frozenset({"main"}), frozenset({"cuda"})) in asked
    for chosen_groups, extras in asked:
        assert not {"cpu", "cuda"} <= extras
        assert not {"dev", "docs"} <= chosen_groups
