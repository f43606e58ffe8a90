"""Where the lock file of a project is kept, and how it is opened so that nobody can lead the writer elsewhere."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.project.lock_holder import MARK
from chapbook_core.value import frozen, mutable

if TYPE_CHECKING:
    from pathlib import Path

STATE_FOLDER = ".chapbook"
"""Holds what is Chapbook's own in a project; git does not see it."""
_LOCK_NAME = "lock"
_IGNORE_NAME = ".gitignore"
_ATTEMPTS = 5
# What the system says of a link that is not to be followed, or of something that is no folder or no file.
_SOMETHING_ELSE = frozenset({errno.ELOOP, errno.EMLINK, errno.ENOTDIR, errno.EISDIR, errno.ENXIO})
_NEVER_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_PLAIN = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)


class LockRefused(ChapbookError):
    """What stands where the lock belongs could lead a writer to another file."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            f"`{path}` cannot be the lock of the project: {reason}",
            hints=["move it away, and find out who has put it there"],
        )


@mutable
class OpenLock:
    """An open lock file."""

    descriptor: int
    path: Path
    made_folder: bool
    """Whether the folder around it was not there before."""

    def is_in_place(self) -> bool:
        """Tell whether it is still the one that others find: a cleaning may have removed it."""
        try:
            return os.path.samestat(os.fstat(self.descriptor), self.path.lstat())
        except FileNotFoundError:
            return False

    def read(self) -> str:
        """Return what the holder has written."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        return os.read(self.descriptor, 1024).decode("utf-8", "replace")

    def write(self, text: str) -> None:
        """Say who holds it; the lock is as good without, so that a full disk is no error."""
        content = text.encode("utf-8", "replace")
        with suppress(OSError):
            os.lseek(self.descriptor, 0, os.SEEK_SET)
            os.write(self.descriptor, content)
            os.ftruncate(self.descriptor, len(content))

    def remove(self) -> None:
        """Take it away, with its folder when that holds nothing else; only its holder may."""
        with suppress(OSError):
            self.path.unlink()
            folder = self.path.parent
            if [path.name for path in folder.iterdir()] == [_IGNORE_NAME]:
                (folder / _IGNORE_NAME).unlink()
            folder.rmdir()

    def close(self) -> None:
        """Close the file."""
        os.close(self.descriptor)


@frozen
class LockPlace:
    """A folder for lock files, and the name of one in it."""

    folder: Path
    name: str = _LOCK_NAME
    is_private: bool = False
    """Outside of projects it must be this person's own, lest somebody else leads them astray."""

    def open(self) -> OpenLock:
        """Open the file, made when there is none; raises LockRefused, and OSError when the place cannot be used."""
        for _ in range(_ATTEMPTS):
            # A holder that undoes everything takes the folder away.
            with suppress(FileNotFoundError):
                return self._open()
        return self._open()

    def _open(self) -> OpenLock:
        made_folder = self._make_folder()
        path = self.folder / self.name
        inside = self.open_folder()
        try:
            if not self.is_private:
                make_ignore(self.folder, inside)
            descriptor = _open_file(path, inside)
        finally:
            if inside is not None:
                os.close(inside)
        try:
            _require_ours(path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return OpenLock(descriptor, path, made_folder)

    def _make_folder(self) -> bool:
        if self.is_private:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.folder.mkdir(mode=0o700 if self.is_private else 0o777)
        except FileExistsError:
            return False
        return True

    def open_folder(self) -> int | None:
        """Open the folder so that what is opened in it is in no other; None where folders cannot be opened.

        Raises LockRefused for a link, and OSError.
        """
        if sys.platform == "win32":
            if self.folder.is_symlink():
                raise LockRefused(self.folder, "it is a link")
            return None
        try:
            inside = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | _NEVER_FOLLOW)
        except OSError as cause:
            raise _refusal(self.folder, "folder", cause) from cause
        if self.is_private and os.fstat(inside).st_uid != os.geteuid():
            os.close(inside)
            raise PermissionError(errno.EACCES, "it belongs to somebody else")
        return inside


def project_place(folder: Path) -> LockPlace:
    """Return where a project's lock belongs."""
    return LockPlace(folder / STATE_FOLDER)


def place_elsewhere(folder: Path, project: Path) -> LockPlace:
    """Return where in a private folder the lock of a project is; `project` is without links."""
    import hashlib  # rarely needed

    name = hashlib.sha256(os.fsencode(project)).hexdigest()[:32]
    return LockPlace(folder, f"{name}.lock", is_private=True)


def make_ignore(folder: Path, inside: int | None) -> None:
    """Keep git from seeing what is in a folder of ours."""
    target = _IGNORE_NAME if inside is not None else folder / _IGNORE_NAME
    with suppress(OSError):
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NEVER_FOLLOW, 0o666, dir_fd=inside)
        try:
            os.write(descriptor, b"*\n")
        finally:
            os.close(descriptor)


def _open_file(path: Path, inside: int | None) -> int:
    if inside is None and path.is_symlink():
        raise LockRefused(path, "it is a link")
    target = path.name if inside is not None else path
    flags = _NEVER_FOLLOW | _PLAIN
    try:
        return os.open(target, os.O_RDWR | os.O_CREAT | flags, 0o666, dir_fd=inside)
    except PermissionError as cause:
        # Somebody else's file, as an administrator's, excludes others all the same where it can be read.
        with suppress(OSError):
            return os.open(target, os.O_RDONLY | flags, dir_fd=inside)
        raise _refusal(path, "regular file", cause) from cause
    except OSError as cause:
        raise _refusal(path, "regular file", cause) from cause


def _require_ours(path: Path, descriptor: int) -> None:
    """Refuse another file that bears the lock's name, as a hard link to it does: it would be written over."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise LockRefused(path, "it is not a regular file")
    mark = MARK.encode()
    if os.read(descriptor, len(mark)) not in (b"", mark):
        raise LockRefused(path, "it holds something else")


def _refusal(path: Path, wanted: str, cause: OSError) -> Exception:
    if path.is_symlink():
        return LockRefused(path, "it is a link")
    return LockRefused(path, f"it is not a {wanted}") if cause.errno in _SOMETHING_ELSE else cause
