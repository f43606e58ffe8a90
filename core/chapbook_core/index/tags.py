"""Tags: which wheels fit a target, and which of them fits best (PEP 425, PEP 427)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.filename import UnusableName
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chapbook_core.index.file import File


@frozen
class TagOrder:
    """The tags that a target takes, each with its rank; rank 0 is the most specific."""

    ranks: Mapping[str, int]

    @classmethod
    def of(cls, tags: Iterable[object]) -> TagOrder:
        """Make the order out of tags, best first, as texts or as packaging's values."""
        ranks: dict[str, int] = {}
        for rank, tag in enumerate(tags):
            ranks.setdefault(str(tag), rank)
        return cls(ranks)

    def rank(self, file: File) -> int | None:
        """Return the rank of the best tag of a wheel; None when it does not fit, or has no readable tags."""
        try:
            tags = file.wheel.tags
        except UnusableName:
            return None
        return min((rank for tag in tags if (rank := self.ranks.get(tag)) is not None), default=None)

    def against(self, file: File) -> str:
        """Return why a file does not fit; nothing for a wheel that fits and for source, which fits everything."""
        if not file.is_wheel or self.rank(file) is not None:
            return ""
        return f"is for other machines or Pythons ({', '.join(file.wheel.platforms)})"

    def best_first(self, files: Iterable[File]) -> tuple[File, ...]:
        """Return the files that fit: wheels by tag, then by build, highest first, then source archives.

        Files that are not yanked come before those that are.
        """
        keyed: list[tuple[tuple[bool, bool, int, int, str, str], File]] = []
        for file in files:
            if not file.is_wheel:
                keyed.append(((file.yanked, True, 0, 0, "", _sdist_order(file.filename)), file))
            elif (rank := self.rank(file)) is not None:
                number, suffix = file.wheel.build or (-1, "")
                keyed.append(((file.yanked, False, rank, -number, _descending(suffix), file.filename), file))
        return tuple(file for _, file in sorted(keyed, key=lambda pair: pair[0]))


def _sdist_order(filename: str) -> str:
    """Sort the archive of the standard before those of older times."""
    return f"0{filename}" if filename.endswith(".tar.gz") else f"1{filename}"


def _descending(text: str) -> str:
    """Return a text that sorts the other way round."""
    return "".join(chr(0x10FFFF - ord(letter)) for letter in text) + "\U0010ffff"
