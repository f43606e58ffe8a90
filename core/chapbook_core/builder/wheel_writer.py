"""Writes a wheel: the same bytes from the same files, whoever builds them, wherever."""

from __future__ import annotations

import csv
import io
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from chapbook_core.builder.passing_file import passing_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.builder.build_date import BuildDate
    from chapbook_core.builder.member import Member

_UNIX = 3
_FILE, _PROGRAM = 0o100644, 0o100755
_LEVEL = 6


def write_wheel(path: Path, members: Iterable[Member], record: str, date: BuildDate) -> None:
    """Write the members and, last, their record of that name; raises WriteFailed and what reading a member raises."""
    rows: list[tuple[str, str, str]] = []
    with (
        passing_file(path) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as wheel,
    ):
        for member in members:
            content, is_program = member.read()
            wheel.writestr(_described(member.target, date, is_program=is_program), content)
            digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
            rows.append((member.target, f"sha256={digest}", str(len(content))))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (record, "", "")])
        wheel.writestr(_described(record, date, is_program=False), text.getvalue().encode())


def _described(name: str, date: BuildDate, *, is_program: bool) -> zipfile.ZipInfo:
    described = zipfile.ZipInfo(name, date.wheel)
    described.compress_type = zipfile.ZIP_DEFLATED
    # Python writes the system it runs on here; the permissions are those of Unix on every one of them.
    described.create_system = _UNIX
    described.external_attr = (_PROGRAM if is_program else _FILE) << 16
    return described
