"""A version that the project file leaves open: read from a file, or counted from the tags of git."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from chapbook_core.builder.cannot_build import CannotBuild, FileMissing
from chapbook_core.builder.own_repository import git_tells
from chapbook_core.pattern import late_pattern
from chapbook_core.project.version import next_version

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.project.build_table import VersionSource

_ASSIGNED = late_pattern(
    r"""^\s*(?:__version__|VERSION|version)\s*(?::[^=\n]+)?=\s*(["'])(?P<version>[^"']+)\1""", re.MULTILINE
)
_BARE = late_pattern(r"\s*v?(?P<version>\d\S*)\s*")
_DESCRIBED = late_pattern(r"(?P<tag>.+)-(?P<count>\d+)-g(?P<commit>[0-9a-f]+)(?P<dirty>-dirty)?")
_TOLD = late_pattern(r"^Version: (?P<version>\S+)$", re.MULTILINE)


class NoVersion(CannotBuild):
    """The place that the version comes from does not tell one."""


def dynamic_version(folder: Path, source: VersionSource) -> str:
    """Return the version of a project whose own file does not tell it; raises NoVersion and FileMissing."""
    return _from_file(folder, source) if source.file is not None else _from_git(folder, source)


def _from_file(folder: Path, source: VersionSource) -> str:
    name = source.file or ""
    try:
        text = (folder / name).read_text("utf-8")
    except FileNotFoundError:
        raise FileMissing("the file of the version,", name) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise FileMissing("the file of the version,", name, reason=f"cannot be read: {problem}") from None
    match = _search(source.pattern, text)
    if match is None:
        hint = 'write `__version__ = "1.2.3"` there, or set `pattern` under [tool.chapbook.version]'
        raise NoVersion(f"no version is found in `{name}`", hints=[hint])
    return match["version"] if "version" in match.re.groupindex else match[min(1, match.re.groups)]


def _search(pattern: str | None, text: str) -> re.Match[str] | None:
    if pattern is None:
        return _ASSIGNED.search(text) or _BARE.fullmatch(text)
    try:
        return re.search(pattern, text, re.MULTILINE)
    except re.error as problem:
        raise NoVersion(f"`{pattern}` is not a regular expression: {problem}") from None


def _from_git(folder: Path, source: VersionSource) -> str:
    told = _told(folder)
    if told is not None:
        return told
    match = _DESCRIBED.fullmatch(_described(folder, source.tags))
    if match is not None:
        return _counted(match, source)
    if source.fallback is not None:
        return source.fallback
    hint = "make a tag, as in `git tag v0.1.0`, or set `fallback` under [tool.chapbook.version]"
    raise NoVersion(f"git tells no version: there is no tag like `{source.tags}`", hints=[hint])


def _told(folder: Path) -> str | None:
    """Return the version in the PKG-INFO of an unpacked source distribution, which has no repository."""
    if (folder / ".git").exists():
        return None
    try:
        match = _TOLD.search((folder / "PKG-INFO").read_text("utf-8").partition("\n\n")[0])
    except (OSError, UnicodeDecodeError):
        return None
    return match["version"] if match else None


def _counted(match: re.Match[str], source: VersionSource) -> str:
    """Return the tag itself on its commit, and a development version of what follows it after that."""
    tag, count, is_dirty = match["tag"], int(match["count"]), match["dirty"] is not None
    number = re.search(r"v?\d.*", tag)
    try:
        version = Version(number[0] if number else tag)
    except InvalidVersion:
        hint = 'rename it, or let `tags` under [tool.chapbook.version] match versions alone, as in `tags = "v[0-9]*"`'
        raise NoVersion(f"the tag `{tag}` is not a version", hints=[hint]) from None
    if not count and not is_dirty:
        return str(version)
    following = next_version(str(version), "prerelease" if version.pre else "patch")
    words = [f"g{match['commit']}", *(["dirty"] if is_dirty else [])]
    return f"{following}.dev{count}" + (f"+{'.'.join(words)}" if source.local else "")


def _described(folder: Path, tags: str) -> str:
    """Return the newest tag, the commits since, the commit and whether anything was edited; empty without a tag."""
    try:
        told = git_tells(folder, "describe", "--tags", "--long", "--dirty", "--abbrev=10", "--match", tags)
    except OSError:
        return ""
    return (told or b"").decode("utf-8", "replace").strip()
