"""A distribution as a repository is told of it: its name, its digests and every field of its metadata."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, Protocol

from chapbook_core.errors import ChapbookError
from chapbook_core.index.filename import SDIST_ENDINGS, UnusableName, read_wheel_name
from chapbook_core.index.metadata import parse_metadata
from chapbook_core.index.sdist import read_source_files
from chapbook_core.index.wheel_tail import metadata_of_wheel
from chapbook_core.publisher.problem import NotFit, Problem
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FileType = Literal["sdist", "bdist_wheel"]
Fields = tuple[tuple[str, str], ...]
"""Names of a form with their values; what may stand several times is there several times."""

_PIECE = 1 << 18
# As the endpoint calls them; the others are the names of `packaging.metadata`.
_FORM_NAMES = {
    "platforms": "platform",
    "supported_platforms": "supported_platform",
    "license_files": "license_file",
    "import_names": "import_name",
    "import_namespaces": "import_namespace",
}


class _Hash(Protocol):
    def update(self, piece: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


@frozen
class PackageFile:
    """One file, read."""

    path: Path
    kind: FileType
    python: str
    """The Pythons a wheel is for, as its name has them."""
    name: str
    version: str
    size: int
    changed: int
    """When it was last written to, in nanoseconds."""
    digests: Mapping[str, str]
    """Hexadecimal, by the names of `hashlib`: md5, sha256 and blake2b (of 256 bits)."""
    fields: Fields = field(repr=False)
    """The core metadata as the form has it."""
    unread: tuple[str, ...] = ()
    """Headers of the metadata that mean nothing."""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return every value of a field."""
        return tuple(value for known, value in self.fields if known == name)

    def text(self, name: str) -> str:
        """Return a field that stands once; empty when it does not stand at all."""
        return next(iter(self.texts(name)), "")


def read_package_file(path: Path) -> PackageFile:
    """Read a wheel or source distribution; raises NotFit for what is neither, or damaged."""
    try:
        status = path.stat()
        body = _metadata(path)
        identity = parse_metadata(body, f"`{path.name}`")
        fields, unread = form_fields(body)
        digests = _digests(path)
    except UnusableName as problem:
        raise _unfit(path, str(problem)) from None
    except OSError as problem:
        raise _unfit(path, f"it cannot be read: {problem.strerror or problem}") from None
    except ChapbookError as problem:
        raise _unfit(path, problem.message) from None
    is_wheel = path.name.endswith(".whl")
    return PackageFile(
        path=path,
        kind="bdist_wheel" if is_wheel else "sdist",
        python=".".join(read_wheel_name(path.name).pythons) if is_wheel else "source",
        name=identity.name,
        version=identity.version,
        size=status.st_size,
        changed=status.st_mtime_ns,
        digests=digests,
        fields=fields,
        unread=unread,
    )


def _unfit(path: Path, message: str) -> NotFit:
    return NotFit([Problem(path.name, message, "run `chapbook build` to make it anew")])


def _metadata(path: Path) -> bytes:
    if path.name.endswith(".whl"):
        name = read_wheel_name(path.name)
        return metadata_of_wheel(path, name.name, name.version)
    if not path.name.endswith(SDIST_ENDINGS):
        raise UnusableName("neither a wheel nor a source distribution")
    information = read_source_files(path, path.name, lambda _: True).information
    if information is None:
        raise UnusableName("there is no PKG-INFO in it")
    return information


def _digests(path: Path) -> Mapping[str, str]:
    hashes: dict[str, _Hash] = {
        "md5": hashlib.md5(usedforsecurity=False),
        "sha256": hashlib.sha256(),
        "blake2b": hashlib.blake2b(digest_size=32),
    }
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            for each in hashes.values():
                each.update(piece)
    return {name: each.hexdigest() for name, each in hashes.items()}


def form_fields(body: bytes) -> tuple[Fields, tuple[str, ...]]:
    """Return every field of a METADATA or PKG-INFO as the form has it, and the headers that mean nothing."""
    # Imported here because the mail parser behind it is slow to load, and only files that are published need it.
    from packaging.metadata import parse_email

    raw, unread = parse_email(body)
    return tuple(_as_form(raw)), tuple(sorted(unread))


def _as_form(raw: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in raw.items():
        name = _FORM_NAMES.get(key, key)
        match value:
            case str():
                yield name, value
            case list() if key == "keywords":
                yield name, ",".join(value)
            case list():
                yield from ((name, each) for each in value)
            case dict():
                yield from ((name, f"{label}, {address}") for label, address in value.items())
            case _:
                raise TypeError(f"{key!r} holds {value!r}")
