"""Writes a wheel: the same bytes from the same files, whoever builds them, wherever."""

from __future__ import annotations

import csv
import io
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING

from chapbook_core.builder.passing_file import passing_file
from chapbook_core.builder.zip_writer import ZipWriter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.builder.build_date import BuildDate
    from chapbook_core.builder.member import Member


def write_wheel(path: Path, members: Iterable[Member], record: str, date: BuildDate) -> None:
    """Write the members and, last, their record of that name.

    Raises WriteFailed, TooLarge and what reading a member raises.
    """
    rows: list[tuple[str, str, str]] = []
    with passing_file(path) as stream:
        wheel = ZipWriter(stream, date.wheel)
        for member in members:
            content, is_program = member.read()
            wheel.add(member.target, content, is_program=is_program)
            digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
            rows.append((member.target, f"sha256={digest}", str(len(content))))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*rows, (record, "", "")])
        wheel.add(record, text.getvalue().encode())
        wheel.finish()
