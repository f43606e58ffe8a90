"""Exchange: distributions of one environment against others, laid out as the moves of one change."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from chapbook_core.events import Advanced, Notice
from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.clash import FileClash, below_top, find_sharing, recorded_files
from chapbook_core.installer.laying import lay_all
from chapbook_core.installer.record import read_rows
from chapbook_core.installer.relocation import Way
from chapbook_core.installer.renames import arriving_moves, leaving_moves
from chapbook_core.installer.unplacement import belongings, fixed_folders, remove_emptied, where_it_is

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.events import Watcher
    from chapbook_core.installer.arrangement import Arrangement
    from chapbook_core.installer.placement import WheelArrival
    from chapbook_core.installer.relocation import Move
    from chapbook_core.installer.schemes import InstallPaths

TASK = "install"


class OtherArrival(Protocol):
    """Something that is no wheel and is put in all the same."""

    @property
    def name(self) -> str:
        """Its normalised name."""

    def lay(self, folder: Path) -> tuple[str, ...]:
        """Put its files below a folder as they are to lie below the environment; return their paths."""


class Exchange:
    """What goes out of an environment and what comes in."""

    def __init__(
        self,
        paths: InstallPaths,
        leaving: Sequence[Distribution],
        wheels: Sequence[WheelArrival],
        others: Sequence[OtherArrival],
        watcher: Watcher,
    ) -> None:
        self._paths = paths
        self._leaving = tuple(map(where_it_is, leaving))
        self._wheels = wheels
        self._others = others
        self._watcher = watcher
        self._gone: frozenset[str] = frozenset()

    def prepare(self, stage: str) -> tuple[Move, ...]:
        """Lay what comes into a stage, and return all moves.

        Raises FileClash, BadWheel, StoreDamaged, PlacementFailed, InTheWay and NoRecord.
        """
        arrangements = [(wheel.arrangement, wheel.stored.tree) for wheel in self._wheels]
        self._gone = frozenset(self._files_leaving([arrangement for arrangement, _tree in arrangements]))
        fixed = fixed_folders(self._paths)
        out = leaving_moves(self._paths.root, self._gone, fixed, f"{stage}/out") if self._gone else ()
        sharing = find_sharing(arrangements, self._paths, self._gone)
        incoming = self._paths.root / stage / "in"
        incoming.mkdir()
        with Way(incoming) as way:
            lay_all(self._wheels, way, sharing, self._gone, self._advance)
        for other in self._others:
            self._lay_other(other, incoming)
        return (*out, *arriving_moves(self._paths.root, f"{stage}/in", {move.source for move in out}))

    def _advance(self, number: int, wheel: WheelArrival) -> None:
        self._watcher.checkpoint()
        self._watcher.emit(Advanced(TASK, number, len(self._wheels), wheel.name))

    def tidy(self) -> None:
        """Remove the folders that what went has left empty."""
        remove_emptied(self._paths, self._gone)

    def _lay_other(self, other: OtherArrival, incoming: Path) -> None:
        try:
            other.lay(incoming)
        except FileExistsError as problem:
            path = os.path.relpath(problem.filename, incoming).replace(os.sep, "/")
            raise FileClash(path, other.name, "another package") from None

    def _files_leaving(self, arrangements: Sequence[Arrangement]) -> Iterator[str]:
        arriving = {arrangement.manifest.name: arrangement for arrangement in arrangements}
        claims: Counter[str] = Counter()
        for distribution in self._leaving:
            if not distribution.is_recorded:
                yield from self._remains(distribution, arriving.get(distribution.name))
                continue
            found = belongings(self._paths, distribution)
            for row in found.left:
                message = f"{found.name} claims `{row}`, which is not its own; it was left alone"
                self._watcher.emit(Notice("warning", message))
            yield from found.files
            if len(self._leaving) > 1:
                claims.update(set(_claimed(self._paths, distribution)))
        yield from self._common([path for path, count in claims.items() if count > 1])

    def _common(self, candidates: Sequence[str]) -> Iterator[str]:
        """Give the files that several of those who leave have in common, and nobody else has."""
        if not candidates:
            return
        leaving = {distribution.name for distribution in self._leaving}
        staying = {
            path
            for library in dict.fromkeys((self._paths.purelib, self._paths.platlib))
            for name, path in recorded_files(self._paths, library)
            if name not in leaving
        }
        for path in candidates:
            is_ours = path not in staying and not self._paths.is_protected(path)
            if is_ours and (self._paths.root / path).is_file():
                yield path

    def _remains(self, distribution: Distribution, arriving: Arrangement | None) -> Iterator[str]:
        """Give what is known to belong to a distribution that was only half put in, or half taken out."""
        root = self._paths.root
        for folder, _folders, names in os.walk(distribution.folder):
            for name in names:
                yield os.path.relpath(f"{folder}/{name}", root).replace(os.sep, "/")
        if arriving is None:
            return
        owned = {
            path
            for library in dict.fromkeys((self._paths.purelib, self._paths.platlib))
            for _name, path in recorded_files(self._paths, library)
        }
        for path, _file in arriving.targets():
            if path not in owned and (root / path).is_file() and not (root / path).is_symlink():
                yield path


def _claimed(paths: InstallPaths, distribution: Distribution) -> Iterator[str]:
    library = os.path.relpath(distribution.folder.parent, paths.root).replace(os.sep, "/")
    try:
        rows = read_rows(distribution.record.read_bytes())
        for row in rows:
            if (path := below_top(paths, library, row.path)) is not None:
                yield path
    except (OSError, Refusal):
        return
