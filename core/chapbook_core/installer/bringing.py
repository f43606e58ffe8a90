"""Bringing: the files of a stored wheel that keep their places come below another folder."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from chapbook_core.installer.link import Changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chapbook_core.installer.arrangement import Group
    from chapbook_core.installer.link import Linker
    from chapbook_core.installer.manifest import StoredFile
    from chapbook_core.installer.relocation import Folder, Way


def bring_groups(
    linker: Linker,
    groups: Sequence[Group],
    tree: Way,
    target: Way,
    *,
    top: str,
    devices: tuple[int, int],
    checkpoint: Callable[[], None] = lambda: None,
) -> Iterator[tuple[Group, list[StoredFile]]]:
    """Bring groups below `top`, each to where it is in the tree; give each, and which of its files were there.

    Raises Changed, also for what is gone, and OSError.
    """
    done, is_tried = 0, False
    for number, group in enumerate(groups):
        checkpoint()
        if not is_tried and linker.is_linking(devices):
            is_tried = True
            # All of them at a stroke, up to the first that is out of the ordinary; from there on one by one.
            left = list(chain.from_iterable(other.files for other in groups[number:]))
            done = linker.link_below(left, tree.to(""), target.to(top, is_made=True), devices, checkpoint)
        files = group.files[done:]
        done = max(0, done - len(group.files))
        if files:
            place = target.to(f"{top}/{group.source}".strip("/"), is_made=True)
            yield group, linker.bring_all(files, source_of(group, tree), place, devices)
        else:
            yield group, []


def source_of(group: Group, tree: Way) -> Folder:
    """Enter the folder that the files of a group are stored in; raises Changed when it is gone."""
    try:
        return tree.to(group.source)
    except FileNotFoundError:
        raise Changed(group.source) from None
