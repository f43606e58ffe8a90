"""Lets the system refuse one thing after the other: `python -m tests.faults.fail_calls --error ENOSPC`.

A command is run again and again from the same start. The first time its first change of the disk is refused, then its
second, and so on until it comes to its end. Each time project file, lock and environment must be what they were, or all
what they were to become, and one `install` has to bring the environment to what is locked.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.index import FakeIndex
from tests.faults.end_commands import World
from tests.faults.in_copy import NOTHING_HAPPENED, changed_path, in_copy, perform
from tests.faults.kill_install import judge, locked, serve, snapshot
from tests.faults.verdict import verdict

ERRORS = ("ENOSPC", "EIO", "EACCES", "EROFS", "EMFILE")
COMMANDS = (("add", "more"), ("remove", "gone"), ("update",), ("sync",))
_MAKING = frozenset({"os.mkdir", "os.link", "os.symlink", "sqlite3.connect"})
_CHANGING = _MAKING | {"os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "os.utime"}


@dataclass
class Tally:
    """What the runs have shown."""

    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Refusing:
    """An audit hook that refuses what changes the disk."""

    folder: str
    """Only below it."""
    error: int
    first: int
    """The number of the first change that is refused."""
    forever: bool
    """Whether nothing can be made from there on, as on a full disk; else one change is refused, and no other."""
    relative: bool = True
    """Whether a name counts whose folder nobody tells."""
    count: int = 0

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Look at what is about to happen."""
        if not self._is_change(event, arguments):
            return
        self.count += 1
        is_later = self.forever and self.count > self.first
        if self.count == self.first or (is_later and self._is_making(event, arguments)):
            raise OSError(self.error, os.strerror(self.error), str(arguments[0]))

    def _is_change(self, event: str, arguments: tuple[object, ...]) -> bool:
        path = changed_path(event, arguments, _CHANGING)
        if not path:
            return False
        return path.startswith(self.folder) if path.startswith("/") else self.relative

    @staticmethod
    def _is_making(event: str, arguments: tuple[object, ...]) -> bool:
        if event == "open":
            flags = arguments[2]
            return isinstance(flags, int) and bool(flags & (os.O_CREAT | os.O_TRUNC))
        if event == "os.mkdir":
            # That a folder is there already is said first.
            folder = f"/proc/self/fd/{arguments[2]}/" if arguments[2] != -1 else ""
            return not os.path.lexists(f"{folder}{arguments[0]}")
        return event in _MAKING


def refused(world: World, words: tuple[str, ...], refusing: Refusing) -> tuple[int, str]:
    """Run a command in a copy of this process in which things are refused; return its status and what it told."""

    def work() -> int:
        status = perform(world, words, refusing)
        return NOTHING_HAPPENED if refusing.count < refusing.first and not status else status

    return in_copy(work)


def run_sweep(words: tuple[str, ...], error: str, *, forever: bool, step: int = 1, world: World | None = None) -> Tally:
    """Refuse each change of a command, or each so many-th."""
    if world is None:
        with tempfile.TemporaryDirectory(prefix="fail-calls-") as folder, FakeIndex() as index:
            serve(index)
            return run_sweep(words, error, forever=forever, step=step, world=World(Path(folder), index.url))
    tally = Tally()
    start = world.started(words)
    number = 1
    while True:
        world.restore(words)
        refusing = Refusing(str(world.project.folder.parent), getattr(errno, error), number, forever)
        status, told = refused(world, words, refusing)
        if status == NOTHING_HAPPENED:
            return tally
        end = "went on" if status == 0 else "stopped"
        tally.ends[end] += 1
        wrong = ["a traceback"] if "Traceback" in told else []
        if status not in (0, 1):
            wrong.append(f"it ended with {status}")
        if status and world.files() != start.before:
            # The next command has to make them so.
            world.project.run("show")
        if world.files() != (start.before if status else start.after):
            wrong.append("project file and lock are not what the status says")
        if status and snapshot(world.project.environment) != start.environment:
            wrong.append("the environment was changed")
        if status and os.strerror(getattr(errno, error)) not in told:
            wrong.append("it does not say why")
        again, said = world.project.run("install")
        if again or "Traceback" in said:
            wrong.append(f"`install` says: {said}")
        wrong += judge(world.project, locked(world.files()))
        how = "from" if forever else "at"
        tally.wrong += [f"{' '.join(words)}, {error} {how} {number} ({end}): {text}\n{told}" for text in wrong]
        number += step


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--error", nargs="+", choices=ERRORS, default=ERRORS)
    parser.add_argument("--step", type=int, default=1)
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="fail-calls-") as folder, FakeIndex() as index:
        serve(index)
        world = World(Path(folder), index.url)
        for error in options.error:
            for forever in (False, True):
                for words in COMMANDS:
                    tally = run_sweep(words, error, forever=forever, step=options.step, world=world)
                    how = "from there on" if forever else "once"
                    told = f"{error} {how}, {words[0]}: {dict(tally.ends)}, wrong: {len(tally.wrong)}"
                    failed |= verdict(told, wrong=tally.wrong, most=3)
    sys.exit(failed)


if __name__ == "__main__":
    main()
