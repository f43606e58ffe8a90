"""The overlays of a person: folders of packages that make a kernel of a Python, found by what they are to fit."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.environment.interpreter import Interpreter

PACKAGES = "site"
"""The folder in an overlay that comes to the path of modules."""
_OVERLAYS, _RESOLUTIONS = "overlays", "resolutions"
_FORMAT = 1
_DAYS = 30
_DAY = 24 * 3600.0


@frozen
class Overlay:
    """Packages that an environment lacks to be a kernel."""

    folder: Path
    """What comes to the path of modules."""
    versions: Mapping[str, str]
    """What is in it, by name."""


class OverlayShelf:
    """Where the overlays for one interpreter are."""

    def __init__(self, folder: Path, interpreter: Interpreter) -> None:
        self.folder = folder
        build = interpreter.build
        python = (interpreter.implementation, interpreter.minor, build.extension_suffix, build.is_debug)
        self._target = _short([_FORMAT, python, build.platform, build.glibc, build.musl, build.macos])

    def find(self, given: Mapping[str, str], *, even_old: bool = False) -> Overlay | None:
        """Return an overlay that was resolved beside the same versions of all packages that had a say in it."""
        for file in sorted((self.folder / _RESOLUTIONS).glob(f"{self._target}-*.json")):
            found = self._resolution(file, given, even_old=even_old)
            if found is not None:
                return found
        return None

    def place(self, wheels: Mapping[str, str]) -> Path:
        """Return where the overlay of some wheels is, or will be; `wheels` are digests by name."""
        return self.folder / _OVERLAYS / _short([self._target, sorted(wheels.items())])

    def note(self, considered: Mapping[str, str | None], place: Path, versions: Mapping[str, str]) -> Overlay:
        """Remember what an overlay was resolved for."""
        entry = {"overlay": place.name, "considered": dict(considered), "versions": dict(versions)}
        folder = self.folder / _RESOLUTIONS
        file = folder / f"{self._target}-{_short(sorted(considered.items()))}.json"
        temporary = file.with_suffix(f".{os.urandom(4).hex()}.tmp")
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(json.dumps(entry).encode())
            temporary.replace(file)
        return Overlay(place / PACKAGES, versions)

    def _resolution(self, file: Path, given: Mapping[str, str], *, even_old: bool) -> Overlay | None:
        try:
            age = time.time() - file.stat().st_mtime
            entry = json.loads(file.read_bytes())
            considered, name, versions = entry["considered"], str(entry["overlay"]), dict(entry["versions"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        place = self.folder / _OVERLAYS / name
        is_same = all(given.get(package) == version for package, version in considered.items())
        if not is_same or not (even_old or age < _DAYS * _DAY) or not (place / PACKAGES).is_dir():
            return None
        return Overlay(place / PACKAGES, versions)


def _short(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:24]
