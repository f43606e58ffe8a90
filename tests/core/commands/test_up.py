from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands import up
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched
from tests.core.commands.changed import LEGACY, Project
from tests.core.commands.inside import Answering, perform_inside, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    for version in ("1.0.0", "1.5.0", "2.3.4"):
        index.serve("a", version)
        index.serve("b", version, requires=["c"])
        index.serve("c", version)
    return index


@pytest.fixture
def project(connected: Path) -> Project:
    return Project(connected)


def test_every_constraint_is_raised_in_its_style(project: Project, chapbook: Chapbook) -> None:
    project.require(
        "a (>=1.0.0,<2.0.0)", "b>=1.0 ; python_version < '4'", rest='\n[dependency-groups]\ndev = ["c==1.0.0"]\n'
    )
    chapbook("lock")
    outcome = chapbook("up", "--lock")
    assert 0 == outcome.status, outcome.err
    assert '"a (>=2.3.4,<3.0.0)"' in project.text
    assert "\"b>=2.3 ; python_version < '4'\"" in project.text
    assert 'dev = ["c==2.3.4"]' in project.text
    assert ["a 2.3.4", "b 2.3.4", "c 2.3.4"] == project.pins
    assert "Raised in pyproject.toml:" in outcome.out
    assert 0 == chapbook("lock", "--check").status
    assert "Every constraint stands at the newest release" in chapbook("up", "--lock").out


def test_the_tables_of_poetry_are_raised_too(project: Project, chapbook: Chapbook) -> None:
    groups = '\n[tool.poetry.group.dev.dependencies]\nc = {version = "~1.0", markers = "python_version >= \'3\'"}\n'
    project.write(f'{LEGACY}a = "^1.0"  # why\nb = "*"\n{groups}')
    outcome = chapbook("up", "--lock")
    assert 0 == outcome.status, outcome.err
    assert 'a = "^2.3"  # why\nb = "*"\n' in project.text
    assert 'c = {version = "~2.3", markers' in project.text


def test_only_what_is_named_is_raised(project: Project, chapbook: Chapbook) -> None:
    dev = '\n[dependency-groups]\ndev = ["c==1.0.0"]\n'
    project.require("a (>=1.0.0,<2.0.0)", "b>=1.0,<2", rest=dev)
    chapbook("lock")
    chapbook("up", "A", "--lock")
    assert ["a 2.3.4", "b 1.5.0", "c 1.0.0"] == project.pins
    chapbook("up", "--group", "dev", "--lock")
    assert ["a 2.3.4", "b 1.5.0", "c 2.3.4"] == project.pins
    assert '"b>=1.0,<2"' in project.text


def test_where_the_newest_do_not_fit_the_newest_are_taken_that_do(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("d", "1.0.0", requires=["a<2"])
    project.require("a (>=1.0.0,<1.1.0)", "d==1.0.0", "b (>=1.0.0,<2.0.0)")
    outcome = chapbook("up", "--lock")
    assert 0 == outcome.status, outcome.err
    assert '"a (>=1.5.0,<1.6.0)"' in project.text
    assert '"b (>=2.3.4,<3.0.0)"' in project.text
    assert "`a` is not raised to 2.3.4: it does not fit with the rest" in outcome.out
    assert 0 == chapbook("lock", "--check").status


def test_nothing_is_ever_lowered(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("d", "1.0.0", requires=["a<1.2"])
    index.serve("d", "1.1.0", requires=["a<1"])
    project.require("a>=1.0.0", "d>=1.0.0")
    outcome = chapbook("up", "--lock")
    assert 0 == outcome.status, outcome.err
    assert ["a 1.0.0", "d 1.0.0"] == project.pins
    assert '"a>=1.0.0"' in project.text


def test_prereleases_are_taken_when_asked_for(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "3.0a1")
    project.require("a>=1.0")
    chapbook("up", "--dry-run")
    chapbook("up", "--pre", "--lock")
    assert '"a>=3.0a1"' in project.text
    assert ["a 3.0a1"] == project.pins


def test_a_package_that_is_required_several_times_is_left_and_told(project: Project, chapbook: Chapbook) -> None:
    project.require("a<1.2 ; python_version < '3.10'", "a>=1.0,<2 ; python_version >= '3.10'", "b (>=1.0.0,<2.0.0)")
    outcome = chapbook("up", "--lock")
    assert "`a` is not raised to 2.3.4: it is required several times" in outcome.out
    assert '"b (>=2.3.4,<3.0.0)"' in project.text
    assert '"a>=1.0,<2 ; ' in project.text


def test_a_constraint_without_a_place_for_the_newest_is_told(project: Project, chapbook: Chapbook) -> None:
    project.write(f'{LEGACY}a = "1.0.0 || 1.5.0"\n')
    before = project.text
    outcome = chapbook("up", "--lock")
    assert 0 == outcome.status, outcome.err
    assert "`a` is not raised to 2.3.4: its constraint has no place for it" in outcome.out
    assert before == project.text


def test_choosing_raises_what_is_picked(project: Project) -> None:
    project.require("a (>=1.0.0,<2.0.0)", "b (>=1.0.0,<2.0.0)")
    invocation = parse(["up", "-i", "--lock"], BY_NAME).invocation
    assert invocation is not None

    class Picking:
        def choose(self, question: str, choices: list[str], chosen: list[str]) -> tuple[str, ...]:
            assert question
            assert choices == chosen
            assert ["a >=1.0.0,<2.0.0 -> >=2.3.4,<3.0.0", "b >=1.0.0,<2.0.0 -> >=2.3.4,<3.0.0"] == choices
            return (choices[1],)

    surroundings = Surroundings(project.folder, dict(os.environ), Path.home(), (3, 12), ask=Picking())  # type: ignore[arg-type]  # asked one thing
    result = up.run(invocation, surroundings, Unwatched())
    assert ["b"] == [one.name for one in result.raised]
    assert '"a (>=1.0.0,<2.0.0)"' in project.text
    assert '"b (>=2.3.4,<3.0.0)"' in project.text


def test_who_picks_nothing_is_not_told_that_there_was_nothing(project: Project) -> None:
    project.require("a (>=1.0.0,<2.0.0)", "b (>=1.0.0,<2.0.0)")
    before = project.text

    class Declining(Answering):
        def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
            assert question
            assert choices == chosen
            return ()

    result = perform_inside(project.folder, "up -i", ask=Declining())
    assert "Nothing was raised; 2 constraints could be\n" == told(result)
    assert before == project.text


def test_choosing_needs_somebody_to_choose(project: Project, chapbook: Chapbook) -> None:
    project.require("a>=1.0")
    outcome = chapbook("up", "-i")
    assert (2, True) == (outcome.status, "there is nobody to ask" in outcome.err)


def test_words_that_make_no_sense_are_refused(project: Project, chapbook: Chapbook) -> None:
    project.require("a>=1.0")
    assert "`up` takes names without versions" in chapbook("up", "a>=2").err
    assert "neither required nor locked" in chapbook("up", "c").err
    assert "no group `doc`" in chapbook("up", "--group", "doc").err


def test_a_dry_run_writes_nothing(project: Project, chapbook: Chapbook) -> None:
    project.require("a>=1.0")
    chapbook("lock")
    before = project.files()
    told = json.loads(chapbook("up", "--dry-run", "--format", "json").out)
    assert [{"name": "a", "where": "", "before": ">=1.0", "after": ">=2.3"}] == told["raised"]
    assert before == project.files()
