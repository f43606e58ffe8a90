"""The root of every error that Chapbook raises on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class ChapbookError(Exception):
    """Something a person can understand and act upon; the front ends show it without a traceback."""

    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, *, hints: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hints = tuple(hints)


class UsageError(ChapbookError):
    """The words of a command do not fit together."""

    exit_status: ClassVar[int] = 2


class Cancelled(ChapbookError):
    """The person asked to stop; everything is as it was before the command."""

    exit_status: ClassVar[int] = 130

    def __init__(self) -> None:
        super().__init__("cancelled; nothing was changed")


@frozen
class Mistake:
    """One thing that is wrong in a file: where, what, and what to write instead."""

    message: str
    place: str = ""
    """The key, as in `project.dependencies[2]`; empty when the whole file is meant."""
    line: int | None = None
    hint: str = ""


class FileMistakes(ChapbookError):
    """A file cannot be used; every mistake in it is told at once."""

    def __init__(self, file: Path, mistakes: Iterable[Mistake]) -> None:
        self.file = file
        self.mistakes = tuple(mistakes)
        lines = [_line(file, mistake) for mistake in self.mistakes]
        hints = dict.fromkeys(mistake.hint for mistake in self.mistakes if mistake.hint)
        super().__init__("\n".join(lines), hints=hints)


def _line(file: Path, mistake: Mistake) -> str:
    where = f"{file}:{mistake.line}" if mistake.line is not None else f"{file}"
    return f"{where}: {mistake.place}: {mistake.message}" if mistake.place else f"{where}: {mistake.message}"
