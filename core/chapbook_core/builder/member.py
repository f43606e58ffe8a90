"""A member of a distribution: a file of the project or a text that the build writes, and its name in the archive."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild, ChangedMeanwhile, NameNotUnicode, TwoFilesOneName
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


@frozen
class Member:
    """One file of a distribution."""

    target: str
    """Its name in the archive, with `/`."""
    source: str = ""
    """The file that it is read from; nothing for a text that the build writes."""
    content: bytes = b""

    def read(self) -> tuple[bytes, bool]:
        """Return the bytes, and whether they are a program; raises ChangedMeanwhile and CannotBuild."""
        if not self.source:
            return self.content, False
        try:
            with open(self.source, "rb", buffering=0) as stream:  # noqa: PTH123  thousands of Paths take time
                before = os.fstat(stream.fileno())
                content = stream.readall()
                after = os.fstat(stream.fileno())
        except OSError as problem:
            raise CannotBuild(f"`{self.source}` cannot be read: {problem.strerror or problem}") from None
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
            raise ChangedMeanwhile(self.source)
        return content, bool(before.st_mode & 0o100)


def by_target(members: Iterable[Member]) -> list[Member]:
    """Return the members in the order of their names; raises TwoFilesOneName and NameNotUnicode."""
    found: dict[str, Member] = {}
    for member in members:
        first = found.setdefault(member.target, member)
        if (first.source, first.content) != (member.source, member.content):
            raise TwoFilesOneName(member.target, first.source or "a file that the build writes", member.source)
    try:
        "".join(found).encode()
    except UnicodeEncodeError as problem:
        raise NameNotUnicode(next(name for name in found if problem.object[problem.start] in name)) from None
    return [found[target] for target in sorted(found)]
