"""TopLevels: what a distribution lets a program import, told by the paths of its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.record import read_rows
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.environment.site_packages import Distribution

_MODULE = late_pattern(r"([^\W\d]\w*)(?:\.[\w-]+)*\.(?:py|pyc|so|pyd|dylib)")
_INIT = "__init__"


def top_levels(distribution: Distribution) -> tuple[str, ...]:
    """Return the names of the top-level modules and packages of an installed distribution, in order."""
    return tuple(sorted({portion.partition(".")[0] for portion in installed_portions(distribution)}))


def installed_portions(distribution: Distribution) -> tuple[str, ...]:
    """Return the `portions` of an installed distribution; none when it does not list its files."""
    try:
        return portions([row.path for row in read_rows(distribution.record.read_bytes())])
    except (OSError, Refusal):
        return ()


def portions(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the uppermost modules and packages among files, which lie below a folder of packages.

    What has no `__init__` is a namespace, which several distributions may share: of that they are the parts, with dots,
    as in `google.cloud.storage`.
    """
    modules = []
    packages = set()
    for path in paths:
        folder, _, name = path.rpartition("/")
        if (match := _MODULE.fullmatch(name)) and (not folder or all(map(str.isidentifier, folder.split("/")))):
            modules.append((folder, match[1]))
            if match[1] == _INIT:
                packages.add(folder)
    found: dict[str, None] = {}
    tops: dict[str, str] = {}
    for folder, stem in modules:
        if folder not in tops:
            tops[folder] = _uppermost(folder, packages)
        if tops[folder]:
            found[tops[folder].replace("/", ".")] = None
        elif not folder.endswith("__pycache__"):
            found[f"{folder}/{stem}".lstrip("/").replace("/", ".")] = None
    return tuple(sorted(found))


def _uppermost(folder: str, packages: set[str]) -> str:
    """Return the first folder on the way that is a package; nothing when none is."""
    parts = folder.split("/")
    ways = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((way for way in ways if way in packages), "")
