from __future__ import annotations

import io

import pytest

from chapbook_core.cli import progress
from chapbook_core.cli.progress import Progress
from chapbook_core.commands.text import Writing
from chapbook_core.events import Advanced, Event, Finished, Notice, Started


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


EVENTS: list[Event] = [
    Notice("info", "hello"),
    Notice("debug", "details"),
    Started("get", "Fetching", 2),
    Advanced("get", 1, note="numpy"),
    Notice("warning", "slow", ("wait",)),
    Finished("get", 1.25, "2 files"),
]


def told(stream: io.StringIO, writing: Writing, *, quiet: bool = False) -> str:
    with Progress(stream, writing, quiet=quiet) as watcher:
        for event in EVENTS:
            watcher.emit(event)
            watcher.checkpoint()
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SECONDS_BEFORE_FIRST", 0)
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_DRAWINGS", 0)


def test_a_file_gets_lines_only() -> None:
    assert told(io.StringIO(), Writing()) == "hello\nwarning: slow\nhint: wait\n"


def test_the_verbose_hear_more() -> None:
    assert told(io.StringIO(), Writing(verbosity=2)) == (
        "hello\ndetails\nwarning: slow\nhint: wait\nFetching: 2 files, 1.2 s\n"
    )


def test_what_ends_before_it_has_begun_is_not_told() -> None:
    stream = io.StringIO()
    with Progress(stream, Writing(verbosity=1)) as watcher:
        watcher.emit(Finished("install", 0.5))
    assert stream.getvalue() == ""


def test_a_warning_is_given_once() -> None:
    stream = io.StringIO()
    with Progress(stream, Writing()) as watcher:
        for message in ("slow", "slow", "late", "slow"):
            watcher.emit(Notice("warning", message))
    assert "warning: slow\nwarning: late\n" == stream.getvalue()


def test_the_quiet_hear_nothing() -> None:
    assert told(Terminal(), Writing(ansi=True), quiet=True) == ""


def test_a_terminal_shows_one_line_that_is_gone_in_the_end() -> None:
    text = told(Terminal(), Writing(ansi=True))
    assert "\r\x1b[KFetching 0/2" in text
    assert "\r\x1b[KFetching 1/2 numpy" in text
    assert "\r\x1b[K\x1b[33mwarning:\x1b[0m slow\n" in text
    last_drawn, last_erased = text.rindex("Fetching"), text.rindex("\r\x1b[K")
    assert last_erased > last_drawn


def test_bytes_are_told_so_that_they_can_be_read() -> None:
    stream = Terminal()
    with Progress(stream, Writing(ansi=True)) as watcher:
        watcher.emit(Started("get", "Fetching", 12_400_000))
        watcher.emit(Advanced("get", 3_100_000, note="numpy"))
    assert "Fetching 3.1 of 12.4 MB numpy" in stream.getvalue()


def test_what_a_terminal_would_obey_is_shown() -> None:
    stream = Terminal()
    with Progress(stream, Writing(ansi=True, verbosity=1)) as watcher:
        for event in (Notice("info", "\x1b[2J"), Started("get", "of \x9b", None), Finished("get", 1, "\u202e")):
            watcher.emit(event)
    assert "\\u001b[2J\n" in stream.getvalue()
    assert "of \\u009b: \\u202e" in stream.getvalue()
