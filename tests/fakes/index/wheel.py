"""Wheels made in memory: the same description gives the same bytes on every machine."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

from packaging.tags import parse_tag

from tests.fakes.index import core_metadata, names
from tests.fakes.index.core_metadata import as_bytes

if TYPE_CHECKING:
    from tests.fakes.index.release import Release

_MOMENT = (2020, 2, 2, 0, 0, 0)
_PLAIN = 0o100644 << 16
_EXECUTABLE = 0o100755 << 16
_WORTH_DEFLATING = 128


def wheel_name(release: Release, tag: str) -> str:
    """Return the file name of the release's wheel for a tag."""
    build = f"-{release.build}" if release.build else ""
    return f"{release.file_stem}{build}-{tag}.whl"


def make_wheel(release: Release, tag: str) -> bytes:
    """Return the bytes of the release's wheel for a tag."""
    folder = f"{release.file_stem}.dist-info"
    members = wheel_members(release)
    members[f"{folder}/METADATA"] = core_metadata.metadata(release)
    members[f"{folder}/WHEEL"] = _wheel_text(release, tag)
    points = entry_points_text(release)
    if points:
        members[f"{folder}/entry_points.txt"] = points
    record = f"{folder}/RECORD"
    members[record] = _record_text(members, record) if release.record_text is None else as_bytes(release.record_text)
    return pack(members)


def wheel_members(release: Release) -> dict[str, bytes]:
    """Return what the wheel holds beside the generated parts of its dist-info folder."""
    package = names.module(release.name)
    files = release.files
    if files is None:
        files = {f"{package}/__init__.py": f'__version__ = "{release.version}"\n'}
    members = {_place(path, release): as_bytes(content) for path, content in files.items()}
    if release.weight:
        filling = random.Random(f"{release.name} {release.version}")  # the same bytes every time
        members[f"{package}/filling.bin"] = filling.randbytes(release.weight)
    return members


def entry_points_text(release: Release) -> bytes:
    """Return the `entry_points.txt` of the release; empty when it has none."""
    groups = dict(release.entry_points)
    if release.scripts:
        groups["console_scripts"] = release.scripts
    blocks = [
        "\n".join([f"[{group}]", *(f"{key} = {value}" for key, value in points.items())])
        for group, points in groups.items()
    ]
    return ("\n\n".join(blocks) + "\n").encode() if blocks else b""


def pack(members: dict[str, bytes]) -> bytes:
    """Return a ZIP archive of the members, in their order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, content in members.items():
            member = zipfile.ZipInfo(path, _MOMENT)
            member.external_attr = _EXECUTABLE if ".data/scripts/" in path else _PLAIN
            member.create_system = 3
            if len(content) > _WORTH_DEFLATING and not path.endswith(".bin"):
                member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return buffer.getvalue()


def _place(path: str, release: Release) -> str:
    if path.startswith((".data/", ".dist-info/")):
        return f"{release.file_stem}{path}"
    return path


def _wheel_text(release: Release, tag: str) -> bytes:
    tags = sorted(str(one) for one in parse_tag(tag))
    pure = "true" if tag.endswith("-none-any") else "false"
    lines = ["Wheel-Version: 1.0", "Generator: chapbook-fakes 1", f"Root-Is-Purelib: {pure}"]
    lines.extend(f"Tag: {one}" for one in tags)
    if release.build:
        lines.append(f"Build: {release.build}")
    return ("\n".join(lines) + "\n").encode()


def _record_text(members: dict[str, bytes], record: str) -> bytes:
    rows = [f"{_field(path)},sha256={_digest(content)},{len(content)}" for path, content in members.items()]
    return "\n".join([*rows, f"{_field(record)},,", ""]).encode()


def _field(path: str) -> str:
    return '"' + path.replace('"', '""') + '"' if {",", '"'} & set(path) else path


def _digest(content: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
