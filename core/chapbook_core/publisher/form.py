"""The form of an upload: its fields from memory, its file in pieces from the disk (RFC 7578)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.publisher.problem import CannotPublish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.publisher.package_file import Fields, PackageFile

_PIECE = 1 << 16


class ChangedMeanwhile(CannotPublish):
    """A file is another one than that which was checked."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"`{name}` changed while it was being published", hints=["publish again when nothing writes to it"]
        )


class UploadForm:
    """Can be iterated several times, once for every try."""

    def __init__(self, file: PackageFile, attestations: Sequence[str] = ()) -> None:
        self._file = file
        self._boundary = f"chapbook-{os.urandom(16).hex()}"
        name = file.path.name
        head = f'--{self._boundary}\r\nContent-Disposition: form-data; name="content"; filename="{name}"\r\n'
        parts = "".join(self._part(name, value) for name, value in upload_fields(file, attestations))
        self._before = f"{parts}{head}Content-Type: application/octet-stream\r\n\r\n".encode("utf-8", "replace")
        self._after = f"\r\n--{self._boundary}--\r\n".encode()
        self.length = len(self._before) + file.size + len(self._after)

    @property
    def content_type(self) -> str:
        """What the header says of the body."""
        return f"multipart/form-data; boundary={self._boundary}"

    def _part(self, name: str, value: str) -> str:
        return f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'

    def __iter__(self) -> Iterator[bytes]:
        yield self._before
        yield from self._content()
        yield self._after

    def _content(self) -> Iterator[bytes]:
        """Yield the file; one that is not the same as before is not sent to its end."""
        file = self._file
        try:
            status = file.path.stat()
            if (status.st_size, status.st_mtime_ns) != (file.size, file.changed):
                raise ChangedMeanwhile(file.path.name)
            left = file.size
            with file.path.open("rb") as stream:
                while left and (piece := stream.read(min(_PIECE, left))):
                    left -= len(piece)
                    yield piece
        except OSError:
            raise ChangedMeanwhile(file.path.name) from None
        if left:
            raise ChangedMeanwhile(file.path.name)


def upload_fields(file: PackageFile, attestations: Sequence[str] = ()) -> Fields:
    """Return every field of the form but the file."""
    return (
        (":action", "file_upload"),
        ("protocol_version", "1"),
        *file.fields,
        ("filetype", file.kind),
        ("pyversion", file.python),
        ("md5_digest", file.digests["md5"]),
        ("sha256_digest", file.digests["sha256"]),
        ("blake2_256_digest", file.digests["blake2b"]),
        *((("attestations", f"[{','.join(attestations)}]"),) if attestations else ()),
    )
