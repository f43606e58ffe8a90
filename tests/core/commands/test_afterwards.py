"""What a command leaves to a process in the background, and when."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli import terminal
from chapbook_core.environment.maker import MAKER, Maker
from chapbook_core.installer.companion import Companion
from chapbook_core.installer.readying import MODULE, YARD, work_off
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.installer.turn import Errand, Turn
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def index(index: FakeIndex) -> FakeIndex:
    index.serve("large", "1.0", files={f"large/m{number}.py": f"N = {number}\n" for number in range(120)})
    index.serve("middling", "1.0", files={f"middling/m{number}.py": f"N = {number}\n" for number in range(40)})
    index.serve("huge", "1.0", files={f"huge/m{number}.py": f"N = {number}\n" for number in range(400)})
    index.serve("small", "1.0")
    return index


@pytest.fixture(autouse=True)
def _no_keyring(connected: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connected.is_dir()
    monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """Note what would be started."""
    calls: list[Sequence[str]] = []

    def note(words: Sequence[str], place: Path) -> None:
        assert str(place) == words[-1]
        calls.append(words)

    monkeypatch.setattr(terminal, "_leave_behind", note)
    return calls


def project(folder: Path, name: str, *requirements: str) -> Path:
    place = folder / name
    place.mkdir()
    (place / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {list(requirements)}\n'
        "[tool.poetry]\npackage-mode = false\n",
        "utf-8",
    )
    return place


def test_after_an_install_the_store_is_readied_and_the_next_environment_has_the_bytecode(
    folder: Path, chapbook: Chapbook, left: list[Sequence[str]]
) -> None:
    first, second = project(folder, "first", "large"), project(folder, "second", "large")
    assert 0 == chapbook("install", "--directory", str(first)).status
    assert [MODULE] == [words[-2] for words in left]
    store = Path(left[0][-1])
    assert 1 == len(list((store / YARD).glob("*.json")))
    assert 1 == work_off(store, deadline=time.monotonic() + 60)

    assert 0 == chapbook("install", "--directory", str(second)).status

    assert 120 == len(list(second.glob(".venv/lib/*/site-packages/large/__pycache__/*.pyc")))
    assert not list(first.glob(".venv/lib/*/site-packages/large/__pycache__"))
    # What was laid out is gone, so there is something to do again.
    assert 2 == len(left)
    assert "Nothing to do" in chapbook("install", "--directory", str(second)).out
    assert 2 == len(left)


@pytest.fixture(autouse=True)
def coming(monkeypatch: pytest.MonkeyPatch) -> list[Maker]:
    """Note how often virtualenv would be loaded for the next environment."""
    coming: list[Maker] = []

    def note(maker: Maker) -> None:
        coming.append(maker)

    monkeypatch.setattr(Maker, "come_in_a_moment", note)
    return coming


class Summoned(Companion):
    """Notes that it would be started, and what it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.asked: list[Sequence[Errand]] = []

    def summon(self) -> None:
        self.count += 1

    def begin(self, errands: Sequence[Errand]) -> Turn:
        self.asked.append(errands)
        return super().begin(errands)


@pytest.fixture
def companion(monkeypatch: pytest.MonkeyPatch) -> Summoned:
    """One that is there in each command."""
    companion, own = Summoned(), terminal._surroundings
    monkeypatch.setattr(terminal, "_surroundings", lambda manner: replace(own(manner), companion=companion))
    return companion


def test_a_companion_is_summoned_after_what_would_have_been_worth_one(
    folder: Path,
    chapbook: Chapbook,
    left: list[Sequence[str]],
    companion: Summoned,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chapbook("install", "--directory", str(project(folder, "little", "small")))
    assert 0 == companion.count
    chapbook("install", "--directory", str(project(folder, "much", "large")))
    assert (1, 1) == (companion.count, len(left))
    monkeypatch.setenv("CHAPBOOK_INSTALLER_BACKGROUND", "false")
    chapbook("install", "--directory", str(project(folder, "silent", "large")))
    assert 1 == companion.count


def test_virtualenv_is_at_hand_for_the_next_environment_only_where_many_commands_are_run(
    folder: Path, chapbook: Chapbook, left: list[Sequence[str]], coming: list[Maker], request: pytest.FixtureRequest
) -> None:
    chapbook("install", "--directory", str(project(folder, "alone", "small")))
    assert ([], []) == (coming, left)
    request.getfixturevalue("companion")
    chapbook("install", "--directory", str(project(folder, "one", "small")))
    assert [MAKER] == coming


def test_a_companion_is_not_asked_about_what_is_done_sooner_than_said(
    folder: Path, chapbook: Chapbook, left: list[Sequence[str]], companion: Summoned
) -> None:
    chapbook("install", "--directory", str(project(folder, "few", "large", "middling")))
    assert [] == companion.asked
    chapbook("install", "--directory", str(project(folder, "many", "huge")))
    assert [1] == [len(errands) for errands in companion.asked]
    assert left


def test_where_somebody_is_at_work_less_is_worth_a_process(
    folder: Path, chapbook: Chapbook, left: list[Sequence[str]], companion: Summoned
) -> None:
    chapbook("install", "--directory", str(project(folder, "some", "middling")))
    assert (1, 0) == (len(left), companion.count)
    chapbook("install", "--directory", str(project(folder, "little", "small")))
    assert 1 == len(left)


def test_little_is_not_worth_a_process_and_a_setting_forbids_it(
    folder: Path, chapbook: Chapbook, left: list[Sequence[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    chapbook("install", "--directory", str(project(folder, "little", "small", "middling")))
    chapbook("install", "--no-cache", "--directory", str(project(folder, "uncached", "large")))
    monkeypatch.setenv("CHAPBOOK_INSTALLER_BACKGROUND", "false")
    assert 0 == chapbook("install", "--directory", str(project(folder, "silent", "large"))).status
    assert [] == left
