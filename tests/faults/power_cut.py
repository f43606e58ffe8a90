"""Cuts the power: `python -m tests.faults.power_cut`.

A command runs to one of its changes of the disk, and ends there. Of the project only what had reached the disk by then
is left; a file that nobody waited for is empty. Names are left in three ways:

    all       as if the system had just written them
    ordered   those of the last wait for anything, as file systems with a journal have them
    least     those alone that somebody waited for

Each time project file and lock must be both the old ones or both the new ones as soon as one command has looked at
them. But for the last way, one `install` has to bring the environment to what is locked.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.index import FakeIndex
from tests.faults.end_commands import Start, World
from tests.faults.in_copy import NOTHING_HAPPENED, changed_path, in_copy, perform
from tests.faults.kill_install import judge, locked, serve
from tests.faults.verdict import verdict

COMMANDS = (("add", "more"), ("remove", "gone"), ("update",), ("sync",), ("lock",))
VARIANTS = ("all", "ordered", "least")
CUT = 99
"""The status of a run that was cut off."""
_CHANGING = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"})
_NAMES = ("pyproject.toml", "poetry.lock")

Key = tuple[int, int]


@dataclass
class Tally:
    """What the cuts have shown."""

    cuts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Thing:
    """What a name stands for."""

    key: Key
    status: os.stat_result
    link: str = ""


Names = dict[str, Thing]
"""By path below the top; a folder comes before what is in it."""


class Disk:
    """What of a folder has reached the disk, told by the calls that wait for it."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._held: dict[Key, int] = {}
        """Files that were seen, kept open: else another one could come to have the number of one that is gone."""
        self.ordered = self._present()
        self.least = dict(self.ordered)
        self.contents = {
            thing.key: (top / path).read_bytes() for path, thing in self.ordered.items() if _is_file(thing)
        }
        """By file, as it was when somebody last waited for it."""

    def waited_for(self, path: Path) -> None:
        """Take note of a file or a folder that was made to reach the disk."""
        self.ordered = self._present()
        place = "" if path == self.top else path.relative_to(self.top).as_posix()
        thing = self.ordered.get(place)
        if thing is not None and _is_file(thing):
            self.contents[thing.key] = path.read_bytes()
        elif place == "" or (thing is not None and stat.S_ISDIR(thing.status.st_mode)):
            kept = {name: one for name, one in self.least.items() if name.rpartition("/")[0] != place}
            self.least = kept | {name: one for name, one in self.ordered.items() if name.rpartition("/")[0] == place}

    def leave(self, target: Path, variant: str) -> None:
        """Lay out what is left after the power is gone."""
        names = {"all": self._present(), "ordered": self.ordered, "least": self.least}[variant]
        target.mkdir()
        for name, thing in sorted(names.items()):
            path = target / name
            if not path.parent.is_dir():
                continue
            if thing.link:
                path.symlink_to(thing.link)
            elif stat.S_ISDIR(thing.status.st_mode):
                path.mkdir()
            else:
                path.write_bytes(self.contents.get(thing.key, b""))
                path.chmod(stat.S_IMODE(thing.status.st_mode))
                os.utime(path, ns=(thing.status.st_mtime_ns, thing.status.st_mtime_ns))

    def _present(self) -> Names:
        found: Names = {}
        for folder, folders, files in os.walk(self.top):
            for name in (*folders, *files):
                path = Path(folder, name)
                status = path.lstat()
                link = str(path.readlink()) if path.is_symlink() else ""
                thing = found[path.relative_to(self.top).as_posix()] = Thing(
                    (status.st_dev, status.st_ino), status, link
                )
                if _is_file(thing) and thing.key not in self._held:
                    self._held[thing.key] = os.open(path, os.O_RDONLY)
        return found


def _is_file(thing: Thing) -> bool:
    return stat.S_ISREG(thing.status.st_mode)


@dataclass
class Cutting:
    """An audit hook that ends the process before one of its changes of a folder."""

    disk: Disk
    number: int
    room: Path
    """Where the variants of what is left go."""
    count: int = 0
    is_busy: bool = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Look at what is about to happen."""
        if self.is_busy or not self._is_change(event, arguments):
            return
        self.count += 1
        if self.count == self.number:
            self.cut()

    def cut(self) -> None:
        """Leave what has reached the disk, and end."""
        self.is_busy = True
        for variant in VARIANTS:
            self.disk.leave(self.room / variant, variant)
        sys.stdout.flush()
        os._exit(CUT)

    def listen(self) -> None:
        """Hear of every wait for the disk."""
        wait = os.fsync

        def heard(file: int) -> None:
            wait(file)
            path = Path(f"/proc/self/fd/{file}").readlink()
            if path.is_relative_to(self.disk.top):
                self.is_busy = True
                self.disk.waited_for(path)
                self.is_busy = False

        os.fsync = heard  # type: ignore[assignment]  # of a process of its own

    def _is_change(self, event: str, arguments: tuple[object, ...]) -> bool:
        path = changed_path(event, arguments, _CHANGING)
        return path is not None and (not path.startswith("/") or path.startswith(str(self.disk.top)))


def cut_off(world: World, words: tuple[str, ...], number: int, room: Path) -> int:
    """Run a command in a copy of this process until the power is cut; return its status."""

    def work() -> int:
        cutting = Cutting(Disk(world.project.folder), number, room)
        cutting.listen()
        return perform(world, words, cutting) or NOTHING_HAPPENED

    return in_copy(work)[0]


def run_cuts(words: tuple[str, ...], *, step: int = 1, first: int = 1, world: World | None = None) -> Tally:
    """Cut the power before each change of a command, or each so many-th."""
    if world is None:
        with tempfile.TemporaryDirectory(prefix="power-cut-") as place, FakeIndex() as index:
            serve(index)
            return run_cuts(words, step=step, first=first, world=World(Path(place), index.url))
    tally = Tally()
    start = world.started(words)
    folder = world.project.folder
    aside = folder.with_name("aside")
    number = first
    while True:
        for left in folder.glob(".chapbook-*.tmp"):
            left.unlink()
        world.restore(words)
        with tempfile.TemporaryDirectory(prefix="left-", dir=folder.parent) as room:
            status = cut_off(world, words, number, Path(room))
            if status == NOTHING_HAPPENED:
                return tally
            if status != CUT:
                tally.wrong.append(f"{' '.join(words)} at {number}: it ended with {status}")
                return tally
            for variant in VARIANTS:
                folder.rename(aside)
                Path(room, variant).rename(folder)
                wrong = _judged(world, start, tally, is_whole=variant != "least")
                tally.wrong += [f"{' '.join(words)} at {number}, {variant}: {text}" for text in wrong]
                shutil.rmtree(folder)
                aside.rename(folder)
        number += step


def _judged(world: World, start: Start, tally: Tally, *, is_whole: bool) -> list[str]:
    # Any command mends; this one only looks.
    status, told = world.project.run("show")
    wrong = [f"`show` says: {told}"] if "Traceback" in told or (status and is_whole) else []
    files = {name: _content(world.project.folder / name) for name in _NAMES}
    if files not in (start.before, start.after):
        return [*wrong, "project file and lock are neither the old nor the new ones"]
    tally.cuts["old" if files == start.before else "new"] += 1
    if not is_whole:
        return wrong
    again, said = world.project.run("install")
    if again or "Traceback" in said:
        wrong.append(f"`install` says: {said}")
    return wrong + judge(world.project, locked(world.files()))


def _content(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1)
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="power-cut-") as folder, FakeIndex() as index:
        serve(index)
        world = World(Path(folder), index.url)
        for words in COMMANDS:
            tally = run_cuts(words, step=options.step, world=world)
            told = f"{' '.join(words)}: {dict(tally.cuts)}, wrong: {len(tally.wrong)}"
            failed |= verdict(told, wrong=tally.wrong, most=3)
    sys.exit(failed)


if __name__ == "__main__":
    main()
