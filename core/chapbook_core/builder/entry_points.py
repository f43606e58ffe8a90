"""The entry points of a distribution, and its scripts that are files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import FileMissing, OutsideProject
from chapbook_core.builder.member import Member

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.project.about import About


def entry_points_text(about: About) -> str:
    """Return `entry_points.txt`, empty when there are none."""
    groups: dict[str, Mapping[str, str]] = {
        "console_scripts": about.scripts,
        "gui_scripts": about.gui_scripts,
        **about.entry_points,
    }
    lines = []
    for group in sorted(name for name, entries in groups.items() if entries):
        lines.append(f"[{group}]")
        lines += sorted(f"{name} = {reference}".replace(" ", "") for name, reference in groups[group].items())
        lines.append("")
    return "\n".join([*lines, ""]) if lines else ""


def script_files(distribution: Distribution, folder: str | None) -> Iterator[Member]:
    """Yield the scripts that are files, in a folder of the archive or where the project has them.

    Raises FileMissing, unless a build script may still make them, and OutsideProject.
    """
    for name, reference in distribution.manifest.about.file_scripts.items():
        path = distribution.folder / reference
        if not path.resolve().is_relative_to(distribution.folder.resolve()):
            raise OutsideProject(reference)
        if not path.is_file():
            if distribution.script is not None and folder is None:
                continue
            raise FileMissing(f"the script `{name}`,", reference, reason="does not exist or is no file")
        target = path.relative_to(distribution.folder).as_posix() if folder is None else f"{folder}/{path.name}"
        yield Member(target, str(path))
