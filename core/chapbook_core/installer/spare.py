"""Spare: a stored wheel laid out ahead of time, which the next environment takes with a few renames.

    <entry>/spare-4/<tag>/tree/              what is to stand in the folder for packages, with bytecode for one Python
    <entry>/spare-4/<tag>/schemes/<scheme>/  what is to stand elsewhere, wherever the scheme is in an environment
    <entry>/spare-4/<tag>/whole              what all in them is like, and the rows of RECORD for those in `tree`

Files are as they would be brought into an environment: cloned, linked or copied. Whoever gives the folder another name
has the spare, to take the files away or to remove them, and nobody else touches it; the next one is made when nobody
waits.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.arrangement import groups_of, scattered_groups
from chapbook_core.installer.bringing import bring_groups
from chapbook_core.installer.bytecode import CACHE, read_bytecode
from chapbook_core.installer.bytecode_laying import BytecodeLayer
from chapbook_core.installer.link import Linker
from chapbook_core.installer.record import file_rows
from chapbook_core.installer.relocation import Way
from chapbook_core.installer.sheet import LAYOUT, MARK, NoSheet, SpareFolder, read_sheet, write_sheet
from chapbook_core.project.removal import remove_folder
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.installer.relocation import Folder
    from chapbook_core.installer.sheet import Sheet
    from chapbook_core.installer.store import Store, StoredWheel

FOLDER = f"spare-{LAYOUT}"
"""Versions of Chapbook that note other things of a spare have theirs beside it."""
INSTALLER = b"chapbook\n"
"""What stands in the file that names who has installed a distribution."""
_TREE, _SCHEMES = "tree", "schemes"
_A_DAY = 24 * 3600.0


@frozen
class Spare:
    """A spare that can be taken."""

    folder: str
    names: tuple[str, ...]
    """What is to be moved into the folder for packages."""
    rows: bytes
    """What RECORD says of the wheel's files below these names."""


def lay_spare(stored: StoredWheel, tag: str, place: Path, checkpoint: Callable[[], None]) -> None:
    """Fill an empty folder with the files of a wheel, and the bytecode of its modules; raises OSError, Changed."""
    folder = place / _TREE
    folder.mkdir()
    linker = Linker()
    devices = (stored.tree.stat().st_dev, folder.stat().st_dev)
    bytecode = read_bytecode(stored.folder, tag)
    groups, manifest = groups_of(stored.manifest), stored.manifest
    with Way(stored.tree) as way, Way(place) as own, BytecodeLayer(bytecode, linker, devices) as compiled:
        for group, _there in bring_groups(linker, groups, way, own, top=_TREE, devices=devices, checkpoint=checkpoint):
            if bytecode is not None:
                compiled.lay(group.files, own.to(f"{_TREE}/{group.target}", is_made=True))
        for group in scattered_groups(manifest):
            checkpoint()
            source, target = way.to(group.source), own.to(f"{_SCHEMES}/{group.target}", is_made=True)
            linker.bring_all(group.files, source, target, devices)
    (folder / manifest.dist_info / "INSTALLER").write_bytes(INSTALLER)
    rows = "".join([file_rows(group.files) for group in groups])
    write_sheet(place, _TREE, rows.encode("utf-8", "surrogateescape"))


def make_spare(store: Store, stored: StoredWheel, tag: str, checkpoint: Callable[[], None]) -> None:
    """Lay a spare out in the store, in place of what cannot be taken; raises OSError, StoreFailed and Changed."""
    drop_spare(spare_folder(stored.folder, tag))
    sweep_spares(store, stored)
    with store.making(stored, f"{FOLDER}/{tag}") as folder:
        lay_spare(stored, tag, folder, checkpoint)


def spare_folder(wheel: Path | str, tag: str) -> str:
    """Return where the spare of a wheel is, if there is one; `wheel` is the folder of that in the store."""
    return f"{wheel}/{FOLDER}/{tag}"


def find_spare(
    stored: StoredWheel, tag: str, has_seen: Callable[[int, Sheet], bool] = lambda _piece, _sheet: False
) -> Spare | None:
    """Return a spare that consists of what was laid out, as it was laid out; one that is not so is removed.

    `has_seen` tells of a piece of a sheet whether somebody else has looked at those files and found them so.
    """
    place = spare_folder(stored.folder, tag)
    if not has_spare(stored.folder, tag):
        return None
    try:
        sheet = read_sheet(place)
        with SpareFolder(place) as folder:
            is_whole = all(has_seen(piece, sheet) or sheet.is_true(folder, piece) for piece in sheet.pieces)
    except (OSError, NoSheet):
        is_whole = False
    if is_whole:
        return Spare(place, sheet.names, sheet.rows)
    drop_spare(place)
    return None


def has_spare(wheel: Path | str, tag: str) -> bool:
    """Tell whether there is one, whatever is in it; `wheel` as in `spare_folder`."""
    return os.path.isfile(f"{wheel}/{FOLDER}/{tag}/{MARK}")  # noqa: PTH113  wheels are many, and paths dearer


def take_spare(spare: Spare, target: Folder, is_free: Callable[[str], bool]) -> str | None:
    """Move what is in a spare into a folder; return where the rest of it is, None when it cannot be had.

    `is_free` tells of the name of a file with bytecode whether its place is free. Raises OSError when it was half done.
    """
    if any(name != CACHE and target.at(name).status() is not None for name in spare.names):
        return None
    own = _claimed(spare.folder)
    if own is None:
        return None
    is_first = True
    for name in sorted(spare.names, key=lambda name: name == CACHE):
        place = target.at(name)
        try:
            if name == CACHE:
                _merge(f"{own}/{_TREE}/{CACHE}", target, is_free)
            else:
                os.rename(f"{own}/{_TREE}/{name}", place.name, dst_dir_fd=place.folder)
        except OSError as problem:
            if problem.errno != errno.EXDEV or not is_first:
                raise
            # One file system can be mounted in two places, as the volumes of a container are.
            _give_back(own, spare.folder)
            return None
        is_first = False
    with suppress(OSError):
        os.unlink(f"{own}/{MARK}")  # noqa: PTH108  as in `find_spare`
    return own


def _merge(cache: str, target: Folder, is_free: Callable[[str], bool]) -> None:
    """Move the bytecode of modules that stand in no folder of their own."""
    place = target.at(CACHE)
    with suppress(FileExistsError):
        os.mkdir(place.name, dir_fd=place.folder)
    for name in os.listdir(cache):  # noqa: PTH208  names, not paths
        there = target.at(f"{CACHE}/{name}")
        if there.status() is None and is_free(name):
            os.rename(f"{cache}/{name}", there.name, dst_dir_fd=there.folder)


def take_scheme(rest: str, scheme: str, target: str, way: Way) -> None:
    """Move what is to stand where a scheme is into that folder, and into what others have put there; raises OSError.

    `rest` is what `take_spare` has returned. What stands in the place of a file makes the error FileExistsError.
    """
    _merge_folder(f"{rest}/{_SCHEMES}/{scheme}", target, way)


def _merge_folder(source: str, target: str, way: Way) -> None:
    try:
        names = os.listdir(source)  # noqa: PTH208  names, not paths
    except FileNotFoundError:
        # Nothing but programs that are made for each environment.
        return
    for name in names:
        place = way.to(target, is_made=True).at(name)
        there = place.status()
        if there is None:
            os.rename(f"{source}/{name}", place.name, dst_dir_fd=place.folder)
        elif stat.S_ISDIR(there.st_mode):
            _merge_folder(f"{source}/{name}", f"{target}/{name}", way)
        else:
            raise FileExistsError(errno.EEXIST, "another distribution has it", f"{way.root}/{target}/{name}")


def drop_spare(folder: str | Path) -> None:
    """Remove a spare, or what is left of one, unless somebody is taking it."""
    own = _claimed(str(folder))
    if own is not None:
        remove_folder(own)


def sweep_spares(store: Store, stored: StoredWheel) -> None:
    """Remove what was left of spares that were taken, which is next to nothing, once surely nobody is at it.

    The time alone says too little, because clocks leap; whoever takes one has the store open.
    """
    with suppress(FileNotFoundError):
        left = [folder for folder in (stored.folder / FOLDER).iterdir() if _is_left(folder.name)]
        if left:
            with store.alone() as is_alone:
                for folder in left if is_alone else ():
                    remove_folder(folder)


def _is_left(name: str) -> bool:
    when = name.partition(".")[2].partition(".")[0]
    return when.isdecimal() and time.time() - int(when) > _A_DAY


def _give_back(own: str, folder: str) -> None:
    """Give what was claimed its name again, unless there is another one by now."""
    try:
        os.rename(own, folder)  # noqa: PTH104  as in `find_spare`
    except OSError:
        remove_folder(own)


def _claimed(folder: str) -> str | None:
    """Give the folder of a spare a name of our own, which tells the time; None when nobody can, or another has it."""
    own = f"{folder}.{time.time():.0f}.{os.urandom(6).hex()}"
    try:
        os.rename(folder, own)  # noqa: PTH104  as in `find_spare`
    except OSError:
        return None
    return own
