"""The distributions that lie in a folder, and which of them are those of the project's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from chapbook_core.errors import ChapbookError
from chapbook_core.index.filename import NameReader, UnusableName, possible_names
from chapbook_core.project.build_table import read_build_table
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chapbook_core.commands.build import BuildResult
    from chapbook_core.project.manifest import Manifest

_ENDINGS = (".whl", ".tar.gz", ".zip")


class NothingBuilt(ChapbookError):
    """There is no distribution of the project's version."""

    def __init__(self, name: str, version: str | None, folder: Path, others: list[str]) -> None:
        what = f"{name} {version}" if version is not None else name
        there = f"; those there are of {', '.join(others)}" if others else ""
        super().__init__(
            f"there is no distribution of {what} in `{folder}`{there}",
            hints=["run `chapbook build`, or publish with `--build`"],
        )


def built_files(
    manifest: Manifest, folder: Path, variables: Mapping[str, str], built: BuildResult | None
) -> tuple[str, tuple[Path, ...]]:
    """Return the project's version with its files, source distributions first; raises NothingBuilt.

    Without a version in the project file it is that of what was just built, or the newest one there is.
    """
    name = manifest.name or ""
    there = dict(_versions(folder, name))
    versions = sorted(set(there.values()))
    wanted = _wanted(manifest, variables, built, there)
    if wanted is None and manifest.version is None and versions:
        wanted = versions[-1]
    # What was built with a label is a version of its own to an index, and still one of the project's.
    chosen = wanted if wanted in versions else max((v for v in versions if wanted and _has(v, wanted)), default=None)
    if chosen is None:
        raise NothingBuilt(
            name, None if wanted is None else str(wanted), folder, [str(version) for version in versions]
        )
    paths = [path for path, version in there.items() if version == chosen]
    return str(chosen), tuple(sorted(paths, key=lambda path: (path.name.endswith(".whl"), path.name)))


def _has(version: Version, wanted: Version) -> bool:
    return wanted.local is None and version.public == wanted.public


def _wanted(
    manifest: Manifest, variables: Mapping[str, str], built: BuildResult | None, there: Mapping[Path, Version]
) -> Version | None:
    if built is not None:
        return next((there[file.path] for file in built.files if file.path in there), None)
    text = manifest.version
    if text is None and read_build_table(manifest.tool, manifest.file).version is not None:
        # Only where the version is somewhere else than in the project file.
        from chapbook_core.builder.distribution import read_distribution

        text = read_distribution(manifest.folder, variables).version
    try:
        return None if text is None else Version(text)
    except InvalidVersion:
        return None


def _versions(folder: Path, name: str) -> Iterator[tuple[Path, Version]]:
    """Yield the distributions of the project with their versions; what is of others is passed over."""
    name = canonical_name(name)
    reader = NameReader(name)
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        if not path.name.endswith(_ENDINGS) or not path.is_file() or name not in possible_names(path.name):
            continue
        try:
            yield path, Version(reader.version(path.name))
        except (UnusableName, InvalidVersion):
            continue
