"""Download: a file that a body is written to, with its digests, begun anew or continued where it ended."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from chapbook_core.pattern import late_pattern
from chapbook_core.project.writing import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHOLE, _PART = 200, 206
_PIECE = 1 << 20
_RANGE = late_pattern(r"bytes (\d+)-")


class Download:
    """One try to fill a file; what is in it counts when it is `continued`."""

    def __init__(self, file: BinaryIO, hashes: Mapping[str, str], *, continued: bool) -> None:
        self._file = file
        self._hashes = hashes
        self.start = file.seek(0, os.SEEK_END) if continued else 0
        if not continued:
            file.seek(0)
            file.truncate()
        self._digests = self._digested()

    @property
    def is_complete(self) -> bool:
        """Whether the file held all of it before: whoever got it was interrupted at what comes after."""
        return bool(self.start and self._digests) and self.mismatch() is None

    def headers(self) -> dict[str, str]:
        """Return what asks for the rest alone."""
        return {"Range": f"bytes={self.start}-"} if self.start else {}

    def write(self, piece: bytes | memoryview) -> None:
        """Take a piece of the body; raises WriteFailed, which has nothing to do with the network."""
        try:
            self._file.write(piece)
        except OSError as cause:
            raise WriteFailed(Path(str(getattr(self._file, "name", "the downloaded file"))), cause) from cause
        for digest in self._digests.values():
            digest.update(piece)

    def accept(self, status: int, content_range: str) -> bool:
        """Tell whether the file is now what was asked for, as far as the answer says.

        A server that knows no ranges has sent all of it behind what was there.
        """
        if not self.start:
            return status == _WHOLE
        told = _RANGE.match(content_range)
        if status == _PART:
            return told is not None and int(told[1]) == self.start
        if status == _WHOLE:
            self._drop_start()
        return status == _WHOLE

    def mismatch(self) -> tuple[str, str, str] | None:
        """Return algorithm, expected and actual digest of the first that differs."""
        for name, digest in self._digests.items():
            if digest.hexdigest() != self._hashes[name].lower():
                return name, self._hashes[name], digest.hexdigest()
        return None

    def _digested(self) -> dict[str, hashlib._Hash]:
        digests = {name: hashlib.new(name) for name in self._hashes if name in hashlib.algorithms_available}
        if self.start:
            self._file.seek(0)
            while piece := self._file.read(_PIECE):
                for digest in digests.values():
                    digest.update(piece)
        return digests

    def _drop_start(self) -> None:
        place = 0
        self._file.seek(self.start)
        while piece := self._file.read(_PIECE):
            self._file.seek(place)
            self._file.write(piece)
            place += len(piece)
            self._file.seek(self.start + place)
        self._file.seek(place)
        self._file.truncate()
        self._digests = self._digested()
