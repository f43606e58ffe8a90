"""What is installed in a folder of packages, read from the `*.dist-info` folders without importing anything."""

from __future__ import annotations

import os
import stat
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

DIRECT_URL = "direct_url.json"
_SUFFIX = ".dist-info"
_EGG_SUFFIXES = (".egg-info", ".egg-link")
_CAN_START_IN_FOLDERS = {os.stat, os.access} <= os.supports_dir_fd


@frozen
class Distribution:
    """An installed distribution; its files are read when they are asked for."""

    name: str
    """Normalised."""
    version: str
    """As the folder's name has it."""
    library: Path
    """The folder that its packages are in."""
    entry: str
    """The name of the `*.dist-info` folder there."""

    @cached_property
    def folder(self) -> Path:
        """The `*.dist-info` folder."""
        # Each command makes one of these for every distribution, and asks for few of these paths.
        return self.library / self.entry

    @cached_property
    def metadata(self) -> Mapping[str, str]:
        """The first value of each header of `METADATA`, by lower-case name; empty when there is no such file."""
        headers: dict[str, str] = {}
        for line in (self._text("METADATA") or "").splitlines():
            if not line.strip():
                break
            key, colon, value = line.partition(":")
            if colon and not line[0].isspace():
                headers.setdefault(key.strip().lower(), value.strip())
        return headers

    @property
    def pretty_name(self) -> str:
        """The name as its author wrote it."""
        return self.metadata.get("name") or self.name

    @cached_property
    def installer(self) -> str:
        """Which program installed it; empty when it did not say so."""
        return (self._text("INSTALLER") or "").strip()

    @property
    def is_requested(self) -> bool:
        """Whether a person asked for it by name."""
        return (self.folder / "REQUESTED").is_file()

    @cached_property
    def direct_url(self) -> Mapping[str, object] | None:
        """Where it comes from when that is no index, as PEP 610 has it."""
        text = self._text(DIRECT_URL)
        if text is None:
            return None
        import json  # most distributions have no such file

        try:
            value = json.loads(text)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def is_editable(self) -> bool:
        """Whether its modules are those in a folder of sources."""
        match self.direct_url:
            case {"dir_info": {"editable": True}}:
                return True
            case _:
                return False

    @property
    def record(self) -> Path:
        """The list of its files."""
        return self.folder / "RECORD"

    @property
    def is_recorded(self) -> bool:
        """Whether it has a list of its files."""
        return _has_content(f"{self.library}/{self.entry}/RECORD")

    def _text(self, name: str) -> str | None:
        try:
            with open(f"{self.library}/{self.entry}/{name}", encoding="utf-8", errors="replace") as file:  # noqa: PTH123  as below
                return file.read()
        except OSError:
            return None


class Look(NamedTuple):
    """What a look at the names in its folder tells of a distribution."""

    distribution: Distribution
    is_whole: bool
    """Whether the two files that are written by every installer are there, with something in them.

    Nobody waits until what is put in has reached the disk, so a power cut may leave files without content; of a
    distribution that was put in just before, these two are among them.
    """
    has_direct_url: bool
    """Whether it says that it comes from somewhere else than an index; hardly one does."""


def _has_content(file: str, folder: int | None = None) -> bool:
    try:
        # Each command asks this of every distribution, and a path takes longer to make than to look at.
        status = os.stat(file, dir_fd=folder)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size > 0


@frozen
class SitePackages:
    """The distributions in one folder."""

    folder: Path
    distributions: Mapping[str, Distribution]
    """By name."""
    repeated: tuple[Distribution, ...] = ()
    """Further folders of the same name, which an interrupted installer left; which one Python takes is chance."""
    legacy: tuple[str, ...] = ()
    """Names of entries in the formats before wheels, which list no files."""

    def __iter__(self) -> Iterator[Distribution]:
        return iter(self.distributions.values())

    def named(self, names: Iterable[str]) -> Iterator[Distribution]:
        """Yield the distributions of some names, each of those that are there several times."""
        for name in names:
            if (found := self.distributions.get(name)) is not None:
                yield found
            yield from (repeated for repeated in self.repeated if repeated.name == name)

    def look(self) -> list[Look]:
        """Look into each distribution; where that can be done by way of the open folder, which spares most of a path.

        Each command that changes an environment asks this of all of them.
        """
        try:
            folder = os.open(self.folder, os.O_RDONLY) if _CAN_START_IN_FOLDERS else None
        except OSError:
            folder = None
        looks: list[Look] = []
        try:
            for one in self:
                start = f"{self.folder}/{one.entry}" if folder is None else one.entry
                is_whole = _has_content(f"{start}/METADATA", folder) and _has_content(f"{start}/RECORD", folder)
                looks.append(Look(one, is_whole, os.access(f"{start}/{DIRECT_URL}", os.F_OK, dir_fd=folder)))
        finally:
            if folder is not None:
                os.close(folder)
        return looks

    def version_of(self, name: str) -> str | None:
        """Return the installed version of a normalised name, or None."""
        found = self.distributions.get(name)
        return None if found is None else found.version


def scan_site_packages(folder: Path) -> SitePackages:
    """List the folder once; a folder that is not there holds nothing."""
    distributions: dict[str, Distribution] = {}
    repeated: list[Distribution] = []
    legacy: list[str] = []
    for entry in _entries(folder):
        if entry.endswith(_SUFFIX):
            name, version = _told_by(entry)
            if not name:
                continue
            found = Distribution(name, version, folder, entry)
            if distributions.setdefault(name, found) is not found:
                repeated.append(found)
        elif entry.endswith(_EGG_SUFFIXES):
            legacy.append(entry)
    return SitePackages(folder, distributions, tuple(repeated), tuple(legacy))


@lru_cache(maxsize=4096)
def _told_by(entry: str) -> tuple[str, str]:
    """Return the name and the version that the name of a `*.dist-info` folder tells; nothing where that is none."""
    name, dash, version = entry[: -len(_SUFFIX)].rpartition("-")
    # What a careful installer renames away begins with `~` or a point.
    return (canonical_name(name), version) if dash and name[:1].isalnum() else ("", "")


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208  names, not paths
    except OSError:
        return []
