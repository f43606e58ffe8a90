"""A lock with git's conflict marks: the two sides that it holds."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

_MARK = late_pattern(r"^(?:<{7} |\|{7} |={7}$|>{7} )", re.MULTILINE)
_SIGNS = tuple(sign * 7 for sign in "<|=>")


@frozen
class Sides:
    """The text as each of the two branches has it."""

    ours: str
    theirs: str


class _Part(Enum):
    BOTH = auto()
    OURS = auto()
    BASE = auto()
    THEIRS = auto()


# Which mark leads from which part to which; any other mark is out of place.
_STEPS = {
    ("<", _Part.BOTH): _Part.OURS,
    ("|", _Part.OURS): _Part.BASE,
    ("=", _Part.OURS): _Part.THEIRS,
    ("=", _Part.BASE): _Part.THEIRS,
    (">", _Part.THEIRS): _Part.BOTH,
}


def has_conflict(text: str) -> bool:
    """Whether git left a conflict mark in the text."""
    # Hardly a lock has one, and to look for what stands in one takes a quarter of the time.
    return any(sign in text for sign in _SIGNS) and _MARK.search(text) is not None


def split_conflict(text: str, file: Path) -> Sides:
    """Take the two sides apart; `file` is only named in errors.

    Raises:
        FileMistakes: A mark is out of place, so that nobody can say which side a line is on.

    """
    ours: list[str] = []
    theirs: list[str] = []
    part = _Part.BOTH
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        if _MARK.match(line.rstrip("\r\n")):
            step = _STEPS.get((line[0], part))
            if step is None:
                raise _out_of_place(file, line, number)
            part = step
            continue
        if part in {_Part.BOTH, _Part.OURS}:
            ours.append(line)
        if part in {_Part.BOTH, _Part.THEIRS}:
            theirs.append(line)
    if part is not _Part.BOTH:
        raise _out_of_place(file, "the end of the file", text.count("\n") + 1)
    return Sides("".join(ours), "".join(theirs))


def _out_of_place(file: Path, what: str, line: int) -> FileMistakes:
    return FileMistakes(
        file,
        [
            Mistake(
                f"git's conflict marks do not pair up: {what.strip()}",
                line=line,
                hint="take one side with `git checkout --ours poetry.lock`, then run `chapbook lock`",
            )
        ],
    )
