"""The description of one release: what a test says about it, nothing made yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tests.fakes.index import names

if TYPE_CHECKING:
    from collections.abc import Mapping

Sdist = Literal[True, False, "only", "dynamic", "dynamic-only"]
"""No sdist, beside the wheels or alone; its metadata static (2.2, nothing dynamic) or only known after a build."""

Sidecar = Literal[True, False, "unlisted", "missing", "wrong-hash", "lie"]
"""The `.metadata` file beside a wheel: there, not there, there though no page says so, not there though the page says
so, not what the page's hash says, or matching the page's hash and contradicting the wheel."""

Content = str | bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of a project, from which its files are made on request."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    python: str | None = None
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: tuple[str, ...] = ("py3-none-any",)
    """One wheel each; compressed sets such as `py2.py3-none-any` are one."""
    build: str = ""
    """The wheels' build number, as in `1` or `2post`."""
    sdist: Sdist = False
    yanked: bool | str = False
    uploaded: str = "2024-01-01T00:00:00Z"
    files: Mapping[str, Content] | None = None
    """Members of the wheel; a path that starts with `.data/` goes into the wheel's data folder, one that starts with
    `.dist-info/` beside METADATA. Without any, a module named like the project that knows its version."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    metadata: Sidecar = True
    metadata_text: Content | None = None
    """Replaces the generated METADATA, for those that are wrong."""
    record_text: Content | None = None
    """Replaces the generated RECORD, for those that are wrong."""
    summary: str = ""
    description: str = ""
    weight: int = 0
    """Bytes of incompressible filling, where a wheel has to be large."""
    stem: str = ""
    """How file names spell the project, where a test wants an odd spelling."""
    build_requires: tuple[str, ...] = ()
    build_log: str = ""
    """A file to which the sdist's backend appends the name of every hook that is called."""

    @property
    def file_stem(self) -> str:
        """The first two parts of every file name."""
        return f"{self.stem or names.escaped(self.name)}-{self.version.replace('-', '_')}"

    @property
    def has_wheels(self) -> bool:
        """Whether anything but an sdist is published."""
        return self.sdist not in ("only", "dynamic-only")

    @property
    def has_static_sdist(self) -> bool:
        """Whether the sdist's PKG-INFO tells the requirements without a build."""
        return self.sdist in (True, "only")
