"""Placement: a stored wheel becomes an installed distribution.

Its files are laid out in a stage inside the environment, as they are to lie below its top. Renames bring them into
place, whole folders where possible and the dist-info folder last: what has one is complete.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.installer.arrangement import Arrangement, arrange
from chapbook_core.installer.carrying import carry_back, carry_forward
from chapbook_core.installer.clash import find_sharing
from chapbook_core.installer.layer import Layer
from chapbook_core.installer.laying import lay_all
from chapbook_core.installer.relocation import InTheWay, Way
from chapbook_core.installer.renames import arriving_moves
from chapbook_core.installer.store import StoreDamaged, require_unchanged
from chapbook_core.installer.traces import OWN_FOLDER
from chapbook_core.project.removal import remove_folder
from chapbook_core.project.writing import ways_out
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.installer.clash import Sharing
    from chapbook_core.installer.companion import Companion
    from chapbook_core.installer.link import Linker
    from chapbook_core.installer.relocation import Move
    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.installer.sheet import Sheet
    from chapbook_core.installer.store import StoredWheel


class PlacementFailed(ChapbookError):
    """The system refused a step; everything is as it was before."""

    def __init__(self, what: str, cause: OSError) -> None:
        place = f" (`{cause.filename}`)" if cause.filename else ""
        message = f"cannot install {what}: {cause.strerror or cause}{place}; nothing was changed"
        super().__init__(message, hints=ways_out(cause))


@frozen
class WheelArrival:
    """A stored wheel on its way into an environment."""

    stored: StoredWheel
    paths: InstallPaths
    linker: Linker
    is_requested: bool = False
    """Whether a person asked for it by name."""
    direct_url: Mapping[str, object] | None = None
    """Where it comes from when that is no index (PEP 610)."""
    notes: Mapping[str, bytes] = field(default_factory=dict)
    """Further files of its dist-info folder."""
    tag: str | None = None
    """Names the bytecode that the Python of the environment takes; without it none is put in."""
    companion: Companion | None = None
    """Does a part of the work, where there is one."""

    @property
    def name(self) -> str:
        """The normalised name of the distribution."""
        return self.stored.manifest.name

    @cached_property
    def arrangement(self) -> Arrangement:
        """Where each file belongs; raises BadWheel when one would replace a part of the environment."""
        return arrange(self.stored.manifest, self.paths)

    def lay(
        self,
        way: Way,
        sharing: Sharing | None = None,
        leaving: Collection[str] = (),
        has_seen: Callable[[int, Sheet], bool] = lambda _piece, _sheet: False,
    ) -> None:
        """Put the files below the folder that a way begins in, as they are to lie below the environment.

        `sharing` tells which of them other distributions have put there, `leaving` what will be gone by then, and
        `has_seen` which pieces of its spare somebody has looked at.
        A file that is there already is another distribution's: it is left alone when it is the same, or when both only
        make a namespace; else the error is FileExistsError. Raises StoreDamaged and PlacementFailed, too.
        """
        self.finish(self.begin(way, sharing, leaving), has_seen)

    def begin(self, way: Way, sharing: Sharing | None = None, leaving: Collection[str] = ()) -> Layer:
        """Return what does that, in two steps if it comes to that; nothing is touched yet."""
        return Layer(self, way, {} if sharing is None else sharing.of(self.name), leaving)

    def finish(self, layer: Layer, has_seen: Callable[[int, Sheet], bool] = lambda _piece, _sheet: False) -> None:
        """Do whatever of it is not done yet; raises what `lay` does."""
        try:
            layer.lay(has_seen)
        except FileExistsError:
            raise
        except InTheWay as problem:
            if problem.root == self.stored.tree:
                raise StoreDamaged(self.stored, problem.path) from problem
            raise
        except OSError as cause:
            require_unchanged(self.stored)
            raise PlacementFailed(self.stored.manifest.filename, cause) from cause


def place_wheels(arrivals: Sequence[WheelArrival], watcher: Watcher, leaving: Collection[str] = ()) -> None:
    """Put wheels into their environment, all or none; raises FileClash, BadWheel, StoreDamaged and PlacementFailed.

    Nothing but an exception undoes this; a change that has to survive a kill goes through a transaction. `leaving` are
    files that are no longer there, as far as clashes go.
    """
    if not arrivals:
        return
    paths = arrivals[0].paths
    arrangements = [(arrival.arrangement, arrival.stored.tree) for arrival in arrivals]
    sharing = find_sharing(arrangements, paths, leaving)
    stage = f"{OWN_FOLDER}/stage/{os.urandom(6).hex()}"
    moves: tuple[Move, ...] = ()
    try:
        (paths.root / stage).mkdir(parents=True)
        with Way(paths.root / stage) as way:
            lay_all(arrivals, way, sharing, leaving, lambda _number, _arrival: watcher.checkpoint())
        watcher.checkpoint()
        moves = arriving_moves(paths.root, stage, ())
        carry_forward(paths.root, stage, moves)
    except OSError as cause:
        carry_back(paths.root, stage, moves)
        raise PlacementFailed(", ".join(arrival.name for arrival in arrivals), cause) from cause
    except BaseException:
        carry_back(paths.root, stage, moves)
        raise
    finally:
        clear_own(paths.root, stage)
    for arrival in arrivals:
        _tell(arrival, watcher)


def _tell(arrival: WheelArrival, watcher: Watcher) -> None:
    manifest = arrival.stored.manifest
    for path in manifest.starting:
        watcher.emit(
            Notice("warning", f"{manifest.name} {manifest.version} runs code at every start of Python (`{path}`)")
        )
    for complaint in manifest.complaints:
        watcher.emit(Notice("warning", f"{manifest.filename}: {complaint}; it was installed all the same"))


def clear_own(root: Path, folder: str) -> None:
    """Remove a folder below our own one in an environment, and that one too when nothing else is in it."""
    remove_folder(root / folder)
    for parent in (root / folder).parents:
        if parent == root:
            return
        with suppress(OSError):
            parent.rmdir()
