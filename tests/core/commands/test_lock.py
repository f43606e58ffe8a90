from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.locking import LockOutcome, LockRequest, lock_project
from tests.core.commands.changed import Project
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from tests.core.commands.conftest import Chapbook


@pytest.fixture
def project(connected: Path) -> Project:
    return Project(connected)


def test_the_lock_holds_what_is_required_and_what_that_requires(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["b>=1; sys_platform == 'win32'", "c"], summary="The first")
    index.serve("b", "1.5")
    index.serve("c", "2.0", python=">=3.8")
    project.require("a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "b 1.5", "c 2.0"] == project.pins
    text = project.lock.read_text("utf-8")
    assert 'description = "The first"' in text
    assert 'markers = "sys_platform == \\"win32\\""' in text
    assert 'python-versions = ">=3.8"' in text
    assert "[package.source]" not in text


def test_locking_again_changes_nothing_even_when_newer_versions_came(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    project.require("a")
    chapbook("lock")
    before = project.lock.read_bytes()
    index.serve("a", "2.0")

    outcome = chapbook("lock", "--refresh")

    assert "poetry.lock is up to date: 1 package" in outcome.out
    assert before == project.lock.read_bytes()


def test_regenerating_takes_the_newest_versions(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    project.require("a")
    chapbook("lock")
    index.serve("a", "2.0")

    chapbook("lock", "--regenerate", "--refresh")

    assert ["a 2.0"] == project.pins


def test_a_dry_run_tells_the_changes_and_writes_nothing(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    project.require("a")

    outcome = chapbook("lock", "--dry-run")

    assert 0 == outcome.status
    assert "a 1.0" in outcome.out
    assert not project.lock.exists()


def test_a_check_fails_without_a_lock_and_with_a_stale_one(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    project.require("a")

    assert "there is no" in chapbook("lock", "--check").err
    chapbook("lock")
    assert 0 == chapbook("lock", "--check").status
    project.require("a", "a>0")
    outcome = chapbook("lock", "--check")

    assert 1 == outcome.status
    assert "hint: run `chapbook lock`" in outcome.err


def test_without_a_solution_the_lock_stays_and_the_story_is_told(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", requires=["c<2"])
    index.serve("b", "1.0", requires=["c>=2"])
    index.serve("c", "1.0")
    index.serve("c", "2.0")
    project.require("a")
    chapbook("lock")
    before = project.lock.read_bytes()
    project.require("a", "b")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "c" in outcome.err
    assert "Traceback" not in outcome.err
    assert before == project.lock.read_bytes()


def test_a_conflicted_lock_is_merged_and_keeps_the_pins_of_both_sides(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    for name in ("a", "b", "c"):
        index.serve(name, "1.0")
    project.require("c")
    chapbook("lock")
    base = project.lock.read_text("utf-8")
    project.require("a", "c")
    chapbook("lock")
    ours = project.lock.read_text("utf-8")
    project.require("b", "c")
    chapbook("lock")
    theirs = project.lock.read_text("utf-8")
    for name in ("a", "b", "c"):
        index.serve(name, "2.0")
    project.require("a", "b", "c")
    project.lock.write_text(f"<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> branch\n", "utf-8")
    assert base

    outcome = chapbook("lock", "--refresh")

    assert 0 == outcome.status, outcome.err
    assert "Merged both sides of poetry.lock" in outcome.out
    assert ["a 1.0", "b 1.0", "c 1.0"] == project.pins


def test_windows_line_endings_stay(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    project.require("a")
    chapbook("lock")
    lock = project.lock
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    project.require("a", "b")

    chapbook("lock")

    assert lock.read_bytes().count(b"\n") == lock.read_bytes().count(b"\r\n")


def test_a_warm_lock_asks_the_index_nothing(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["b"])
    index.serve("b", "1.0")
    project.require("a")
    chapbook("lock")
    index.reset_counts()

    chapbook("lock", "--regenerate")

    assert [] == list(index.requests)


def test_locking_again_with_nothing_changed_does_not_even_solve(
    project: Project, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.serve("a", "1.0")
    project.require("a")
    chapbook("lock")

    def never(*_arguments: object) -> object:
        raise AssertionError("it was solved again")

    monkeypatch.setattr("chapbook_core.commands.locking.lock_project", never)

    assert "poetry.lock is up to date: 1 package" in chapbook("lock").out


@pytest.mark.parametrize("change", ["project", "lock", "lock in place", "option", "index", "setting"])
def test_locking_again_solves_when_anything_that_has_a_say_changed(
    project: Project, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0")
    project.require("a")
    chapbook("lock")
    solved: list[str] = []

    def watched(session: Session, request: LockRequest) -> LockOutcome:
        solved.append(change)
        return lock_project(session, request)

    monkeypatch.setattr("chapbook_core.commands.locking.lock_project", watched)
    words = ["lock"]
    match change:
        case "project":
            project.require("a<2")
        case "lock":
            project.lock.unlink()
        case "lock in place":
            lock = project.lock
            lock.write_bytes(lock.read_bytes().replace(b'"2.0"', b'"1.0"'))
        case "option":
            words += ["--resolution", "lowest"]
        case "index":
            monkeypatch.setenv("PIP_INDEX_URL", index.url + "?")
        case _:
            monkeypatch.setenv("CHAPBOOK_SOLVER_MIN_RELEASE_AGE", "1")

    chapbook(*words)

    assert [change] == solved


def test_a_former_lock_is_kept_to_however_it_spells_a_name(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    for version in ("1.0", "1.1"):
        index.serve("Mixed_Case", version)
    project.require("mixed-case")
    project.lock.write_text(
        '[[package]]\nname = "Mixed_Case"\nversion = "1.0"\ndescription = ""\ncategory = "main"\noptional = false\n'
        'python-versions = "*"\n\n[metadata]\nlock-version = "1.1"\npython-versions = ">=3.11"\ncontent-hash = ""\n\n'
        "[metadata.files]\nMixed_Case = []\n"
    )

    assert 0 == chapbook("lock").status

    assert 'name = "mixed-case"\nversion = "1.0"\n' in project.lock.read_text()


@pytest.mark.parametrize("address", ["nonsense", "http://", "https://[::1", "http://example.org:port/"])
def test_an_index_without_an_address_is_told_of_with_where_it_may_stand(
    project: Project, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    project.require("a")
    monkeypatch.setenv("PIP_INDEX_URL", address)

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "hint: write it as in `https://example.org/simple/`, where it is set: `PIP_INDEX_URL`" in outcome.err


def test_offline_works_from_the_cache_and_says_what_it_lacks(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    project.require("a")
    chapbook("lock")

    assert 0 == chapbook("lock", "--offline", "--regenerate").status
    project.require("a", "b")
    outcome = chapbook("lock", "--offline")

    assert 1 == outcome.status
    assert "`--offline`" in outcome.err


def test_a_package_of_another_source_is_locked_with_that_source(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    with FakeIndex() as other:
        other.serve("a", "1.0")
        index.serve("a", "9.0")
        source = f'[[tool.poetry.source]]\nname = "other"\nurl = "{other.url}"\npriority = "explicit"\n'
        project.require("a", rest=f'{source}\n[tool.poetry.dependencies]\na = {{ source = "other" }}\n')

        outcome = chapbook("lock")

        assert 0 == outcome.status, outcome.err
        assert ["a 1.0"] == project.pins
        text = project.lock.read_text("utf-8")
        assert f'type = "legacy"\nurl = "{other.url.rstrip("/")}"\nreference = "other"\n' in text
        assert not any("/a/" in request.path for request in index.requests)


def test_wishes_of_the_project_are_followed(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["b<2", "unwanted"])
    index.serve("b", "1.0")
    index.serve("b", "2.0")
    project.require("a", rest='[tool.chapbook]\noverrides = ["b>=2"]\nexclude = ["unwanted"]\n')

    chapbook("lock")

    assert ["a 1.0", "b 2.0"] == project.pins


def test_every_mistake_in_the_wishes_is_told_at_once(project: Project, chapbook: Chapbook) -> None:
    project.require(rest='[tool.chapbook]\nexclude = ["!"]\nresolution = "best"\nconflicts = [["a"]]\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    for key in ("exclude[0]", "resolution", "conflicts[0]"):
        assert f"tool.chapbook.{key}" in outcome.err


@pytest.mark.parametrize("content", [b"\xff\xfe", b"not = a lock", b"[[package]\n"])
def test_a_lock_that_is_none_is_told_and_left_alone(
    project: Project, index: FakeIndex, chapbook: Chapbook, content: bytes
) -> None:
    index.serve("a", "1.0")
    project.require("a")
    project.lock.write_bytes(content)

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "poetry.lock" in outcome.err
    assert "Traceback" not in outcome.err
    assert content == project.lock.read_bytes()


def test_a_project_for_another_poetry_is_left_alone(project: Project, chapbook: Chapbook) -> None:
    project.require(rest='[tool.poetry]\nrequires-poetry = ">=3"\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "requires Poetry >=3" in outcome.err
    assert not project.lock.exists()


def test_sources_that_are_all_explicit_leave_nobody_to_ask(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    source = f'[[tool.poetry.source]]\nname = "other"\nurl = "{index.url}"\npriority = "explicit"\n'
    project.require("a", rest=source + '\n[[tool.poetry.source]]\nname = "PyPI"\npriority = "explicit"\n')

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "every source is explicit" in outcome.err


def test_an_edit_is_advised_only_when_it_was_tried(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", requires=["c<2"])
    index.serve("b", "1.0", requires=["c<2"])
    index.serve("b", "2.0", requires=["c>=2"])
    index.serve("c", "1.0")
    index.serve("c", "2.0")
    project.require("a", "b>=2")

    outcome = chapbook("lock")

    assert 1 == outcome.status
    assert "hint: require `b` without `>=2`; then b 1.0 is selected" in outcome.err


def test_the_advised_range_of_pythons_can_be_locked(project: Project, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", python=">=3.10,<3.13")
    index.serve("b", "1.0", python=">=3.11,!=3.12.3")
    project.require("a", "b")

    outcome = chapbook("lock")

    assert 'hint: narrow `requires-python` of the project to ">=3.11,!=3.12.3,<3.13"' in outcome.err
    project.require("a", "b", python=">=3.11,!=3.12.3,<3.13")
    outcome = chapbook("lock")
    assert 0 == outcome.status, outcome.err


@pytest.mark.parametrize(
    "tag", ["graalpy310-graalpy240_310_native-any", "py3-graalpy240_310_native-any", "py3-none-macosx_10_9_ppc64"]
)
def test_a_release_that_nobody_can_install_is_passed_over(
    project: Project, index: FakeIndex, chapbook: Chapbook, tag: str
) -> None:
    index.serve("a", "1.0")
    index.serve("a", "2.0", tags=[tag])
    project.require("a")

    outcome = chapbook("lock")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0"] == project.pins


@pytest.mark.parametrize(
    "content", [b"", b"garbage [", b"\xff\xfe", b'package = []\n[metadata]\nlock-version = "9.0"\n']
)
def test_a_lock_that_nobody_can_read_is_made_anew_as_its_error_advises(
    project: Project, index: FakeIndex, chapbook: Chapbook, content: bytes
) -> None:
    index.serve("a", "1.0")
    project.require("a")
    chapbook("lock")
    file = project.lock
    sound = file.read_bytes()
    file.write_bytes(content)
    outcome = chapbook("lock")
    assert 1 == outcome.status
    assert "`chapbook lock --regenerate`" in outcome.err
    assert content == file.read_bytes()
    assert 0 == chapbook("lock", "--regenerate").status
    assert sound == file.read_bytes()


def test_the_advised_range_of_pythons_is_for_where_the_project_has_its_own(
    project: Project, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", python=">=3.10,<3.13")
    project.write(
        '[tool.poetry]\nname = "demo"\nversion = "1"\npackage-mode = false\n'
        '[tool.poetry.dependencies]\npython = ">=3.10"\na = "*"\n'
    )
    told = chapbook("lock").err
    assert 'hint: narrow `python` of `[tool.poetry.dependencies]` to ">=3.10,<3.13"' in told
    assert "requires-python" not in told
