"""How a stored file comes into an environment: cloned, linked or copied, as the file systems allow.

Clones share their blocks until one is written to. Hard links are one file under two names, and safe as long as nobody
can write to it: stored files are read-only. Where permissions do not bind, as for root, what a person might edit is
copied, and only binaries are linked.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.installer.swift import swift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from chapbook_core.installer.manifest import StoredFile
    from chapbook_core.installer.relocation import Folder, Place

_FICLONE = 0x40049409
# On these the number is another one, and nobody has tried it.
_OTHER_NUMBERS = ("alpha", "mips", "ppc", "sparc")
_NOT_HERE = frozenset({
    errno.EXDEV, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ENOTTY, errno.ENOSYS, errno.EPERM, errno.EMLINK,
    errno.EACCES, errno.ETXTBSY,
})  # fmt: skip
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
_AT_ONCE = 1 << 20
_AT_A_TIME = 512
"""So many files are linked between two looks at whether the person wants to stop."""
_WORTH_LOADING = 300
"""Of so many files it saves more than it takes to load what links them."""
_IS_TIMED_OPEN = os.utime in os.supports_fd
"""Whether an open file can be given a time; else it is by its name, once it is closed."""


class Method(Enum):
    """A way to bring a file somewhere."""

    CLONE = "clone"
    LINK = "link"
    COPY = "copy"


class Changed(Exception):
    """The stored file is not the one that was stored."""


class Linker:
    """Brings files from one folder to another; remembers for each pair of devices what works."""

    def __init__(
        self,
        method: Method | None = None,
        *,
        clone: Callable[[int, int], None] | None = None,
        is_edited: bool = True,
    ) -> None:
        """`is_edited` is whether a person may edit what comes out of it; in a cache nobody does."""
        self._is_edited = is_edited
        self._clone = clone or _clone
        self._first = method or _best_of_system(has_clone=clone is not None)
        self._methods: dict[tuple[int, int], Method] = {}
        self._binding: bool | None = None
        self._expected = 0
        self._lock = threading.Lock()

    def method(self, devices: tuple[int, int]) -> Method:
        """Return what works, or is to be tried next, between two devices."""
        return self._methods.get(devices, self._first)

    def bring(
        self,
        file: StoredFile,
        name: str,
        source: Folder,
        target: Folder,
        devices: tuple[int, int],
        *,
        source_name: str | None = None,
    ) -> None:
        """Make a file of this name in the folder `target`, from the one in the folder `source`, of the same name or so.

        Raises Changed when the stored file has another size or time than noted, and OSError.
        """
        here, there = source.at(source_name or name), target.at(name)
        while True:
            method = self.method(devices)
            try:
                self._bring(method, file, here, there)
            except OSError as problem:
                if method is Method.COPY or problem.errno not in _NOT_HERE:
                    raise
                with self._lock:
                    self._methods[devices] = Method.LINK if method is Method.CLONE else Method.COPY
            else:
                return

    def bring_all(
        self, files: Iterable[StoredFile], source: Folder, target: Folder, devices: tuple[int, int]
    ) -> list[StoredFile]:
        """Make the files of one folder in another one; return those in whose place there is something already.

        Raises Changed, also for a file that is gone, and OSError.
        """
        there: list[StoredFile] = []
        left = iter(files)
        for file in left:
            try:
                self.bring(file, file.path.rpartition("/")[2], source, target, devices)
            except FileExistsError:
                there.append(file)
            except FileNotFoundError:
                raise Changed(file.path) from None
            if self._is_plain_linking(devices, source, target):
                self._link_all(left, source, target, devices, there)
        return there

    def bring_as(
        self, files: Iterable[tuple[StoredFile, str]], source: Folder, target: Folder, devices: tuple[int, int]
    ) -> None:
        """Make files that nobody edits under other names in another folder, except where something is in their place.

        Raises Changed and OSError.
        """
        are_open = source.descriptor is not None and target.descriptor is not None
        for file, name in files:
            try:
                if are_open and not file.is_text and self.method(devices) is Method.LINK:
                    # As in `_link_all`.
                    _compare(file, os.stat(file.path, dir_fd=source.descriptor, follow_symlinks=False))
                    os.link(
                        file.path,
                        name,
                        src_dir_fd=source.descriptor,
                        dst_dir_fd=target.descriptor,
                        follow_symlinks=False,
                    )
                else:
                    self.bring(file, name, source, target, devices, source_name=file.path)
            except FileExistsError:
                continue

    def is_linking(self, devices: tuple[int, int]) -> bool:
        """Tell whether it is known by now that any file is linked."""
        is_safe = not self._is_edited or self._binding is True
        return is_safe and self.method(devices) is Method.LINK

    def expect(self, count: int) -> None:
        """Take note that so many files are to come, for which something may be worth loading."""
        self._expected = max(self._expected, count)

    def link_below(
        self,
        files: Sequence[StoredFile],
        source: Folder,
        target: Folder,
        devices: tuple[int, int],
        checkpoint: Callable[[], None],
    ) -> int:
        """Link files below one folder to the same places below another, where folders are made, many at a time.

        Returns how many were done, of those that come first; the next one is to be brought alone, with all that may be
        said of it.
        """
        here, away = source.descriptor, target.descriptor
        if here is None or away is None or not self.is_linking(devices):
            return 0
        self._expected += len(files)
        helper = swift() if self._expected >= _WORTH_LOADING else None
        done = 0
        while helper is not None and done < len(files):
            checkpoint()
            some = files[done : done + _AT_A_TIME]
            count = helper.link(some, here, away)
            done += count
            if count < len(some):
                break
        return done

    def _is_plain_linking(self, devices: tuple[int, int], source: Folder, target: Folder) -> bool:
        """Tell whether all that there is to do for any file is to look at it and to link it."""
        return source.descriptor is not None and target.descriptor is not None and self.is_linking(devices)

    def _link_all(
        self,
        files: Iterator[StoredFile],
        source: Folder,
        target: Folder,
        devices: tuple[int, int],
        there: list[StoredFile],
    ) -> None:
        """Link files until one of them cannot be; wheels have thousands, and this takes no step too many for one."""
        here, away = source.descriptor, target.descriptor
        for file in files:
            name = file.path.rpartition("/")[2]
            try:
                _compare(file, os.stat(name, dir_fd=here, follow_symlinks=False))
                os.link(name, name, src_dir_fd=here, dst_dir_fd=away, follow_symlinks=False)
            except FileExistsError:
                there.append(file)
            except FileNotFoundError:
                raise Changed(file.path) from None
            except OSError as problem:
                if problem.errno not in _NOT_HERE:
                    raise
                self.bring(file, name, source, target, devices)
                return

    def _bring(self, method: Method, file: StoredFile, here: Place, there: Place) -> None:
        is_safe = not self._is_edited or not file.is_text or self._are_permissions_binding(here)
        if method is Method.LINK and is_safe:
            _compare(file, os.stat(here.name, dir_fd=here.folder, follow_symlinks=False))
            os.link(here.name, there.name, src_dir_fd=here.folder, dst_dir_fd=there.folder, follow_symlinks=False)
            return
        reading = os.open(here.name, _READ, dir_fd=here.folder)
        try:
            _compare(file, os.fstat(reading))
            writing = os.open(there.name, _WRITE, 0o777 if file.is_executable else 0o666, dir_fd=there.folder)
            try:
                self._fill(method, file, reading, writing)
                if not _IS_TIMED_OPEN:
                    os.utime(there.name, ns=(file.mtime, file.mtime), dir_fd=there.folder)
            except BaseException:
                os.unlink(there.name, dir_fd=there.folder)
                raise
        finally:
            os.close(reading)

    def _fill(self, method: Method, file: StoredFile, reading: int, writing: int) -> None:
        try:
            if method is Method.CLONE and file.size:
                self._clone(writing, reading)
            elif file.size:
                _copy(reading, writing, file.size)
            # Bytecode names the time of its source: what was compiled for one environment serves all.
            if _IS_TIMED_OPEN:
                os.utime(writing, ns=(file.mtime, file.mtime))
        finally:
            os.close(writing)

    def _are_permissions_binding(self, here: Place) -> bool:
        if self._binding is None:
            effective = os.access in os.supports_effective_ids
            self._binding = not os.access(here.name, os.W_OK, dir_fd=here.folder, effective_ids=effective)
        return self._binding


def _compare(file: StoredFile, status: os.stat_result) -> None:
    if status.st_size != file.size or status.st_mtime_ns != file.mtime or not stat.S_ISREG(status.st_mode):
        raise Changed(file.path)


def _copy(reading: int, writing: int, size: int) -> None:
    if _copied_by_system(reading, writing, size):
        return
    os.lseek(reading, 0, os.SEEK_SET)
    os.ftruncate(writing, 0)
    os.lseek(writing, 0, os.SEEK_SET)
    copied = 0
    while piece := os.read(reading, _AT_ONCE):
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(writing, rest) :]
        copied += len(piece)
    if copied != size:
        raise Changed("")


def _copied_by_system(reading: int, writing: int, size: int) -> bool:
    """Copy without taking the content through this process; tell whether that has worked."""
    if sys.platform != "linux":
        return False
    left = size
    try:
        while left and (count := os.copy_file_range(reading, writing, left)):
            left -= count
    except OSError as problem:
        if problem.errno not in _NOT_HERE:
            raise
        return False
    return left == 0


def _best_of_system(*, has_clone: bool) -> Method:
    if has_clone:
        return Method.CLONE
    if sys.platform == "linux":
        return Method.LINK if os.uname().machine.startswith(_OTHER_NUMBERS) else Method.CLONE
    # On Windows a read-only file cannot be deleted, and both names of a link are read-only.
    return Method.COPY if sys.platform == "win32" else Method.LINK


def _clone(writing: int, reading: int) -> None:
    """Make an empty file share the blocks of another one (`ioctl_ficlone(2)`); raises OSError."""
    if sys.platform == "win32":
        raise OSError(errno.ENOTSUP, "no clones")
    # Imported here because it is not everywhere.
    import fcntl

    fcntl.ioctl(writing, _FICLONE, reading)
