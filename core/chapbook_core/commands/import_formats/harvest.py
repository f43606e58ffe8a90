"""Harvest: what the imported files hold, and what is wrong in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chapbook_core.errors import FileMistakes, Mistake
from chapbook_core.pattern import late_pattern
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.constraint import Constraint
from chapbook_core.requirements.marker import ALWAYS, Marker
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import DirectoryOrigin
from chapbook_core.requirements.url import masked_url, split_userinfo
from chapbook_core.value import field, frozen, mutable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.project.source import Priority
    from chapbook_core.requirements.requirement import Requirement

_EXACT = late_pattern(r"\s*={2,3}\s*(?P<version>[^\s,*|]+)\s*")
_VARIABLE = late_pattern(r"\$\{?[A-Za-z_]\w*\}?")


@frozen
class Wish:
    """A requirement that a file has, and where it belongs."""

    requirement: Requirement
    group: str = MAIN
    extra: str | None = None


@frozen
class Pin:
    """A version that a file holds a package at, and where."""

    name: str
    version: str
    marker: Marker = ALWAYS
    hashes: frozenset[str] = frozenset()
    """Of its files, as `algorithm:digest`; empty when the file does not tell any."""


@frozen
class FoundSource:
    """A package index that a file names."""

    url: str
    """Without credentials."""
    priority: Priority
    name: str = ""
    """What the file calls it; empty when it does not."""


@frozen
class Remark:
    """Something in a file that is not taken over, or not as it stands."""

    file: Path
    message: str
    line: int | None = None

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line is not None else f"{self.file}"
        return f"{where}: {self.message}"


@mutable
class Harvest:
    """Filled by one reader after the other."""

    folder: Path
    """The project's, which local paths are relative to in the end."""
    group: str = MAIN
    """For requirements that a file puts into no group."""
    wishes: list[Wish] = field(default_factory=list)
    pins: list[Pin] = field(default_factory=list)
    sources: list[FoundSource] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    pythons: list[str] = field(default_factory=list)
    """The Pythons that a file says it is for, as specifiers."""
    mistakes: dict[Path, list[Mistake]] = field(default_factory=dict)

    def wish(self, requirement: Requirement, *, group: str = MAIN, extra: str | None = None) -> None:
        """Take note of a requirement, unless it is the project itself, as `-e .` is."""
        match requirement.origin:
            case DirectoryOrigin(path=path, subdirectory=None) if path.resolve() == self.folder.resolve():
                return
            case _:
                pass
        self.wishes.append(Wish(requirement, self.group if group == MAIN else group, extra))

    def pin(self, name: str, version: str, marker: Marker = ALWAYS, hashes: Iterable[object] = ()) -> None:
        """Take note of a version to keep."""
        # The solver knows versions by their normal form.
        from packaging.version import InvalidVersion, Version

        try:
            known = frozenset(text for text in hashes if isinstance(text, str))
            pin = Pin(canonical_name(name), str(Version(version)), marker, known)
        except InvalidVersion:
            return
        if pin not in self.pins:
            self.pins.append(pin)

    def source(self, url: str, priority: Priority, file: Path, *, line: int | None = None, name: str = "") -> None:
        """Take note of a package index; its login is not taken over."""
        bare, userinfo = split_userinfo(url)
        if userinfo is not None:
            self.remark(file, f"the login of {masked_url(url)} is not taken over; set it with `chapbook config`", line)
        if _VARIABLE.search(bare) or not bare.startswith(("http://", "https://", "file://")):
            self.remark(file, f"the index {masked_url(bare)} is not taken over", line)
            return
        found = FoundSource(bare.partition("#")[0], priority, name)
        if all(known.url.rstrip("/") != found.url.rstrip("/") for known in self.sources):
            self.sources.append(found)

    def remark(self, file: Path, message: str, line: int | None = None) -> None:
        """Take note of something that is left aside."""
        remark = Remark(file, message, line)
        if remark not in self.remarks:
            self.remarks.append(remark)

    def mistake(self, file: Path, message: str, *, line: int | None = None, place: str = "", hint: str = "") -> None:
        """Take note of something that cannot be understood."""
        self.mistakes.setdefault(file, []).append(Mistake(masked_url(message), place, line, hint))

    def take_mistakes(self, error: FileMistakes) -> None:
        """Take over the mistakes that another reader raised."""
        self.mistakes.setdefault(error.file, []).extend(error.mistakes)


def exact_version(constraint: Constraint) -> str | None:
    """Return the one version that a constraint allows, when it is written as such."""
    match = _EXACT.fullmatch(constraint.text)
    return match["version"] if match else None


def constraint_around(versions: Iterable[str]) -> Constraint:
    """Return what a project should ask for that was locked at these versions."""
    from packaging.version import Version  # as in `Harvest.pin`

    ordered = sorted(map(Version, versions))
    if len(ordered) == 1:
        return Constraint.caret(ordered[0])
    from chapbook_core.requirements.constraint import parse_constraint

    # Several versions have no text in common but where they begin.
    return parse_constraint(f">={ordered[0].public}")


def source_name(url: str, taken: Iterable[str]) -> str:
    """Make a name for an index, as `download-example-org-cu121`."""
    parts = urlsplit(url)
    words = [*(parts.hostname or "index").split("."), *parts.path.split("/")]
    stem = re.sub(r"[^a-z0-9]+", "-", "-".join(word for word in words if word not in {"simple", "www", ""}).lower())
    stem = stem.strip("-") or "index"
    known = {name.lower() for name in taken}
    number, name = 2, stem
    while name in known:
        name, number = f"{stem}-{number}", number + 1
    return name
