"""Writing a person's file so that it is, at every moment, either the old one or the new one."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from chapbook_core.errors import ChapbookError
from chapbook_core.project.patience import patiently
from chapbook_core.value import frozen

_HINTS = {
    errno.ENOSPC: "free some space on that disk and try again",
    errno.EDQUOT: "free some of your disk quota and try again",
    errno.EACCES: "give yourself permission to write there",
    errno.EPERM: "give yourself permission to write there",
    errno.EROFS: "that file system is read-only; work in another folder or mount it for writing",
    errno.ENOENT: "make the folder first",
}


class WriteFailed(ChapbookError):
    """A file could not be written; what was there before is still there, whole."""

    def __init__(self, path: Path, cause: OSError) -> None:
        self.path = path
        self.errno = cause.errno
        super().__init__(
            f"cannot write `{path}`: {cause.strerror or cause}; nothing was changed in it", hints=ways_out(cause)
        )


def ways_out(refusal: OSError) -> tuple[str, ...]:
    """Say what a person can do when the system refuses to write."""
    hint = _HINTS.get(refusal.errno or 0)
    return () if hint is None else (hint,)


def write_file(path: Path, content: bytes, *, mode: int | None = None, is_durable: bool = True) -> None:
    """Replace the content of a file, or make the file; raises WriteFailed.

    A symbolic link is followed and kept. The permissions of an existing file are kept unless `mode` is given. The bytes
    reach the disk before the name does: after a power cut the name never stands for an empty file. What is checked
    when it is read, and can be done without, need not be so `is_durable`, and is written without waiting for the disk.
    """
    stage_file(path, content, mode=mode, is_durable=is_durable).place(is_durable=is_durable)


@frozen
class StagedFile:
    """New content for a file, whole on the disk under a passing name beside it."""

    path: Path
    """As whoever asked named it."""
    target: Path
    """Without links."""
    temporary: Path

    def place(self, *, is_durable: bool = True) -> None:
        """Give it the name; raises WriteFailed."""
        try:
            try:
                patiently(lambda: self.temporary.replace(self.target))
            except BaseException:
                self.discard()
                raise
            if is_durable:
                settle(self.target.parent)
        except OSError as cause:
            raise WriteFailed(self.path, cause) from cause

    def discard(self) -> None:
        """Forget it; nothing happens when it has its name already."""
        self.temporary.unlink(missing_ok=True)


def stage_file(
    path: Path, content: bytes, *, mode: int | None = None, token: str = "", is_durable: bool = True
) -> StagedFile:
    """Write what a file is to hold, so that nothing is left to do but renaming; raises WriteFailed.

    `token` makes the passing name one that the caller knows; see `passing_name`.
    """
    try:
        return _staged(path, Path(os.path.realpath(path)), content, mode, token or new_token(), is_durable=is_durable)
    except OSError as cause:
        raise WriteFailed(path, cause) from cause


def new_token() -> str:
    """Return what no other passing name holds."""
    return os.urandom(8).hex()


def passing_name(token: str) -> str:
    """Return the name of a file that is not in its place yet."""
    return f".chapbook-{token}.tmp"


def _staged(path: Path, target: Path, content: bytes, mode: int | None, token: str, *, is_durable: bool) -> StagedFile:
    before = _status(target)
    if before is not None and not os.access(target, os.W_OK):
        # A rename would succeed, but whoever made the file read-only meant it.
        raise PermissionError(errno.EACCES, "the file is read-only")
    temporary = target.parent / passing_name(token)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # A replacement is private until it has the permissions of what it replaces.
    descriptor = os.open(temporary, flags, (0o666 if mode is None else mode) if before is None else 0o600)
    try:
        try:
            _write_all(descriptor, content)
            if is_durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _match(temporary, before, mode)
    except BaseException:
        # An interruption, too, must not leave the half-written copy behind.
        temporary.unlink()
        raise
    return StagedFile(path, target, temporary)


def _status(target: Path) -> os.stat_result | None:
    try:
        status = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return status


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _match(temporary: Path, before: os.stat_result | None, mode: int | None) -> None:
    """Give the new file the owner and the permissions of the one it replaces."""
    if before is not None and hasattr(os, "chown"):
        made = temporary.stat()
        if (made.st_uid, made.st_gid) != (before.st_uid, before.st_gid):
            # Only an administrator may give a file away; the content matters more than its owner.
            with suppress(PermissionError):
                os.chown(temporary, before.st_uid, before.st_gid)
    if mode is not None:
        temporary.chmod(mode)
    elif before is not None:
        temporary.chmod(stat.S_IMODE(before.st_mode))


def settle(folder: Path) -> None:
    """Make what was renamed in a folder survive a power cut, where folders can be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as cause:
        # Some network file systems cannot; the file is in place all the same.
        if cause.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(descriptor)
