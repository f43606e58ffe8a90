from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands import changing
from chapbook_core.commands.locking import LockOutcome, LockRequest, lock_project
from tests.core.commands.changed import Project

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex
    from tests.fakes.index.world import Status


@pytest.fixture
def project(connected: Path) -> Project:
    made = Project(connected)
    made.require()
    return made


def test_the_newest_release_is_required_and_locked_with_what_it_requires(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("idna", "3.7")
    index.serve("idna", "3.20", requires=["other"])
    index.serve("other", "1.0")

    outcome = chapbook("add", "idna", "--lock")

    assert 0 == outcome.status, outcome.err
    assert '"idna (>=3.20,<4.0)"\n' in project.text
    assert ["idna 3.20", "other 1.0"] == project.pins
    assert "Added idna (^3.20) to the project\n" in outcome.out
    assert "Wrote pyproject.toml and poetry.lock: 2 packages locked\n" in outcome.out
    assert 0 == chapbook("lock", "--check").status
    assert "up to date" in chapbook("lock").out


def test_what_takes_the_place_of_another_requirement_is_told(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    project.require("A<1", rest='[dependency-groups]\nall = [{ include-group = "dev" }]\ndev = ["a>0"]\n')
    outcome = chapbook("add", "a@latest", "--markers", "sys_platform == 'linux'", "--lock")
    assert outcome.out.startswith("Added a (^1.0) to the project, in place of `A (<1)`\n")
    assert "Added a (<2) to the group all\n" in chapbook("add", "a<2", "-G", "all", "--lock").out
    assert "Added a (<2) to the group all\n" in chapbook("add", "a<2", "-G", "all", "--lock").out


def test_what_is_required_already_stays_and_others_are_added(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    for name in ("a", "b"):
        index.serve(name, "1.0")
    project.require("A>=0.5")
    outcome = chapbook("add", "a", "b", "--lock")
    assert 0 == outcome.status
    assert "`a` is required already" in outcome.out
    assert "hint: run `chapbook update a`" in outcome.out
    assert "hint: run `chapbook add a@latest`" in outcome.out
    assert ["a 1.0", "b 1.0"] == project.pins
    before = project.files()
    outcome = chapbook("add", "a")
    assert (0, True) == (outcome.status, "Nothing to add" in outcome.out)
    assert before == project.files()


def test_a_version_replaces_what_is_required(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    project.require("a<2")
    chapbook("add", "a@latest", "--lock")
    assert '"a (>=2.0,<3.0)"' in project.text
    assert ["a 2.0"] == project.pins


def test_everything_else_keeps_its_version(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    project.require("a", "b")
    chapbook("lock")
    for name in ("a", "b", "c"):
        index.serve(name, "2.0")
    chapbook("add", "c", "b@latest", "--lock", "--refresh")
    assert ["a 1.0", "b 2.0", "c 2.0"] == project.pins


def test_locked_packages_give_way_to_the_newest_release(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["b<2"])
    project.require("a")
    index.serve("b", "1.0")
    index.serve("b", "2.0")
    chapbook("lock")
    index.serve("a", "1.1", requires=["b"])
    outcome = chapbook("add", "b", "--lock", "--refresh")
    assert 0 == outcome.status, outcome.err
    assert ["a 1.1", "b 2.0"] == project.pins


def test_the_newest_release_that_fits_is_taken_and_told(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["b<2"])
    for version in ("1.0", "1.5", "2.0"):
        index.serve("b", version)
    project.require("a")
    outcome = chapbook("add", "b", "--lock")
    assert 0 == outcome.status, outcome.err
    assert '"b (>=1.5,<2.0)"' in project.text
    assert ["a 1.0", "b 1.5"] == project.pins
    assert "`b` is taken at 1.5: 2.0 does not fit with the rest" in outcome.out
    assert 0 == chapbook("lock", "--check").status


def test_the_newest_release_that_fits_is_found_for_a_group_that_others_include(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["b<2"])
    for version in ("1.0", "1.5", "2.0"):
        index.serve("b", version)
    groups = '[dependency-groups]\ndev = []\nmore = [{include-group = "dev"}]\nall = ["a", {include-group = "more"}]\n'
    project.require("a", rest=groups)
    outcome = chapbook("add", "-G", "dev", "b", "--lock")
    assert "`b` is taken at 1.5: 2.0 does not fit with the rest" in outcome.out
    assert '"b (>=1.5,<2.0)"' in project.text
    assert ["a 1.0", "b 1.5"] == project.pins
    assert chapbook("lock", "--regenerate", "--refresh").status == 0
    index.serve("b", "1.6")
    index.serve("c", "1.0")
    project.write(project.text.replace("b (>=1.5,<2.0)", "b~=1.5.0"))
    outcome = chapbook("up", "--lock", "--refresh")
    assert outcome.status == 0, outcome.err
    assert '"b~=1.6.0"' in project.text
    assert ["a 1.0", "b 1.6"] == project.pins


@pytest.mark.parametrize("words", [("add", "b"), ("add", "b", "--optional", "other")])
def test_what_an_extra_requires_of_the_same_package_is_kept_to(
    project: Project, index: FakeIndex, chapbook: Chapbook, words: tuple[str, ...]
) -> None:
    for version in ("1.0", "1.5", "2.0"):
        index.serve("b", version)
    index.serve("a", "1.0")
    assert chapbook("add", "b@~1", "--optional", "old", "--lock").status == 0
    outcome = chapbook(*words, "a", "--lock")
    assert "`b` is taken at 1.5: 2.0 does not fit with the rest" in outcome.out
    assert ["a 1.0", "b 1.5"] == project.pins
    # What was written can be locked, from nothing too.
    assert chapbook("lock", "--regenerate", "--refresh").status == 0
    assert ["a 1.0", "b 1.5"] == project.pins


def test_a_release_that_leaves_out_some_python_of_the_project_is_not_the_newest(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", python=">=3.8")
    index.serve("a", "2.0", python=">=3.12")
    chapbook("add", "a", "--lock")
    assert '"a (>=1.0,<2.0)"' in project.text
    project.require()
    chapbook("add", "a", "--python", ">=3.12", "--lock")
    assert "'a (>=2.0,<3.0) ; python_version >= \"3.12\"'" in project.text


def test_releases_for_different_pythons_are_required_together(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", python="<3.12")
    index.serve("a", "2.1", python=">=3.12")
    outcome = chapbook("add", "a", "--lock")
    assert 0 == outcome.status, outcome.err
    assert '"a (>=1.0,<3.0)"' in project.text
    assert ["a 1.0", "a 2.1"] == project.pins


def test_without_a_solution_nothing_is_written_and_the_story_is_told(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["c<2"])
    index.serve("b", "1.0", requires=["c>=2"])
    for version in ("1.0", "2.0"):
        index.serve("c", version)
    project.require("a")
    chapbook("lock")
    before = project.files()
    for words in (["b"], ["b==1.0"]):
        outcome = chapbook("add", "--lock", *words)
        assert 1 == outcome.status
        assert "c" in outcome.err
        assert "Traceback" not in outcome.err
        assert before == project.files()


def test_every_unknown_name_is_told_at_once_with_what_may_have_been_meant(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("requests", "1.0")
    chapbook("search", "requests")
    before = project.files()
    outcome = chapbook("add", "reqests", "nothing-like-it", "--lock")
    assert 1 == outcome.status
    assert "package not found: reqests" in outcome.err
    assert "package not found: nothing-like-it" in outcome.err
    assert "did you mean `requests`?" in outcome.err
    assert before == project.files()


def test_a_version_that_does_not_exist_is_told_with_the_newest(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    before = project.files()
    outcome = chapbook("add", "a>=2", "--lock")
    assert (1, before) == (outcome.status, project.files())
    assert "`a` has no release that `>=2` allows" in outcome.err
    assert "hint: the newest release is 1.0" in outcome.err


@pytest.mark.parametrize("status", ["archived", "deprecated", "quarantined"])
def test_the_status_of_a_project_is_told(
    project: Project, index: FakeIndex, chapbook: Chapbook, status: Status
) -> None:
    index.serve("a", "1.0")
    index.set_status("a", status, "use b")
    outcome = chapbook("add", "a", "--lock")
    assert f"`a` is {status}" in outcome.out + outcome.err or f"it is {status}" in outcome.err
    assert "use b" in outcome.out + outcome.err
    assert ("a (>=" in project.text) == (status != "quarantined")


def test_what_no_python_of_the_project_gets_is_told(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    outcome = chapbook("add", "a; python_version < '2'", "--lock")
    assert 0 == outcome.status
    assert 'warning: no environment of the project gets `a`: it is for `python_version < "2.0"` alone' in outcome.err
    assert [] == project.pins
    assert "" == chapbook("add", "a; sys_platform == 'win32'", "--lock").err


def test_an_extra_that_brings_nothing_is_told(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("b", "1.0")
    index.serve("a", "1.0", extras={"x_y": ["b"]})
    before = project.text
    assert "warning: the extra `xy` of `a` brings nothing; it has `x-y`" in chapbook("add", "a[xy]", "--lock").err
    assert "warning: the extra `z` of `b` brings nothing; it has none that do" in chapbook("add", "b[z]", "--lock").err
    project.write(before)
    assert "" == chapbook("add", "a[X.y]", "--lock").err


def test_a_yanked_release_is_taken_only_when_insisted_on_and_told(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", yanked="broken")
    chapbook("add", "a", "--lock")
    assert ["a 1.0"] == project.pins
    outcome = chapbook("add", "a==2.0", "--lock")
    assert ["a 2.0"] == project.pins
    assert "warning: `a 2.0` is yanked" in outcome.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["here"], "is the project itself"),
        (["Here>=1"], "is the project itself"),
        (["a", "A>=1"], "are the same package"),
        (["a", "b", "-E", "x"], "one package alone"),
        (["-e", "a"], "cannot be editable"),
        (["a", "-G", "dev", "-D"], "--dev"),
        (["a", "-G", "!"], "cannot be the name of a group"),
        (["a@"], "no version follows"),
        (["./nothing"], "there is no"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    project: Project, chapbook: Chapbook, words: list[str], told: str
) -> None:
    before = project.files()
    outcome = chapbook("add", *words)
    assert outcome.status in (1, 2)
    assert told in outcome.err
    assert "Traceback" not in outcome.err
    assert before == project.files()


def test_a_dry_run_writes_nothing_and_data_tells_the_same(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    before = project.files()
    outcome = chapbook("add", "a", "--dry-run", "--format", "json")
    told = json.loads(outcome.out)
    assert before == project.files()
    assert not told["written"]["is_written"]
    assert [{"name": "a", "requirement": "a (^1.0)", "version": "1.0", "newest": "", "replaced": []}] == told["added"]
    assert "Would add a (^1.0)" in chapbook("add", "a", "--dry-run").out


def test_the_names_are_asked_for_once_and_nothing_else_is(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    for name in ("a", "b", "c"):
        index.serve(name, "1.0")
    chapbook("add", "a", "b", "c", "--lock")
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins
    pages = [request.path for request in index.requests if request.path.endswith("/")]
    assert ["/simple/a/", "/simple/b/", "/simple/c/"] == sorted(pages)


def test_an_edit_of_the_project_file_meanwhile_is_not_written_over(
    project: Project, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve("a", "1.0")

    def edit(session: Session, request: LockRequest) -> LockOutcome:
        outcome = lock_project(session, request)
        project.write(f"# mine\n{project.text}")
        return outcome

    monkeypatch.setattr(changing, "lock_project", edit)
    outcome = chapbook("add", "a", "--lock")
    assert 1 == outcome.status
    assert "was changed while the command ran" in outcome.err
    assert project.text.startswith("# mine\n")
    assert not (project.folder / "poetry.lock").exists()
