"""Metadata: the fields of a METADATA or PKG-INFO file that resolving needs.

Only the head is read, and of it only these fields, by one regular expression: a description of 100 kB costs nothing.
The head ends where the standard library's mail parser ends it, at the first line that is neither a field nor the
continuation of one.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from chapbook_core.errors import ChapbookError
from chapbook_core.index.blob import METADATA, StaleBlob, pack, unpack
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from chapbook_core.index.outline import Outline

# Each begins with a newline, which is found much faster than the place behind one; the text is given one to begin with.
_END = late_pattern(rb"\n(?![!-9;-~]*:|[ \t]|From )")
_FIELDS = late_pattern(
    rb"\n(Requires-Dist|Provides-Extra|Requires-Python|Name|Version|Summary|Metadata-Version|Dynamic):[ \t]*"
    rb"([^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*)",
    re.IGNORECASE,
)
_FOLDS = late_pattern(r"[ \t]*\r?\n[ \t]+")
_UNKNOWN = "UNKNOWN"
_STATIC_SINCE = (2, 2)
_MUST_BE_STATIC = frozenset({"requires-dist", "requires-python", "provides-extra", "version", "name"})


class UnreadableMetadata(ChapbookError):
    """A metadata file that does not even name what it describes."""

    def __init__(self, what: str, reason: str) -> None:
        self.what = what
        self.reason = reason
        super().__init__(
            f"the metadata of {what} cannot be used: {reason}",
            hints=["choose another version, and tell the owners of the package"],
        )


@frozen
class Metadata:
    """What a distribution says of itself, in its own words."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    """Each a requirement of PEP 508, or what its author took for one; `dependency` reads them."""
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()
    summary: str = ""
    dynamic: tuple[str, ...] = ()
    """The fields, in lower case, that a build may change."""
    metadata_version: str = ""
    outline_values: tuple[object, ...] | None = field(default=None, compare=False)
    """What the cache had of the outline; None when it had none."""

    @property
    def is_static(self) -> bool:
        """Whether a build from this source archive can only say the same (Metadata 2.2, PEP 643)."""
        numbers = re.match(r"(\d{1,99})\.(\d{1,99})", self.metadata_version)
        recent = numbers is not None and (int(numbers[1]), int(numbers[2])) >= _STATIC_SINCE
        return recent and _MUST_BE_STATIC.isdisjoint(self.dynamic)

    def check_identity(self, name: str, version: str) -> None:
        """Raise UnreadableMetadata unless this describes that version of that project."""
        what = f"{name} {version}"
        if canonical_name(self.name) != canonical_name(name):
            raise UnreadableMetadata(what, f"it is that of `{self.name}`")
        try:
            same = version_key(self.version) == version_key(version)
        except ValueError:
            same = False
        if not same:
            raise UnreadableMetadata(what, f"it is that of version `{self.version}`")

    def outline(self) -> Outline:
        """Return which lines of Requires-Dist matter to whom; raises UnreadableDependency or InvalidRequirement."""
        return self._outline

    @cached_property
    def _outline(self) -> Outline:
        # Imported here because most of those who look at metadata do not ask.
        from chapbook_core.index.outline import Outline, outline_of

        if self.outline_values is None:
            return outline_of(self.requires_dist)
        return Outline(*cast("tuple[Any, ...]", self.outline_values))

    def values(self) -> tuple[object, ...]:
        """Return the metadata in built-in types, with its outline."""
        outline_values = self.outline_values
        if outline_values is None:
            try:
                outline_values = self.outline().values()
            except ChapbookError:
                # Whoever wants this release is told; it may still be looked at.
                outline_values = None
        return (
            self.name,
            self.version,
            self.requires_dist,
            self.requires_python,
            self.provides_extra,
            self.summary,
            self.dynamic,
            self.metadata_version,
            outline_values,
        )

    @classmethod
    def from_values(cls, values: object) -> Metadata:
        """Return metadata that was told in built-in types; raises StaleBlob."""
        try:
            return cls(*cast("tuple[Any, ...]", values))
        except TypeError as error:
            raise StaleBlob("the cached metadata cannot be read") from error

    def blob(self) -> bytes:
        """Return the metadata as bytes for the cache."""
        return pack(METADATA, self.values())

    @classmethod
    def from_blob(cls, blob: bytes) -> Metadata:
        """Return metadata out of the cache; raises StaleBlob."""
        return cls.from_values(unpack(METADATA, blob))


def parse_metadata(body: bytes, what: str = "a distribution") -> Metadata:
    """Return what a METADATA or PKG-INFO file says; raises UnreadableMetadata, in which `what` names it."""
    body = b"\n" + body.removeprefix(b"\xef\xbb\xbf")
    end = _END.search(body)
    single: dict[bytes, str] = {}
    several: dict[bytes, list[str]] = {b"requires-dist": [], b"provides-extra": [], b"dynamic": []}
    for name, raw in _FIELDS.findall(body, 0, end.start() if end else len(body)):
        field = name.lower()
        value = _FOLDS.sub(" ", _decoded(raw)) if b"\n" in raw else _decoded(raw)
        # A lock repeats the summary as it is, blanks at its end included.
        value = value.lstrip() if field == b"summary" else value.strip()
        if not value:
            continue
        if field in several:
            several[field].append(value)
        else:
            single.setdefault(field, value)
    return Metadata(
        name=_required(single, b"name", what),
        version=_required(single, b"version", what),
        requires_dist=tuple(several[b"requires-dist"]),
        requires_python=_told(single.get(b"requires-python")) or None,
        provides_extra=tuple(several[b"provides-extra"]),
        summary=_told(single.get(b"summary")),
        dynamic=tuple(field.lower() for field in several[b"dynamic"]),
        metadata_version=single.get(b"metadata-version", ""),
    )


def _decoded(raw: bytes) -> str:
    """Return the text of a field: UTF-8 by the standard, Latin-1 in files older than that."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _told(value: str | None) -> str:
    """Return a value, or nothing for the word that old builds wrote in its place."""
    return "" if value is None or value == _UNKNOWN else value


def _required(single: dict[bytes, str], field: bytes, what: str) -> str:
    value = single.get(field)
    if not value:
        raise UnreadableMetadata(what, f"it has no `{field.decode().title()}`")
    return value
