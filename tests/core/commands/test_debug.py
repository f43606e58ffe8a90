from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.inspected import DEMO, assert_golden, serve_newer, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook, Outcome
    from tests.fakes.index import FakeIndex


def resolved(outcome: Outcome) -> dict[str, str]:
    assert 0 == outcome.status, outcome.err
    return {one["name"]: one["version"] for one in json.loads(outcome.out)}


def test_the_project_is_resolved_and_nothing_is_written(demo: Path, chapbook: Chapbook) -> None:
    before = sorted(path.name for path in demo.iterdir())
    outcome = chapbook("--no-cache", "debug", "resolve")
    assert_golden("debug-resolve", outcome.out)
    assert before == sorted(path.name for path in demo.iterdir())


def test_a_lock_that_is_there_is_neither_kept_to_nor_changed(demo: Path, chapbook: Chapbook, index: FakeIndex) -> None:
    assert 0 == chapbook("--no-cache", "lock").status
    lock = (demo / "poetry.lock").read_bytes()
    serve_newer(index)
    assert "1.1" == resolved(chapbook("--no-cache", "debug", "resolve", "--format=json"))["a"]
    assert lock == (demo / "poetry.lock").read_bytes()


@pytest.mark.usefixtures("demo")
def test_packages_are_resolved_by_themselves(chapbook: Chapbook) -> None:
    outcome = chapbook("--no-cache", "debug", "resolve", "b@^1", "s", "-f", "json")
    assert {"b": "1.5", "c": "2.0", "s": "1.0"} == resolved(outcome)


@pytest.mark.usefixtures("demo")
def test_extras_are_those_of_the_packages(chapbook: Chapbook) -> None:
    assert ["c"] == list(resolved(chapbook("--no-cache", "debug", "resolve", "c", "-f", "json")))
    assert ["c", "f"] == list(resolved(chapbook("--no-cache", "debug", "resolve", "c", "-E", "fast", "-f", "json")))


@pytest.mark.usefixtures("demo")
def test_without_packages_extras_are_those_of_the_project(chapbook: Chapbook, index: FakeIndex, demo: Path) -> None:
    index.serve("q", "1.0")
    write_project(demo, DEMO.replace('plot = ["p"]', 'plot = ["p"]\nquick = ["q"]'))
    assert {"p", "q"} <= resolved(chapbook("--no-cache", "debug", "resolve", "-f", "json")).keys()
    plot = resolved(chapbook("--no-cache", "debug", "resolve", "-E", "plot", "-f", "json"))
    assert ("p" in plot, "q" in plot) == (True, False)
    outcome = chapbook("--no-cache", "debug", "resolve", "-E", "plo")
    assert (1, "error: the project has no extra `plo`\nhint: did you mean `plot`?\n") == (outcome.status, outcome.err)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("python", "version"), [("3.12", "2.1"), (">=3.12", "2.1"), ("~3.12.1", "2.1"), ("3.11", "2.0")]
)
def test_it_is_resolved_for_other_pythons(chapbook: Chapbook, index: FakeIndex, python: str, version: str) -> None:
    serve_newer(index)
    outcome = chapbook("--no-cache", "debug", "resolve", "c", "--python", python, "--format=json")
    assert {"c": version} == resolved(outcome)


@pytest.mark.usefixtures("demo")
def test_the_solution_can_be_a_tree(chapbook: Chapbook) -> None:
    assert_golden("debug-resolve-tree", chapbook("--no-cache", "debug", "resolve", "a", "--tree").out)


@pytest.mark.usefixtures("demo")
def test_where_a_version_is_chosen_is_told(chapbook: Chapbook, index: FakeIndex) -> None:
    index.serve("m", "1.0", requires=["w; sys_platform == 'win32'"])
    outcome = chapbook("--no-cache", "debug", "resolve", "m")
    assert 'm  1.0\nw  1.0  sys_platform == "win32"\n2 packages; nothing was written\n' == outcome.out


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a>=9"], "error: "),
        (["--python", "x"], "error: "),
        (["https://example.org/x.git"], "error: "),
        (["--offline", "--refresh"], "error: "),
    ],
)
def test_what_cannot_be_resolved_is_told(chapbook: Chapbook, words: list[str], message: str) -> None:
    outcome = chapbook("--no-cache", "debug", "resolve", *words)
    assert outcome.status in (1, 2)
    assert outcome.err.startswith(message)
    assert "bug in Chapbook" not in outcome.err
