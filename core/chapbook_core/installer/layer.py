"""Layer: puts the files of one stored wheel below a folder, as they are to lie below the top of an environment."""

from __future__ import annotations

import errno
import json
import os
import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.installer.arrangement import kept_files
from chapbook_core.installer.bringing import bring_groups, source_of
from chapbook_core.installer.bytecode import CACHE, is_unchanged, read_bytecode
from chapbook_core.installer.bytecode_laying import BytecodeLayer
from chapbook_core.installer.clash import is_namespace
from chapbook_core.installer.link import Changed
from chapbook_core.installer.record import Row, base64_digest, file_rows
from chapbook_core.installer.relocation import InTheWay, Way
from chapbook_core.installer.spare import INSTALLER, find_spare, take_scheme, take_spare
from chapbook_core.installer.store import TREE, StoreDamaged

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from chapbook_core.installer.arrangement import Group
    from chapbook_core.installer.manifest import StoredFile
    from chapbook_core.installer.placement import WheelArrival
    from chapbook_core.installer.sheet import Sheet

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class Layer:
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
        self._linked: tuple[StoredFile, ...] = ()
        """Files that are there already."""
        self._left: tuple[StoredFile, ...] | None = None
        """Those of the others that keep their places; None when nobody has begun."""

    def link_ahead(self, way: Way, checkpoint: Callable[[], None]) -> None:
        """Link as many files as can be at a stroke, in any thread, with a way of that thread's to the same folder.

        What is out of the ordinary, and all that there is to say of it, is left to `lay`.
        """
        files, count = kept_files(self._stored.manifest), 0
        with suppress(OSError, InTheWay), Way(self._stored.tree) as tree:
            source, target = tree.to(""), way.to(self._arrangement.library, is_made=True)
            count = self._arrival.linker.link_below(files, source, target, self._devices(), checkpoint)
        self._linked, self._left = files[:count], files[count:]

    def lay(self, has_seen: Callable[[int, Sheet], bool]) -> None:
        """Put all in its place, or all that is left of it; for who calls it see `WheelArrival.lay`."""
        try:
            devices = self._devices()
        except FileNotFoundError:
            raise StoreDamaged(self._stored, "") from None
        tag, is_taken = self._arrival.tag, False
        if tag is not None and devices[0] == devices[1] and not self._shared and self._left is None:
            is_taken = self._take(tag, has_seen)
        if not is_taken:
            self._lay_groups(devices)
        self._lay_programs()
        self._lay_notes(is_taken=is_taken)

    def _devices(self) -> tuple[int, int]:
        return os.stat(f"{self._stored.folder}/{TREE}").st_dev, os.stat(self._folder).st_dev  # noqa: PTH116  wheels are many

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
            self._record.append(file_rows(self._linked))
            if bytecode is not None:
                for group in self._arrangement.below_library(self._linked):
                    self._lay_bytecode(compiled, group)
            for group, there in self._brought(way, devices):
                if there and self._left is not None:
                    raise FileExistsError(errno.EEXIST, "another distribution has it", _target(group, there[0]))
                self._note_group(group, there)
                if bytecode is not None:
                    self._lay_bytecode(compiled, group)

    def _lay_bytecode(self, compiled: BytecodeLayer, group: Group) -> None:
        target = self._way.to(group.target, is_made=True)
        compiled.lay(self._own(group), target, self._taken_in(f"{group.target}/{CACHE}".lstrip("/")))

    def _brought(self, way: Way, devices: tuple[int, int]) -> Iterator[tuple[Group, list[StoredFile]]]:
        """Bring all groups that are not there; give each, and those of its files that were there."""
        arrangement, linker = self._arrangement, self._arrival.linker
        held = arrangement.held if self._left is None else arrangement.below_library(self._left)
        one_by_one = arrangement.scattered
        try:
            if self._shared:
                one_by_one = held + one_by_one
            else:
                yield from bring_groups(linker, held, way, self._way, top=arrangement.library, devices=devices)
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
