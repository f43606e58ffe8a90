"""A locked package that the environment lacks: what putting it in asks of the system, counted."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Self

import pytest

from tests.core.commands.installing import installed, require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


class Asked:
    """Counts what a piece of work asks of the file system."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        self.resolved: list[str] = []
        """What was looked at without following links, as each part of a path is that is freed of them."""
        self.calls: Counter[str] = Counter()
        self._monkeypatch = monkeypatch
        self._is_listening = False
        sys.addaudithook(self._listen)

    def _listen(self, event: str, arguments: tuple[object, ...]) -> None:
        if self._is_listening and event in {"open", "os.listdir", "os.scandir"} and isinstance(arguments[0], str):
            if event == "open" and not arguments[0].endswith((".py", ".pyc")):
                self.opened.append(arguments[0])
            elif event != "open":
                self.calls["list"] += 1

    def _count(self, name: str) -> None:
        real: Callable[..., object] = getattr(os, name)

        def counted(*arguments: object, **options: object) -> object:
            self.calls[name] += 1
            if name == "lstat":
                self.resolved.append(str(arguments[0]))
            return real(*arguments, **options)

        self._monkeypatch.setattr(os, name, counted)

    def __enter__(self) -> Self:
        for name in ("stat", "lstat", "fsync"):
            self._count(name)
        self._is_listening = True
        return self

    def __exit__(self, *_problem: object) -> None:
        self._is_listening = False
        self._monkeypatch.undo()

    def times(self, ending: str) -> int:
        """Return how often a file whose path ends like this was opened."""
        return sum(path.endswith(ending) for path in self.opened)


@pytest.fixture
def one_more(equipped: Path, index: FakeIndex, chapbook: Chapbook) -> Callable[[int], Asked]:
    """Put one more package into an environment with so many, after having done so before in this process."""

    def put_in(there: int) -> Asked:
        names = [f"p{number}" for number in range(there)]
        for name in (*names, "warm", "late"):
            index.serve(name, "1.0")
        # At first everything, so that it is in the store; and one more, so that the code of it is loaded.
        for more in (("warm", "late"), (), ("warm",)):
            require(equipped, *names, *more)
            assert 0 == chapbook("lock").status
            assert 0 == chapbook("sync").status
        require(equipped, *names, "warm", "late")
        assert 0 == chapbook("lock").status
        with pytest.MonkeyPatch.context() as monkeypatch, Asked(monkeypatch) as asked:
            assert 0 == chapbook("sync").status
        assert "late 1.0" in installed(equipped)
        return asked

    return put_in


def test_each_small_file_is_read_once_or_for_a_reason(one_more: Callable[[int], Asked]) -> None:
    asked = one_more(3)
    # To see whether there is anything to do, and once the project is held.
    assert 2 == asked.times("/pyproject.toml")
    assert 2 == asked.times("/poetry.lock")
    # For the key of what is in order, before and after; for what is there, and for where things belong in it.
    assert 4 == asked.times("/pyvenv.cfg")
    # For what was in order, who else changes it, what stands there, what is still to come, and before it is written.
    assert 5 == asked.times("/.chapbook/state.json")
    assert 1 == asked.times("/manifest")
    assert 1 == asked.times("/listing")


def test_few_files_and_folders_are_opened(one_more: Callable[[int], Asked]) -> None:
    asked = one_more(3)
    assert len(asked.opened) <= 75, asked.opened
    assert asked.calls["list"] <= 14


def test_the_folder_of_the_project_is_freed_of_links_by_those_who_may_be_led_astray(
    equipped: Path, one_more: Callable[[int], Asked]
) -> None:
    # To find the project, to hold it, once it is held; for its trust, where things belong, and where the state is of.
    assert 6 == one_more(3).resolved.count(str(equipped))


def test_a_disk_is_waited_for_twice(one_more: Callable[[int], Asked]) -> None:
    # Until the journal is on it, and until the name of the journal is.
    assert 2 == one_more(3).calls["fsync"]


def test_of_each_distribution_that_stays_little_is_asked(
    equipped: Path, one_more: Callable[[int], Asked], tmp_path: Path
) -> None:
    few = one_more(2)
    (equipped / ".venv").rename(tmp_path / "before")
    many = one_more(12)
    # This process has read what they hold before.
    assert len(many.opened) == len(few.opened)
    assert 20 == many.calls["stat"] - few.calls["stat"]
    assert many.calls["lstat"] == few.calls["lstat"]
    assert many.calls["list"] == few.calls["list"]
