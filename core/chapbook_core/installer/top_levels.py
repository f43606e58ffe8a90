"""TopLevels: what a distribution lets a program import, read from the list of its files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.record import read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.environment.site_packages import Distribution

_MODULE = re.compile(r"([^\W\d]\w*)(?:\.[\w-]+)*\.(?:py|pyc|so|pyd|dylib)")


def top_levels(distribution: Distribution) -> tuple[str, ...]:
    """Return the names of the top-level modules and packages of an installed distribution, in order."""
    try:
        rows = list(read_rows(distribution.record.read_bytes()))
    except (OSError, Refusal):
        return ()
    return top_levels_of(row.path for row in rows)


def top_levels_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the top-level modules and packages among files, which lie below a folder of packages."""
    found: dict[str, None] = {}
    for path in paths:
        top, slash, rest = path.partition("/")
        if not slash:
            if match := _MODULE.fullmatch(top):
                found[match[1]] = None
        elif top.isidentifier() and top != "__pycache__" and _holds_code(rest):
            found[top] = None
    return tuple(sorted(found))


def _holds_code(rest: str) -> bool:
    return rest.endswith((".py", ".pyc", ".so", ".pyd", ".dylib"))
