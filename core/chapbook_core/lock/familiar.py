"""Packages of locks that were read before, by their very text: the next lock of a project has nearly all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.lock.lockfile import LockedPackage

_HEADER = "\n[[package]]\n"
_TABLES_AFTER = ("\n[extras]\n", "\n[metadata]\n")
_MOST = 2048
_packages: dict[str, LockedPackage] = {}


@frozen
class LockText:
    """The text of a lock in its parts, as far as the headers tell them."""

    head: str
    packages: tuple[str, ...]
    """What stands below each header."""
    tail: str

    def known(self) -> list[LockedPackage | None]:
        """Give each package that was read before."""
        return [_packages.get(text) for text in self.packages]

    def without(self, known: Iterable[LockedPackage | None]) -> str:
        """Return the text of a lock with the other packages alone."""
        kept = [_HEADER + text for text, package in zip(self.packages, known, strict=True) if package is None]
        return "".join((self.head, *kept, self.tail))

    def learn(self, packages: tuple[LockedPackage, ...]) -> None:
        """Take note of what the packages are; only for a text in which each line stands for itself."""
        if len(packages) != len(self.packages):
            return
        if len(_packages) + len(packages) > _MOST:
            _packages.clear()
        _packages.update(
            (text, package)
            for text, package in zip(self.packages, packages, strict=True)
            if _packages.get(text) is not package and _is_package_alone(text)
        )


def _is_package_alone(text: str) -> bool:
    return not text.startswith("[") and text.count("\n[") == text.count("\n[package.")


def take_apart(text: str) -> LockText:
    """Find the parts of a lock."""
    head, *packages = text.split(_HEADER)
    tail = ""
    if packages:
        last = packages[-1]
        end = min((place for table in _TABLES_AFTER if (place := last.find(table)) >= 0), default=len(last))
        packages[-1], tail = last[:end], last[end:]
    return LockText(head, tuple(packages), tail)
