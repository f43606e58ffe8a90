"""Rejections: releases that were ruled out before they were decided, and because of which package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Rejections:
    """Remembers them through one search."""

    def __init__(self) -> None:
        self._met: set[tuple[str, int, str]] = set()
        self._first: dict[str, tuple[int, str]] = {}
        """For each package, the best version that was rejected, and because of which package."""

    def add(self, package: str, version: int, name: str, other: str) -> bool:
        """Note that a release was rejected for what is assigned to the name of another; tell whether that is new."""
        if (package, version, name) in self._met:
            return False
        self._met.add((package, version, name))
        self._first.setdefault(package, (version, other))
        return True

    def held_back(self, selected: Mapping[str, Collection[tuple[int, int]]]) -> dict[str, str]:
        """Return the packages for which a newer version was ruled out than any that is selected."""
        return {
            package: other
            for package, (version, other) in sorted(self._first.items())
            if (chosen := selected[package]) and all(one < version for one, _ in chosen)
        }
