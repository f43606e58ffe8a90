"""Carrying: does and undoes the moves of a change, told by its stage which of them are done.

A path may be left by one thing and taken by another, so what stands there proves nothing. Each move begins or ends in
the stage, where nobody else puts anything: what comes has been moved when it is no longer there, what goes when it is.
Each move is one rename, so that nothing is ever half moved.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.relocation import InTheWay, Move, Way
from chapbook_core.project.patience import patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_AT_ONCE = 8
"""Moves between two looks at whether the person wants to stop."""


def carry_forward(
    environment: Path, stage: str, moves: Iterable[Move], checkpoint: Callable[[], None] = lambda: None
) -> None:
    """Do the moves that are not done yet, in their order; raises InTheWay and OSError.

    `checkpoint` is called every few moves, and may raise whatever stops them.
    """
    with Way(environment) as here, Way(environment) as there:
        for number, move in enumerate(moves):
            if number % _AT_ONCE == 0:
                checkpoint()
            if not _is_done(environment, stage, move):
                _do(environment, move, here, there)
                for way in (here, there):
                    way.forget(move.source)


def carry_back(environment: Path, stage: str, moves: Iterable[Move]) -> None:
    """Undo the moves that are done, the last first; raises InTheWay and OSError."""
    carry_forward(environment, stage, [move.back for move in reversed(tuple(moves))])


def remove_empty(environment: Path, folders: Iterable[str]) -> None:
    """Remove folders that moves have left empty; others stay, and so does what cannot be removed."""
    with Way(environment) as way:
        for folder in folders:
            above, _, name = folder.rpartition("/")
            with suppress(OSError, InTheWay):
                place = way.to(above).at(name)
                os.rmdir(place.name, dir_fd=place.folder)
                way.forget(folder)


def _is_done(environment: Path, stage: str, move: Move) -> bool:
    if not os.path.lexists(f"{environment}/{move.source}"):
        return True
    return move.target.startswith(f"{stage}/") and os.path.lexists(f"{environment}/{move.target}")


def _do(environment: Path, move: Move, here: Way, there: Way) -> None:
    source_folder, _, source_name = move.source.rpartition("/")
    target_folder, _, target_name = move.target.rpartition("/")
    source = here.to(source_folder).at(source_name)
    target = there.to(target_folder, is_made=True).at(target_name)
    if target.status() is not None:
        raise InTheWay(environment, move.target, "it was not there a moment ago")
    patiently(lambda: os.rename(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder))
