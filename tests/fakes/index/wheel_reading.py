"""The METADATA of a wheel that somebody else made."""

from __future__ import annotations

import io
import zipfile


def wheel_metadata(content: bytes) -> bytes | None:
    """Return the wheel's METADATA; nothing when it has none or is no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = next((one for one in archive.namelist() if one.endswith(".dist-info/METADATA")), None)
            return archive.read(name) if name else None
    except zipfile.BadZipFile:
        return None
