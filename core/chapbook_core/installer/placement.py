"""Placement: a stored wheel becomes an installed distribution.

Its files are laid out in a stage inside the environment, as they are to lie below its top. Renames bring them into
place, whole folders where possible and the dist-info folder last: what has one is complete.
"""

from __future__ import annotations

import errno
import json
import os
import posixpath
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.installer.arrangement import Arrangement, arrange
from chapbook_core.installer.bringing import bring_groups, source_of
from chapbook_core.installer.bytecode import CACHE, is_unchanged, read_bytecode
from chapbook_core.installer.bytecode_laying import BytecodeLayer
from chapbook_core.installer.carrying import carry_back, carry_forward
from chapbook_core.installer.clash import find_sharing, is_namespace
from chapbook_core.installer.laying import lay_all
from chapbook_core.installer.link import Changed, Linker
from chapbook_core.installer.record import Row, base64_digest, file_rows
from chapbook_core.installer.relocation import InTheWay, Way
from chapbook_core.installer.renames import arriving_moves
from chapbook_core.installer.spare import INSTALLER, find_spare, take_scheme, take_spare
from chapbook_core.installer.store import TREE, StoreDamaged, require_unchanged
from chapbook_core.installer.traces import OWN_FOLDER
from chapbook_core.project.removal import remove_folder
from chapbook_core.project.writing import ways_out
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from pathlib import Path

    from chapbook_core.events import Watcher
    from chapbook_core.installer.arrangement import Group
    from chapbook_core.installer.clash import Sharing
    from chapbook_core.installer.companion import Companion
    from chapbook_core.installer.manifest import StoredFile
    from chapbook_core.installer.relocation import Move
    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.installer.sheet import Sheet
    from chapbook_core.installer.store import StoredWheel

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


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
        try:
            _Layer(self, way, {} if sharing is None else sharing.of(self.name), leaving).lay(has_seen)
        except FileExistsError:
            raise
        except InTheWay as problem:
            if problem.root == self.stored.tree:
                raise StoreDamaged(self.stored, problem.path) from problem
            raise
        except OSError as cause:
            require_unchanged(self.stored)
            raise PlacementFailed(self.stored.manifest.filename, cause) from cause


class _Layer:
    """One laying of one wheel."""

    def __init__(
        self,
        arrival: WheelArrival,
        way: Way,
        shared: Mapping[str, tuple[str, int]],
        leaving: Collection[str],
    ) -> None:
        self._arrival = arrival
        self._shared = shared
        self._leaving = leaving
        self._stored = arrival.stored
        self._way = way
        self._folder = way.root
        self._arrangement = arrival.arrangement
        self._record: list[str] = []
        """What is to be written into RECORD, in any number of pieces."""
        self._starts: dict[str, str] = {}
        """What the paths of the files in a folder start with in RECORD."""

    def lay(self, has_seen: Callable[[int, Sheet], bool]) -> None:
        try:
            devices = (os.stat(f"{self._stored.folder}/{TREE}").st_dev, self._folder.stat().st_dev)  # noqa: PTH116  wheels are many
        except FileNotFoundError:
            raise StoreDamaged(self._stored, "") from None
        tag, is_taken = self._arrival.tag, False
        if tag is not None and devices[0] == devices[1] and not self._shared:
            is_taken = self._take(tag, has_seen)
        if not is_taken:
            self._lay_groups(devices)
        self._lay_programs()
        self._lay_notes(is_taken=is_taken)

    def _take(self, tag: str, has_seen: Callable[[int, Sheet], bool]) -> bool:
        """Take what was laid out ahead of time, if that can be had; tell whether it was."""
        library = self._arrangement.library
        spare = find_spare(self._stored, tag, has_seen)
        if spare is None or any(self._is_there(f"{library}/{name}") for name in spare.names if name != CACHE):
            return False
        target = self._way.to(library, is_made=True)
        rest = take_spare(spare, target, lambda name: self._is_free(f"{library}/{CACHE}/{name}"))
        if rest is None:
            return False
        self._record.append(spare.rows.decode("utf-8", "surrogateescape"))
        scattered, paths = self._arrangement.scattered, self._arrival.paths
        for scheme in dict.fromkeys(group.source.split("/")[1] for group in scattered):
            take_scheme(rest, scheme, paths.target(scheme, "", self._arrival.name).rstrip("/"), self._way)
        for group in scattered:
            self._note_group(group, ())
        return True

    def _is_free(self, path: str) -> bool:
        return path in self._leaving or not self._is_there(path)

    def _is_there(self, path: str) -> bool:
        return os.path.lexists(f"{self._arrival.paths.root}/{path}")

    def _lay_groups(self, devices: tuple[int, int]) -> None:
        tag, linker = self._arrival.tag, self._arrival.linker
        bytecode = None if tag is None else read_bytecode(self._stored.folder, tag)
        with Way(self._stored.tree) as way, BytecodeLayer(bytecode, linker, devices) as compiled:
            for group, there in self._brought(way, devices):
                self._note_group(group, there)
                if bytecode is not None:
                    target = self._way.to(group.target, is_made=True)
                    compiled.lay(self._own(group), target, self._taken_in(f"{group.target}/{CACHE}".lstrip("/")))

    def _brought(self, way: Way, devices: tuple[int, int]) -> Iterator[tuple[Group, list[StoredFile]]]:
        """Bring all groups; give each, and those of its files that were there."""
        arrangement, linker = self._arrangement, self._arrival.linker
        one_by_one = arrangement.scattered
        try:
            if self._shared:
                one_by_one = arrangement.held + one_by_one
            else:
                yield from bring_groups(
                    linker, arrangement.held, way, self._way, top=arrangement.library, devices=devices
                )
            for group in one_by_one:
                source, target = source_of(group, way), self._way.to(group.target, is_made=True)
                yield group, linker.bring_all(self._own(group), source, target, devices)
        except Changed as change:
            raise StoreDamaged(self._stored, str(change)) from None

    def _own(self, group: Group) -> tuple[StoredFile, ...]:
        """Return the files of a group that no other distribution has put there."""
        if not self._shared:
            return group.files
        return tuple(file for file in group.files if _target(group, file) not in self._shared)

    def _taken_in(self, folder: str) -> frozenset[str]:
        """Return the names in a folder of the environment that are not about to go."""
        try:
            names = os.listdir(f"{self._arrival.paths.root}/{folder}")  # noqa: PTH208  names, not paths
        except OSError:
            return frozenset()
        return frozenset(name for name in names if f"{folder}/{name}" not in self._leaving)

    def _note_group(self, group: Group, there: Sequence[StoredFile]) -> None:
        if not there and not self._shared:
            start = self._start(group.target)
            self._record.append(file_rows(group.files, None if start.rstrip("/") == group.source else start))
            return
        for file in group.files:
            path = _target(group, file)
            if path in self._shared:
                self._note(path, *self._shared[path])
            elif file in there:
                self._note(path, *self._shared_in_stage(path, file))
            else:
                self._note(path, file.sha256, file.size)

    def _shared_in_stage(self, path: str, file: StoredFile) -> tuple[str, int]:
        there = self._folder / path
        from chapbook_core.installer.unpacking import file_digest  # hardly a file is in the way of another

        digest = file_digest(there, is_record=True)
        if digest != file.sha256 and not (is_namespace(there) and is_namespace(self._stored.tree / file.path)):
            raise FileExistsError(errno.EEXIST, "another distribution has it", str(there))
        return digest, there.stat().st_size

    def _lay_programs(self) -> None:
        manifest, paths = self._stored.manifest, self._arrival.paths
        for file in self._arrangement.adapted:
            name = file.path.rpartition("/")[2]
            source = self._stored.tree / file.path
            if not is_unchanged(source.lstat(), file.size, file.mtime):
                raise StoreDamaged(self._stored, file.path)
            content = source.read_bytes()
            from chapbook_core.installer.launcher import adapted_script  # few wheels have any

            made = adapted_script(name, content, paths) or (name, content)
            self._write(f"{paths.scripts}/{made[0]}", made[1], 0o777)
        for script in manifest.scripts:
            from chapbook_core.installer.launcher import script_file  # as above

            name, content = script_file(script, paths)
            self._write(f"{paths.scripts}/{name}", content, 0o777)

    def _lay_notes(self, *, is_taken: bool) -> None:
        arrival, arrangement = self._arrival, self._arrangement
        if is_taken:
            self._note_content(f"{arrangement.dist_info}/INSTALLER", INSTALLER)
        else:
            self._write(f"{arrangement.dist_info}/INSTALLER", INSTALLER)
        if arrival.is_requested:
            self._write(f"{arrangement.dist_info}/REQUESTED", b"")
        if arrival.direct_url is not None:
            self._write(f"{arrangement.dist_info}/direct_url.json", json.dumps(arrival.direct_url).encode())
        for name, content in arrival.notes.items():
            self._write(f"{arrangement.dist_info}/{name}", content)
        record = f"{arrangement.dist_info}/RECORD"
        self._record.append(f"{Row(self._relative(record)).text}\n")
        self._write(record, "".join(self._record).encode("utf-8", "surrogateescape"), is_noted=False)

    def _write(self, path: str, content: bytes, mode: int = 0o666, *, is_noted: bool = True) -> None:
        folder, _, name = path.rpartition("/")
        place = self._way.to(folder, is_made=True).at(name)
        try:
            descriptor = os.open(place.name, _NEW_FILE, mode, dir_fd=place.folder)
        except FileExistsError:
            raise FileExistsError(errno.EEXIST, "another distribution has it", str(self._folder / path)) from None
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        finally:
            os.close(descriptor)
        if is_noted:
            self._note_content(path, content)

    def _note_content(self, path: str, content: bytes) -> None:
        self._note(path, base64_digest(sha256(content).digest()), len(content))

    def _note(self, path: str, digest: str, size: int) -> None:
        self._record.append(f"{Row(self._relative(path), f'sha256={digest}', str(size)).text}\n")

    def _relative(self, path: str) -> str:
        """Return a path as RECORD writes it: from the folder that the dist-info folder is in."""
        folder, _, name = path.rpartition("/")
        return self._start(folder) + name

    def _start(self, folder: str) -> str:
        """Return what the paths of the files in a folder start with in RECORD."""
        start = self._starts.get(folder)
        if start is None:
            library = self._arrangement.library
            if folder == library:
                start = ""
            elif folder.startswith(f"{library}/"):
                start = f"{folder[len(library) + 1 :]}/"
            else:
                # What is elsewhere may have the first folders in common, as `lib` with `lib/python3.12/site-packages`.
                start = f"{posixpath.relpath(f'/{folder}', f'/{library}')}/"
            self._starts[folder] = start
        return start


def _target(group: Group, file: StoredFile) -> str:
    name = file.path.rpartition("/")[2]
    return f"{group.target}/{name}" if group.target else name


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
