"""The `.dist-info` of a wheel: metadata, entry points, tags and licences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.entry_points import entry_points_text
from chapbook_core.builder.license import license_files
from chapbook_core.builder.member import Member
from chapbook_core.builder.metadata import metadata_text

if TYPE_CHECKING:
    from chapbook_core.builder.distribution import Distribution


def wheel_information(distribution: Distribution, tag: str) -> list[Member]:
    """Return the members of the `.dist-info` folder but RECORD, which tells of all others."""
    folder = f"{distribution.stem}.dist-info"
    manifest = distribution.manifest
    is_pure = "true" if distribution.script is None else "false"
    wheel = f"Wheel-Version: 1.0\nGenerator: chapbook\nRoot-Is-Purelib: {is_pure}\nTag: {tag}\n"
    entry_points = entry_points_text(manifest.about)
    return [
        Member(f"{folder}/METADATA", content=metadata_text(distribution).encode()),
        Member(f"{folder}/WHEEL", content=wheel.encode()),
        *([Member(f"{folder}/entry_points.txt", content=entry_points.encode())] if entry_points else []),
        *(Member(f"{folder}/licenses/{name}", str(manifest.folder / name)) for name in license_files(manifest)),
    ]
