from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.locking import LockOutcome, LockRequest, lock_project
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from tests.core.commands.conftest import Chapbook


@pytest.fixture
def project(connected: Path) -> Path:
    return connected


def _require(project: Path, *requirements: str, tool: str = "", python: str = ">=3.9") -> None:
    listed = "\n".join(f"    {requirement!r}," for requirement in requirements)
    head = f'[project]\nname = "here"\nversion = "1"\nrequires-python = "{python}"\n'
    text = f"{head}dependencies = [\n{listed}\n]\n\n{tool}"
    (project / "pyproject.toml").write_text(text, "utf-8")


def _pins(project: Path) -> list[str]:
    lines = (project / "poetry.lock").read_text("utf-8").splitlines()
    names = [line.split('"')[1] for line in lines if line.startswith("name = ")]
    versions = [line.split('"')[1] for line in lines if line.startswith("version = ")]
    return [f"{name} {version}" for name, version in zip(names, versions, strict=True)]


def test_the_lock_holds_what_is_required_and_what_that_requires(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["b>=1; sys_platform == 'win32'", "c"], summary="The first")
    index.serve("b", "1.5")
    index.serve("c", "2.0", python=">=3.8")
    _require(project, "a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "b 1.5", "c 2.0"] == _pins(project)
    text = (project / "poetry.lock").read_text("utf-8")
    assert 'description = "The first"' in text
    assert 'markers = "sys_platform == \\"win32\\""' in text
    assert 'python-versions = ">=3.8"' in text
    assert "[package.source]" not in text


def test_locking_again_changes_nothing_even_when_newer_versions_came(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    _require(project, "a")
    chapbook("lock")
    before = (project / "poetry.lock").read_bytes()
    index.serve("a", "2.0")

    outcome = chapbook("lock", "--refresh")

    assert "poetry.lock is up to date: 1 package" in outcome.out
    assert before == (project / "poetry.lock").read_bytes()


def test_regenerating_takes_the_newest_versions(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    _require(project, "a")
    chapbook("lock")
    index.serve("a", "2.0")

    chapbook("lock", "--regenerate", "--refresh")

    assert ["a 2.0"] == _pins(project)


def test_a_dry_run_tells_the_changes_and_writes_nothing(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    _require(project, "a")

    outcome = chapbook("lock", "--dry-run")

    assert 0 == outcome.status
    assert "a 1.0" in outcome.out
    assert not (project / "poetry.lock").exists()


def test_a_check_fails_without_a_lock_and_with_a_stale_one(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    _require(project, "a")

    assert "there is no" in chapbook("lock", "--check").err
    chapbook("lock")
    assert 0 == chapbook("lock", "--check").status
    _require(project, "a", "a>0")
    outcome = chapbook("lock", "--check")

    assert 1 == outcome.status
    assert "hint: run `chapbook lock`" in outcome.err


def test_without_a_solution_the_lock_stays_and_the_story_is_told(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["c<2"])
    index.serve("b", "1.0", requires=["c>=2"])
    index.serve("c", "1.0")
    index.serve("c", "2.0")
    _require(project, "a")
    chapbook("lock")
    before = (project / "poetry.lock").read_bytes()
    _require(project, "a", "b")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "c" in outcome.err
    assert "Traceback" not in outcome.err
    assert before == (project / "poetry.lock").read_bytes()


def test_a_conflicted_lock_is_merged_and_keeps_the_pins_of_both_sides(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    for name in ("a", "b", "c"):
        index.serve(name, "1.0")
    _require(project, "c")
    chapbook("lock")
    base = (project / "poetry.lock").read_text("utf-8")
    _require(project, "a", "c")
    chapbook("lock")
    ours = (project / "poetry.lock").read_text("utf-8")
    _require(project, "b", "c")
    chapbook("lock")
    theirs = (project / "poetry.lock").read_text("utf-8")
    for name in ("a", "b", "c"):
        index.serve(name, "2.0")
    _require(project, "a", "b", "c")
    (project / "poetry.lock").write_text(f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> branch\n", "utf-8")
    assert base

    outcome = chapbook("lock", "--refresh")

    assert 0 == outcome.status, outcome.err
    assert "Merged both sides of poetry.lock" in outcome.out
    assert ["a 1.0", "b 1.0", "c 1.0"] == _pins(project)


def test_windows_line_endings_stay(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    _require(project, "a")
    chapbook("lock")
    lock = project / "poetry.lock"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    _require(project, "a", "b")

    chapbook("lock")

    assert lock.read_bytes().count(b"\n") == lock.read_bytes().count(b"\r\n")


def test_a_warm_lock_asks_the_index_nothing(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["b"])
    index.serve("b", "1.0")
    _require(project, "a")
    chapbook("lock")
    index.reset_counts()

    chapbook("lock", "--regenerate")

    assert [] == list(index.requests)


def test_locking_again_with_nothing_changed_does_not_even_solve(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve("a", "1.0")
    _require(project, "a")
    chapbook("lock")

    def never(*_arguments: object) -> object:
        raise AssertionError("it was solved again")

    monkeypatch.setattr("chapbook_core.commands.locking.lock_project", never)

    assert "poetry.lock is up to date: 1 package" in chapbook("lock").out


@pytest.mark.parametrize("change", ["project", "lock", "lock in place", "option", "index", "setting"])
def test_locking_again_solves_when_anything_that_has_a_say_changed(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    _require(project, "a")
    chapbook("lock")
    solved: list[str] = []

    def watched(session: Session, request: LockRequest) -> LockOutcome:
        solved.append(change)
        return lock_project(session, request)

    monkeypatch.setattr("chapbook_core.commands.locking.lock_project", watched)
    words = ["lock"]
    match change:
        case "project":
            _require(project, "a<2")
        case "lock":
            (project / "poetry.lock").unlink()
        case "lock in place":
            lock = project / "poetry.lock"
            lock.write_bytes(lock.read_bytes().replace(b'"2.0"', b'"1.0"'))
        case "option":
            words += ["--resolution", "lowest"]
        case "index":
            monkeypatch.setenv("PIP_INDEX_URL", index.url + "?")
        case _:
            monkeypatch.setenv("CHAPBOOK_SOLVER_MIN_RELEASE_AGE", "1")

    chapbook(*words)

    assert [change] == solved


def test_offline_works_from_the_cache_and_says_what_it_lacks(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    _require(project, "a")
    chapbook("lock")

    assert 0 == chapbook("lock", "--offline", "--regenerate").status
    _require(project, "a", "b")
    outcome = chapbook("lock", "--offline")

    assert 1 == outcome.status
    assert "`--offline`" in outcome.err


def test_a_package_of_another_source_is_locked_with_that_source(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    with FakeIndex() as other:
        other.serve("a", "1.0")
        index.serve("a", "9.0")
        source = f'[[tool.poetry.source]]\nname = "other"\nurl = "{other.url}"\npriority = "explicit"\n'
        _require(project, "a", tool=f'{source}\n[tool.poetry.dependencies]\na = {{ source = "other" }}\n')

        outcome = chapbook("lock")

        assert 0 == outcome.status, outcome.err
        assert ["a 1.0"] == _pins(project)
        text = (project / "poetry.lock").read_text("utf-8")
        assert f'type = "legacy"\nurl = "{other.url.rstrip("/")}"\nreference = "other"\n' in text
        assert not any("/a/" in request.path for request in index.requests)


def test_wishes_of_the_project_are_followed(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["b<2", "unwanted"])
    index.serve("b", "1.0")
    index.serve("b", "2.0")
    _require(project, "a", tool='[tool.chapbook]\noverrides = ["b>=2"]\nexclude = ["unwanted"]\n')

    chapbook("lock")

    assert ["a 1.0", "b 2.0"] == _pins(project)


def test_every_mistake_in_the_wishes_is_told_at_once(project: Path, chapbook: Chapbook) -> None:
    _require(project, tool='[tool.chapbook]\nexclude = ["!"]\nresolution = "best"\nconflicts = [["a"]]\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    for key in ("exclude[0]", "resolution", "conflicts[0]"):
        assert f"tool.chapbook.{key}" in outcome.err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"not = a lock", b"[[package]\n"])
def test_a_lock_that_is_none_is_told_and_left_alone(
    project: Path, index: FakeIndex, chapbook: Chapbook, content: bytes
) -> None:
    index.serve("a", "1.0")
    _require(project, "a")
    (project / "poetry.lock").write_bytes(content)

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "poetry.lock" in outcome.err
    assert "Traceback" not in outcome.err
    assert content == (project / "poetry.lock").read_bytes()


def test_a_project_for_another_poetry_is_left_alone(project: Path, chapbook: Chapbook) -> None:
    _require(project, tool='[tool.poetry]\nrequires-poetry = ">=3"\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "requires Poetry >=3" in outcome.err
    assert not (project / "poetry.lock").exists()


def test_sources_that_are_all_explicit_leave_nobody_to_ask(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    source = f'[[tool.poetry.source]]\nname = "other"\nurl = "{index.url}"\npriority = "explicit"\n'
    _require(project, "a", tool=source + '\n[[tool.poetry.source]]\nname = "PyPI"\npriority = "explicit"\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "every source is explicit" in outcome.err


def test_an_edit_is_advised_only_when_it_was_tried(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["c<2"])
    index.serve("b", "1.0", requires=["c<2"])
    index.serve("b", "2.0", requires=["c>=2"])
    index.serve("c", "1.0")
    index.serve("c", "2.0")
    _require(project, "a", "b>=2")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "hint: require `b` without `>=2`; then b 1.0 is selected" in outcome.err


def test_the_advised_range_of_pythons_can_be_locked(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", python=">=3.10,<3.13")
    index.serve("b", "1.0", python=">=3.11,!=3.12.3")
    _require(project, "a", "b")

    outcome = chapbook("lock")

    assert 'hint: narrow `requires-python` of the project to ">=3.11,!=3.12.3,<3.13"' in outcome.err
    _require(project, "a", "b", python=">=3.11,!=3.12.3,<3.13")
    outcome = chapbook("lock")
    assert 0 == outcome.status, outcome.err


def test_conflicts_name_extras_and_groups_that_there_are(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    _require(project, "a", tool='[tool.chapbook]\nconflicts = [[{ extra = "cpu" }, { group = "gpu" }]]\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "the project has no extra `cpu`" in outcome.err
    assert "the project has no group `gpu`" in outcome.err


def test_a_group_cannot_take_the_place_of_what_the_project_needs(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    groups = '[dependency-groups]\nold = ["a<2"]\nnew = ["a>=2"]\n'
    _require(
        project, "a", tool=f'{groups}\n[tool.chapbook]\nconflicts = [[{{ group = "old" }}, {{ group = "new" }}]]\n'
    )

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "its group old needs 1.0 in its place" in outcome.err
    assert not (project / "poetry.lock").exists()


def test_groups_that_exclude_each_other_are_locked_where_the_project_needs_neither(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    groups = '[dependency-groups]\nold = ["a<2"]\nnew = ["a>=2"]\n'
    _require(project, tool=f'{groups}\n[tool.chapbook]\nconflicts = [[{{ group = "old" }}, {{ group = "new" }}]]\n')

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "a 2.0"] == _pins(project)


@pytest.mark.parametrize(
    "tag", ["graalpy310-graalpy240_310_native-any", "py3-graalpy240_310_native-any", "py3-none-macosx_10_9_ppc64"]
)
def test_a_release_that_nobody_can_install_is_passed_over(
    project: Path, index: FakeIndex, chapbook: Chapbook, tag: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", tags=[tag])
    _require(project, "a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0"] == _pins(project)
