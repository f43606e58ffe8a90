"""A distribution to be built: a project read, its version settled, its names in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from chapbook_core.builder.build_date import BuildDate, build_date
from chapbook_core.builder.cannot_build import CannotBuild, NotAPackage
from chapbook_core.project.build_table import BuildTable, read_build_table
from chapbook_core.project.manifest import Manifest, read_manifest
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


@frozen
class Distribution:
    """What all kinds of archives of one project share."""

    manifest: Manifest
    table: BuildTable
    name: str
    """As its author wrote it."""
    version: str
    """In the normal form of PEP 440."""
    date: BuildDate
    warn: Callable[[str], None] = field(repr=False, compare=False)

    @property
    def folder(self) -> Path:
        """The project's folder."""
        return self.manifest.folder

    @property
    def module(self) -> str:
        """What the package is called when the project does not say."""
        return canonical_name(self.name).replace("-", "_")

    @property
    def stem(self) -> str:
        """What the names of its archives begin with."""
        return f"{self.module}-{self.version}"

    @property
    def script(self) -> str | None:
        """The build script, which makes the wheel one for this platform alone."""
        return self.manifest.poetry.build_script


def read_distribution(
    folder: Path,
    variables: Mapping[str, str],
    *,
    local_version: str | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> Distribution:
    """Read a project that is to be built.

    Raises FileMistakes, and CannotBuild for what only a build finds wrong.
    """
    manifest = read_manifest(folder, only_built=True)
    if not manifest.package_mode or manifest.name is None:
        raise NotAPackage
    table = read_build_table(manifest.tool, manifest.file)
    return Distribution(
        manifest=manifest,
        table=table,
        name=manifest.name,
        version=_version(manifest, table, local_version),
        date=build_date(variables.get("SOURCE_DATE_EPOCH")),
        warn=warn,
    )


def _version(manifest: Manifest, table: BuildTable, local: str | None) -> str:
    text = manifest.version
    if table.version is not None and "version" in manifest.dynamic:
        # Most projects have their version in the file, and need neither git nor regular expressions.
        from chapbook_core.builder.dynamic_version import dynamic_version

        text = dynamic_version(manifest.folder, table.version)
    try:
        version = Version(text or "")
        return str(version) if local is None else str(Version(f"{version.public}+{local}"))
    except InvalidVersion:
        wrong = f"`{local}` is not a valid local version" if text and local else f"`{text}` is not a valid version"
        raise CannotBuild(wrong, hints=["write it like `1.2.3`, and a local version like `cpu.1`"]) from None
