from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.project import attempt as module
from chapbook_core.project.attempt import ATTEMPT, AttemptUnusable, take_back, undone_unless_kept
from chapbook_core.project.pair_writing import FileChange, PairWriter, Recovery

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("old", "utf-8")
    return tmp_path


def write(project: Path, name: str, content: str | None) -> None:
    file = project / name
    before = file.read_bytes() if file.exists() else None
    PairWriter(project).replace([FileChange(name, before, None if content is None else content.encode())])


def killed(project: Path, *steps: tuple[str, str | None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave an attempt after some writes, as a kill does."""
    with monkeypatch.context() as patch:
        patch.setattr(module.Attempt, "end", lambda _self: None)
        with undone_unless_kept(project):
            for name, content in steps:
                write(project, name, content)


def held(project: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in project.iterdir() if path.is_file()}


def test_what_is_wanted_stays_and_nothing_is_left_to_take_back(project: Path) -> None:
    with undone_unless_kept(project) as attempt:
        write(project, "pyproject.toml", "new")
        attempt.is_wanted = True
    assert {"pyproject.toml": "new"} == held(project)
    assert None is take_back(project)


def test_what_is_not_wanted_goes(project: Path) -> None:
    with undone_unless_kept(project):
        write(project, "pyproject.toml", "new")
        write(project, "poetry.lock", "lock")
        assert None is take_back(project)
    assert {"pyproject.toml": "old"} == held(project)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_after_a_kill_every_step_is_taken_back(project: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (("pyproject.toml", "new"), ("poetry.lock", "lock"), ("pyproject.toml", None))
    killed(project, *steps[:count], monkeypatch=monkeypatch)
    assert Recovery.UNDONE is take_back(project)
    assert {"pyproject.toml": "old"} == held(project)
    assert None is take_back(project)


def test_what_somebody_has_edited_since_stays_with_all_the_rest(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed(project, ("pyproject.toml", "new"), ("poetry.lock", "lock"), monkeypatch=monkeypatch)
    (project / "pyproject.toml").write_text("mine", "utf-8")
    assert Recovery.LEFT is take_back(project)
    assert {"pyproject.toml": "mine", "poetry.lock": "lock"} == held(project)
    assert None is take_back(project)


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"format": 9}', '{"format": 1, "files": {"x": {}}}', "[" * 100_000]
)
def test_what_was_not_written_by_an_attempt_is_refused(project: Path, content: str) -> None:
    (project / ATTEMPT).parent.mkdir()
    (project / ATTEMPT).write_text(content, "utf-8")
    with pytest.raises(AttemptUnusable):
        take_back(project)
    assert {"pyproject.toml": "old"} == held(project)


def test_a_link_is_not_followed(project: Path) -> None:
    (project / ATTEMPT).parent.mkdir()
    (project / ATTEMPT).symlink_to(project / "pyproject.toml")
    with pytest.raises(AttemptUnusable, match="no file of that kind"):
        take_back(project)
