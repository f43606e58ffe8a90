"""What an engine loads while nobody waits for anything."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands import project_environment
from chapbook_core.environment.maker import Maker
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from pathlib import Path

_WARMS = """
import sys
from chapbook_core.engine.warming import warm_up
answers = list(sys.argv[1])
warm_up(lambda: answers.pop() == "y" if answers else True)
print("virtualenv" in sys.modules, end="")
"""


@pytest.fixture
def come(monkeypatch: pytest.MonkeyPatch) -> list[Maker]:
    """Note when virtualenv would be loaded."""
    come: list[Maker] = []

    def note(maker: Maker) -> None:
        come.append(maker)

    monkeypatch.setattr(Maker, "come", note)
    return come


def test_virtualenv_is_at_hand_for_whoever_has_made_no_environment_yet(tmp_path: Path, come: list[Maker]) -> None:
    cache = tmp_path / "cache"
    variables = {"CHAPBOOK_CACHE_DIR": str(cache)}
    project_environment.foresee_making(variables, tmp_path)
    assert 1 == len(come)
    assert not cache.exists()
    (cache / "environments" / "0123").mkdir(parents=True)
    project_environment.foresee_making(variables, tmp_path)
    assert 2 == len(come)
    (cache / "environments" / "0123" / "template.json").touch()
    project_environment.foresee_making(variables, tmp_path)
    assert 2 == len(come)


def test_a_setting_that_is_wrong_is_no_reason_to_load_anything(tmp_path: Path, come: list[Maker]) -> None:
    (tmp_path / "config.toml").write_text("not = [toml")
    with pytest.raises(ChapbookError):
        project_environment.foresee_making({"CHAPBOOK_CONFIG_DIR": str(tmp_path)}, tmp_path)
    assert [] == come


def warmed(tmp_path: Path, answers: str = "") -> str:
    variables = {**os.environ, "HOME": str(tmp_path), "CHAPBOOK_CACHE_DIR": str(tmp_path / "cache")}
    words = [sys.executable, "-P", "-c", _WARMS, answers]
    return subprocess.run(words, capture_output=True, text=True, check=True, env=variables).stdout


def test_an_engine_that_is_started_where_nothing_was_made_yet_loads_virtualenv_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    assert "True" == warmed(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_an_engine_that_has_something_to_do_loads_nothing(tmp_path: Path) -> None:
    assert "False" == warmed(tmp_path, "n")


def test_an_engine_where_one_is_kept_does_without_virtualenv(tmp_path: Path) -> None:
    kept = tmp_path / "cache" / "environments" / "0123"
    kept.mkdir(parents=True)
    (kept / "template.json").touch()
    assert "False" == warmed(tmp_path)
