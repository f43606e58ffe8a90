"""Builds source distributions: everything that a wheel is built from, and how it describes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.entry_points import script_files
from chapbook_core.builder.generated import generated_members
from chapbook_core.builder.license import license_files
from chapbook_core.builder.member import Member, by_target
from chapbook_core.builder.metadata import metadata_text
from chapbook_core.builder.package_files import package_files
from chapbook_core.builder.sdist_writer import write_sdist
from chapbook_core.project.discovery import PROJECT_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution


def build_sdist(distribution: Distribution, folder: Path) -> Path:
    """Write the source distribution into a folder and return it; raises CannotBuild, FileMistakes and WriteFailed."""
    path = folder / f"{distribution.stem}.tar.gz"
    write_sdist(path, by_target(sdist_members(distribution)), distribution.stem, distribution.date)
    return path


def sdist_members(distribution: Distribution) -> list[Member]:
    """Return everything in the source distribution."""
    generated = generated_members(distribution, "sdist")
    files = package_files(distribution, "sdist")
    made = [*generated, Member("PKG-INFO", content=metadata_text(distribution).encode()), *_setup_file(distribution)]
    taken = {member.target for member in made}
    found = [
        *files.members(has_generated=bool(generated)),
        *script_files(distribution, None),
        *files.placed(distribution.table.data, None),
        *files.placed(distribution.table.headers, None),
        *(Member(name, str(distribution.folder / name)) for name in _project_files(distribution)),
    ]
    return [*made, *(member for member in found if member.target not in taken)]


def _project_files(distribution: Distribution) -> Iterator[str]:
    """Yield what belongs to every project: its file, its readme, its licences and its build script."""
    manifest = distribution.manifest
    yield PROJECT_FILE
    yield from (file for file in manifest.about.readme.files if file)
    yield from license_files(manifest)
    if distribution.script is not None:
        yield distribution.script
    version = distribution.table.version
    if version is not None and version.file is not None:
        yield version.file


def _setup_file(distribution: Distribution) -> list[Member]:
    if not distribution.manifest.poetry.generate_setup_file:
        return []
    # Seldom asked for, and it needs the packages once more.
    from chapbook_core.builder.setup_file import setup_text

    return [Member("setup.py", content=setup_text(distribution).encode())]
