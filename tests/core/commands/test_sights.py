"""What a process that runs many commands remembers of projects in which nothing was to be done."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.command import Invocation
from chapbook_core.commands.dispatch import Seen, glance
from chapbook_core.commands.nothing_to_do import NothingToDo, installing_words
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.sights import Sights
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.value import replace
from tests.core.commands.installing import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chapbook_core.commands.report import Result
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

pytestmark = pytest.mark.skipif(os.name == "nt", reason="nothing is remembered there")
SYNC = Invocation(BY_NAME["sync"], {})


@pytest.fixture
def project(equipped: Path, index: FakeIndex, chapbook: Chapbook) -> Path:
    index.serve("a", "1.0")
    require(equipped, "a")
    assert 0 == chapbook("sync").status
    return Path(os.path.realpath(equipped))


def later() -> float:
    """Tell the time as if some had gone by since the last change."""
    return time.time() + 10


@pytest.fixture
def surroundings(project: Path) -> Surroundings:
    """Those of a process that has just seen that nothing is to be done."""
    made = Surroundings(project, dict(os.environ), Path.home(), sys.version_info[:2], sights=Sights(), now=later)
    assert seen(made) is not None
    return made


def seen(surroundings: Surroundings, invocation: Invocation = SYNC) -> Result | None:
    found = glance(invocation, surroundings)
    assert found is not None
    return found.result


@contextmanager
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Count how often somebody looks in earnest."""
    counted: list[str] = []
    found = NothingToDo.found

    def counting(self: NothingToDo) -> object:
        counted.append("look")
        return found(self)

    with monkeypatch.context() as patch:
        patch.setattr(NothingToDo, "found", counting)
        yield counted


def is_looked_at(surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, invocation: Invocation = SYNC) -> bool:
    with looks(monkeypatch) as counted:
        seen(surroundings, invocation)
    return bool(counted)


def test_what_was_seen_is_told_again_without_a_look(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with looks(monkeypatch) as counted:
        result = seen(surroundings)
    assert [] == counted
    assert result is not None
    assert "Nothing to do: 1 package is installed" in str(result.report())
    # A copy of the same variables is no other question.
    assert not is_looked_at(replace(surroundings, variables=dict(surroundings.variables)), monkeypatch)


def edited_in_place(project: Path) -> None:
    file = project / "pyproject.toml"
    before = file.stat()
    content = file.read_bytes()
    with file.open("r+b") as stream:
        stream.write(content.replace(b"a", b"b", 1))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert before.st_size == file.stat().st_size


def another_in_its_place(project: Path) -> None:
    lock = project / "poetry.lock"
    copy = lock.with_suffix(".new")
    copy.write_bytes(lock.read_bytes())
    copy.replace(lock)


def set_for_the_project(project: Path) -> None:
    (project / "poetry.toml").write_text("[virtualenvs]\nin-project = true\n")


def set_for_the_person(_project: Path) -> None:
    folder = Path.home() / ".config" / "pypoetry"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("[virtualenvs]\nin-project = false\n")


def put_in_by_somebody(project: Path) -> None:
    library = next((project / ".venv").glob("lib/*/site-packages"))
    (library / "b-1.0.dist-info").mkdir()


def taken_out_by_somebody(project: Path) -> None:
    library = next((project / ".venv").glob("lib/*/site-packages"))
    next(library.glob("a-1.0.dist-info")).rename(library / "a.gone")


def another_python_beside(project: Path) -> None:
    (project / ".venv" / "lib" / "python2.7").mkdir()


def configured_anew(project: Path) -> None:
    file = project / ".venv" / "pyvenv.cfg"
    file.write_text(f"{file.read_text()}# touched\n")


def without_its_python(project: Path) -> None:
    python = project / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(project / "gone")


def left_half_done(project: Path) -> None:
    (project / ".venv" / ".chapbook" / "journal").touch()


def being_written(project: Path) -> None:
    (project / ".chapbook").mkdir(exist_ok=True)
    (project / ".chapbook" / "attempt").touch()


def gone(project: Path) -> None:
    (project / ".venv").rename(project / ".old")


def state_forgotten(project: Path) -> None:
    (project / ".venv" / ".chapbook" / "state.json").unlink()


@pytest.mark.parametrize(
    "change",
    [
        edited_in_place,
        another_in_its_place,
        set_for_the_project,
        set_for_the_person,
        put_in_by_somebody,
        taken_out_by_somebody,
        another_python_beside,
        configured_anew,
        without_its_python,
        left_half_done,
        being_written,
        gone,
        state_forgotten,
    ],
)
def test_after_any_change_somebody_looks(
    project: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    assert not is_looked_at(surroundings, monkeypatch)
    change(project)
    assert is_looked_at(surroundings, monkeypatch)


def test_another_question_is_not_answered_by_it(
    project: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {**surroundings.variables, "CHAPBOOK_VIRTUALENVS_IN_PROJECT": "false"}
    assert is_looked_at(replace(surroundings, variables=variables), monkeypatch)
    seen(surroundings)
    assert is_looked_at(replace(surroundings, home=project), monkeypatch)
    assert is_looked_at(surroundings, monkeypatch, Invocation(BY_NAME["sync"], {"only": ("main",)}))
    assert is_looked_at(surroundings, monkeypatch, Invocation(BY_NAME["install"], {}))
    assert not is_looked_at(surroundings, monkeypatch)


def test_what_has_just_changed_is_looked_at_once_more(
    project: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What changes again within the same tick of the file system's clock would not be noticed.
    fresh = replace(surroundings, sights=Sights(), now=time.time)
    (project / "poetry.lock").touch()
    seen(fresh)
    assert is_looked_at(fresh, monkeypatch)


def test_variables_that_somebody_changes_afterwards_are_others(
    surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = dict(surroundings.variables)
    here = replace(surroundings, variables=variables, sights=Sights())
    seen(here)
    variables["CHAPBOOK_CACHE_DIR"] = "elsewhere"
    assert is_looked_at(here, monkeypatch)


def test_a_project_that_is_found_from_below_or_through_a_link_is_looked_at(
    project: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "below").mkdir()
    link = project.parent / "link"
    link.symlink_to(project)
    for start in (project / "below", link):
        here = replace(surroundings, folder=start)
        seen(here)
        assert is_looked_at(here, monkeypatch)


def test_whatever_a_look_opens_is_watched(project: Path, surroundings: Surroundings) -> None:
    opened: set[str] = set()
    listening = True

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if listening and event in ("open", "os.listdir") and isinstance(arguments[0], str):
            opened.add(arguments[0])

    sys.addaudithook(listen)
    nothing_to_do = NothingToDo(surroundings, tuple(installing_words({}, sync=True)))
    try:
        known = nothing_to_do.found()
    finally:
        listening = False
    assert known is not None
    watched = {place for place in opened if not place.endswith((".py", ".pyc"))}
    assert watched
    # The Python is only asked for.
    assert {*watched, str(project / ".venv" / "bin" / "python")} == set(known.places)


def test_only_so_many_are_kept(project: Path, surroundings: Surroundings, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        seen(replace(surroundings, home=project / str(number)))
    assert is_looked_at(surroundings, monkeypatch)
    assert not is_looked_at(replace(surroundings, home=project / "39"), monkeypatch)


def test_threads_remember_at_the_same_time(project: Path) -> None:
    sights, problems = Sights(), SimpleQueue[Exception]()
    end = time.monotonic() + 0.2

    def remember(thread: int) -> None:
        number = 0
        try:
            while time.monotonic() < end:
                number += 1
                sights.keep(
                    (thread, number), {}, places=(), environment=project, seen=Seen(project, None), since=later()
                )
        except RuntimeError as problem:
            problems.put(problem)

    threads = [Thread(target=remember, args=(number,)) for number in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert problems.empty()
