from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.locking import LockRequest, lock_project
from chapbook_core.commands.session import open_session
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_core.index.reader import IndexReader
from tests.fakes.index import FakeIndex
from tests.fakes.index.generated import Shape, generated_world, roots

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.commands.locking import LockOutcome

_MOST_WASTED = 0.05
"""Of all requests, those that locking without guesses would not have made."""


def _lock(folder: Path, url: str, requirements: list[str]) -> LockOutcome:
    listed = ", ".join(f'"{requirement}"' for requirement in requirements)
    text = f'[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = [{listed}]\n'
    (folder / "pyproject.toml").write_text(text, "utf-8")
    surroundings = Surroundings(folder, {"PIP_INDEX_URL": url}, folder, (3, 11), cache=False)
    return lock_project(open_session(surroundings, Unwatched()), LockRequest())


def _without_guesses(reader: IndexReader, follower: object) -> None:
    assert reader is not follower


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_guesses_waste_few_requests_and_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    shape = Shape(packages=120, seed=seed, description=0)
    wanted = roots(shape, 20)
    with FakeIndex(generated_world(shape)) as index:
        guessed = _lock(tmp_path, index.url, wanted)
        with_guesses = index.counts.total()
        index.reset_counts()
        monkeypatch.setattr(IndexReader, "follow", _without_guesses)
        plain = _lock(tmp_path, index.url, wanted)
        without = index.counts.total()
    assert guessed.text == plain.text
    assert len(guessed.lock.packages) > 30
    assert with_guesses <= without * (1 + _MOST_WASTED)


def test_nothing_is_followed_from_a_version_that_is_not_the_locked_one(tmp_path: Path) -> None:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b"])
        index.serve("b", "1.0")
        (tmp_path / "poetry.lock").write_text(_lock(tmp_path, index.url, ["a"]).text, "utf-8")
        index.serve("b", "2.0", requires=["never-needed"])
        index.reset_counts()
        outcome = _lock(tmp_path, index.url, ["a"])
        asked = [seen.path for seen in index.requests]
    assert [package.version for package in outcome.lock.packages] == ["1.0", "1.0"]
    assert not [path for path in asked if "never-needed" in path]


def test_what_a_marker_or_an_extra_rules_out_is_not_asked_for(tmp_path: Path) -> None:
    with FakeIndex() as index:
        requires = ["old; python_version < '3'", "more; extra == 'x'", "extra-y; extra == 'y'", "b"]
        index.serve("a", "1.0", requires=requires, extras={"x": (), "y": ()})
        for name in ("old", "more", "extra-y", "b"):
            index.serve(name, "1.0")
        _lock(tmp_path, index.url, ["a[y]"])
        asked = {seen.path.split("/")[2] for seen in index.requests if seen.path.startswith("/simple/")}
    assert asked == {"a", "b", "extra-y"}
