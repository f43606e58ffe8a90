"""TarArchive: a tar archive whose headers take no more memory than those of honest ones do.

A long name, and whatever else one header has to say of the next, is a file of its own to the format, and `tarfile`
reads it as a whole: a few kilobytes that are packed well would fill the memory.
"""

from __future__ import annotations

import tarfile
from typing import Self

_LARGEST = 1_000_000
_MOST = 64_000_000
"""Bytes of all of them together."""
_SPEAKING = frozenset({
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
})  # fmt: skip


class _Header(tarfile.TarInfo):
    def _proc_member(self, archive: TarArchive) -> Self:
        if self.type in _SPEAKING:
            archive.spoken += self.size
            if self.size > _LARGEST or archive.spoken > _MOST:
                raise ValueError("its headers are larger than those of any honest archive")
        # Which is there to be overridden, says `tarfile`, and its stub does not.
        return super()._proc_member(archive)  # type: ignore[misc,no-any-return]


class TarArchive(tarfile.TarFile):
    """One that raises ValueError when its headers say too much."""

    tarinfo = _Header
    spoken = 0
    """Bytes that headers have said of others so far."""
