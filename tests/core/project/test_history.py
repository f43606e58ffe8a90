from __future__ import annotations

import json
import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.project import history as module
from chapbook_core.project import writing
from chapbook_core.project.history import FILES, Entry, History, HistoryDamaged, begin, end, foretell
from chapbook_core.project.history_course import course
from chapbook_core.project.writing import write_file

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.history import Contents


def contents(project: bytes, lock: bytes | None = None) -> Contents:
    return {"pyproject.toml": project, "poetry.lock": lock}


def entry(number: int, *, undoes: int | None = None, redoes: int | None = None) -> Entry:
    nothing = dict.fromkeys(FILES)
    return Entry(number, 0.0, "", nothing, nothing, undoes, redoes)


def numbers(entries: tuple[Entry, ...]) -> list[int]:
    return [one.number for one in entries]


def test_what_was_kept_comes_back_letter_by_letter(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("add a", 12.5, contents(b"one\r\n"), contents(b"two", b"\x00\xff"))
    (found,) = History(tmp_path).entries()
    assert (1, 12.5, "add a") == (found.number, found.when, found.words)
    assert b"one\r\n" == history.content(found.before["pyproject.toml"])
    assert None is history.content(found.before["poetry.lock"])
    assert b"\x00\xff" == history.content(found.after["poetry.lock"])
    assert (tmp_path / ".chapbook" / ".gitignore").read_text() == "*\n"


def test_old_changes_are_forgotten_with_what_only_they_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    history = History(tmp_path)
    for number in range(6):
        history.add("x", number, contents(b"%d" % number), contents(b"%d" % (number + 1)))
    assert [4, 5, 6] == numbers(history.entries())
    kept = {history.content(name) for one in history.entries() for name in one.before.values()}
    assert {b"3", b"4", b"5", None} == kept
    assert 4 == len(list((history.folder / "contents").iterdir()))


def written(project: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take note of the files of the history that are written anew."""
    names: list[str] = []
    write = writing.stage_file

    def heard(path: Path, *rest: Any, **more: Any) -> writing.StagedFile:
        names.append(path.relative_to(project).parts[2])
        return write(path, *rest, **more)

    monkeypatch.setattr(writing, "stage_file", heard)
    return names


def test_a_change_is_written_behind_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(tmp_path)
    history.add("x", 1, contents(b"one"), contents(b"two"))
    before = (history.folder / "log").read_bytes()
    names = written(tmp_path, monkeypatch)
    for number in range(2, 6):
        history.add("x", number, contents(b"one"), contents(b"two"))
    assert [] == names
    assert (history.folder / "log").read_bytes().startswith(before)
    assert [1, 2, 3, 4, 5] == numbers(history.entries())


def test_old_changes_are_forgotten_many_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 8)
    history = History(tmp_path)
    history.add("x", 0, contents(b"one"), contents(b"two"))
    names = written(tmp_path, monkeypatch)
    for number in range(1, 20):
        history.add("x", number, contents(b"one"), contents(b"two"))
        assert list(range(max(1, number - 6), number + 2)) == numbers(history.entries())
    assert ["log"] * 4 == names


@pytest.mark.parametrize("torn", [b'{"number": 3, "wh', b"\0" * 40, b"\0" * 40 + b'ds": null}\n'])
def test_a_line_that_a_power_cut_has_torn_is_no_change(tmp_path: Path, torn: bytes) -> None:
    history = History(tmp_path)
    for number in range(2):
        history.add("x", number, contents(b"one"), contents(b"two"))
    log = history.folder / "log"
    log.write_bytes(log.read_bytes() + torn)
    assert [1, 2] == numbers(history.entries())
    for _ in range(2):
        history.add("x", 2, contents(b"one"), contents(b"two"))
    assert [1, 2, 3, 4] == numbers(history.entries())
    assert b"\0" not in log.read_bytes()


def test_a_line_may_be_longer_than_a_glance(tmp_path: Path) -> None:
    history = History(tmp_path)
    for number in range(3):
        history.add("x" * 100_000, number, contents(b"one"), contents(b"two"))
    assert [1, 2, 3] == numbers(history.entries())


def test_no_log_is_written_that_a_link_leads_to(tmp_path: Path) -> None:
    history = History(tmp_path / "project")
    history.project.mkdir()
    history.add("x", 1, contents(b"one"), contents(b"two"))
    log = history.folder / "log"
    elsewhere = log.rename(tmp_path / "elsewhere")
    log.symlink_to(elsewhere)
    kept = elsewhere.read_bytes()
    with pytest.raises(HistoryDamaged):
        history.add("x", 2, contents(b"one"), contents(b"two"))
    assert kept == elsewhere.read_bytes()


def test_a_content_that_a_power_cut_left_empty_is_kept_anew(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add("x", 1, contents(b"one"), contents(b"two"))
    for file in (history.folder / "contents").iterdir():
        file.write_bytes(b"")
    history.add("x", 2, contents(b"one"), contents(b"two"))
    assert b"one" == history.content(history.entries()[-1].before["pyproject.toml"])


@pytest.mark.parametrize("name", FILES)
def test_every_write_of_a_file_changes_its_marks(tmp_path: Path, name: str) -> None:
    history = History(tmp_path)
    seen = [history.marks()]
    for content in (b"one", b"two", b"two"):
        write_file(tmp_path / name, content)
        seen.append(history.marks())
        assert seen[-1] == history.marks()
    (tmp_path / name).unlink()
    assert seen[0] == history.marks()
    assert all(before != after for before, after in pairwise(seen))


def test_undoing_and_doing_again_move_changes_to_and_fro() -> None:
    first = course([entry(1), entry(2), entry(3), entry(4, undoes=2)])
    assert [1] == numbers(first.standing)
    assert [[2, 3, 4]] == list(map(numbers, first.undone))
    again = first.with_entry(entry(5, undoes=1))
    assert [] == numbers(again.standing)
    back = again.with_entry(entry(6, redoes=5))
    assert [1] == numbers(back.standing)
    all_back = back.with_entry(entry(7, redoes=4))
    assert [1, 2, 3] == numbers(all_back.standing)
    assert () == all_back.undone
    assert () == back.with_entry(entry(7)).undone


def killed(project: Path, *, before: bytes, after: bytes, held: bytes) -> History:
    """Begin a change of the project file, and leave it with what somebody has put there."""
    file = project / "pyproject.toml"
    file.write_bytes(before)
    begin(project, "add a", 12.5)
    foretell(project, {"pyproject.toml": after})
    file.write_bytes(held)
    return History(project)


def test_a_change_whose_maker_was_killed_is_remembered(tmp_path: Path) -> None:
    history = killed(tmp_path, before=b"one", after=b"two", held=b"two")
    history.settle()
    history.settle()
    (found,) = history.entries()
    assert (1, 12.5, "add a") == (found.number, found.when, found.words)
    assert b"one" == history.content(found.before["pyproject.toml"])
    assert b"two" == history.content(found.after["pyproject.toml"])


@pytest.mark.parametrize("held", [b"one", b"edited"])
def test_one_that_was_not_made_is_not_and_nor_is_what_a_person_did(tmp_path: Path, held: bytes) -> None:
    history = killed(tmp_path, before=b"one", after=b"two", held=held)
    history.settle()
    assert () == history.entries()
    assert not (history.folder / "underway").exists()


def test_a_command_that_ends_leaves_nothing_foretold(tmp_path: Path) -> None:
    history = killed(tmp_path, before=b"one", after=b"two", held=b"two")
    end(tmp_path)
    history.settle()
    assert () == history.entries()
    foretell(tmp_path, {"pyproject.toml": b"three"})
    assert not (history.folder / "underway").exists()


@pytest.mark.parametrize("content", [b"{", b"[" * 100_000, b'{"number": 1e400, "when": 0}'], ids=lambda one: one[:20])
def test_what_is_foretold_and_unreadable_is_forgotten(tmp_path: Path, content: bytes) -> None:
    history = killed(tmp_path, before=b"one", after=b"two", held=b"two")
    (history.folder / "underway").write_bytes(content)
    history.settle()
    assert () == history.entries()


@pytest.mark.parametrize(
    "spoilt",
    [{"number": float("inf")}, {"when": float("nan")}, {"when": 1e300}, {"undoes": float("inf")}, {"after": None}],
    ids=str,
)
def test_a_line_that_was_spoilt_by_hand_is_named(tmp_path: Path, spoilt: dict[str, object]) -> None:
    history = History(tmp_path)
    for content in (b"one", b"two"):
        history.add("add a", 1.0, history.present(), {"pyproject.toml": content, "poetry.lock": None})
    log = history.folder / "log"
    first, second = log.read_bytes().splitlines()
    for line in (json.dumps({**json.loads(second), **spoilt}).encode(), b"[" * 100_000):
        log.write_bytes(first + b"\n" + line + b"\n")
        with pytest.raises(HistoryDamaged, match="line 2 of `log`"):
            history.entries()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such files here")
@pytest.mark.parametrize("name", ["log", "underway"])
def test_nobody_waits_for_a_pipe_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    history = History(tmp_path)
    history.folder.mkdir(parents=True)
    os.mkfifo(history.folder / name)
    with pytest.raises(HistoryDamaged, match="neither a file nor a folder"):
        history.add("add a", 1.0, contents(b"one"), contents(b"two"))
    with pytest.raises(HistoryDamaged, match="neither a file nor a folder"):
        history.entries()
