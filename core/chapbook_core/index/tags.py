"""Tags: which wheels fit a target, and which of them fits best (PEP 425, PEP 427)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.index.filename import UnusableName, read_wheel_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chapbook_core.index.file import File


@frozen
class TagOrder:
    """The tags that a target takes, each with its rank; rank 0 is the most specific."""

    ranks: Mapping[str, int]

    @classmethod
    def of(cls, tags: Iterable[str]) -> TagOrder:
        """Make the order out of tags, best first; there are a thousand of them."""
        return _order_of(tuple(tags))

    def __hash__(self) -> int:
        """Hash a little of it: there are few orders, and each is asked for thousands of files."""
        return hash((len(self.ranks), next(iter(self.ranks), "")))

    def rank(self, file: File) -> int | None:
        """Return the rank of the best tag of a wheel; None when it does not fit, or has no readable tags."""
        return self._rank(file.filename)

    def _rank(self, filename: str) -> int | None:
        try:
            name = read_wheel_name(filename)
        except UnusableName:
            return None
        best, ranks = None, self.ranks
        for platform in name.platforms:
            for python in name.pythons:
                for abi in name.abis:
                    rank = ranks.get(f"{python}-{abi}-{platform}")
                    if rank is not None and (best is None or rank < best):
                        best = rank
        return best

    def against(self, file: File) -> str:
        """Return why a file does not fit; nothing for a wheel that fits and for source, which fits everything."""
        if not file.is_wheel or self.rank(file) is not None:
            return ""
        return f"is for other machines or Pythons ({', '.join(file.wheel.platforms)})"

    def best_first(self, files: Iterable[File]) -> tuple[File, ...]:
        """Return the files that fit: wheels by tag, then by build, highest first, then source archives.

        Files that are not yanked come before those that are.
        """
        keyed = [((file.yanked, *key), file) for file in files if (key := self._key(file.filename)) is not None]
        return tuple(file for _, file in sorted(keyed, key=lambda pair: pair[0]))

    def best_names_first(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Do the same with names of files; the answers are remembered, for a lock is installed many times."""
        return _best_names_first(self, names)

    def _key(self, filename: str) -> tuple[bool, int, int, str, str] | None:
        """Return what a file is sorted by; None when it does not fit."""
        if not filename.endswith(".whl"):
            return True, 0, 0, "", _sdist_order(filename)
        if (rank := self._rank(filename)) is None:
            return None
        number, suffix = read_wheel_name(filename).build or (-1, "")
        return False, rank, -number, _descending(suffix), filename


@lru_cache(maxsize=16)
def _order_of(tags: tuple[str, ...]) -> TagOrder:
    ranks: dict[str, int] = {}
    for rank, tag in enumerate(tags):
        ranks.setdefault(tag, rank)
    return TagOrder(ranks)


@lru_cache(maxsize=4096)
def _best_names_first(order: TagOrder, names: tuple[str, ...]) -> tuple[str, ...]:
    keyed = [(key, name) for name in names if (key := order._key(name)) is not None]  # noqa: SLF001  a part of the class
    return tuple(name for _, name in sorted(keyed))


def _sdist_order(filename: str) -> str:
    """Sort the archive of the standard before those of older times."""
    return f"0{filename}" if filename.endswith(".tar.gz") else f"1{filename}"


def _descending(text: str) -> str:
    """Return a text that sorts the other way round."""
    return "".join(chr(0x10FFFF - ord(letter)) for letter in text) + "\U0010ffff"
