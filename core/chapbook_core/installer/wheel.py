"""WheelFile: a wheel that has been opened, understood and found to agree with itself.

The standard is the binary distribution format of the Python packaging specifications; where it leaves a choice, the
stricter reading is taken. The contents of the files are checked while they are unpacked, by `store`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from chapbook_core.index.filename import UnusableName, WheelName, read_wheel_name
from chapbook_core.index.metadata import Metadata, UnreadableMetadata, parse_metadata
from chapbook_core.installer.archive import Archive, ArchiveLimits, Member
from chapbook_core.installer.bad_wheel import BadWheel, Refusal
from chapbook_core.installer.member_name import Twins
from chapbook_core.installer.record import UNLISTED, Row, check_digest, read_rows, usual_rows
from chapbook_core.installer.script import Script, check_script_name, is_of_environment, parse_entry_points
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.version_key import version_key
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from os import PathLike

SCHEMES = frozenset({"purelib", "platlib", "headers", "scripts", "data"})
"""The folders that a `.data` folder may have."""
_MOST_TEXT = 64 * 1024 * 1024
_FIELD = late_pattern(r"^([A-Za-z-]+):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_KNOWN_MAJOR = "1"


@frozen
class WheelFile:
    """What a wheel tells of itself, and its files."""

    filename: str
    name: WheelName
    metadata: Metadata
    dist_info: str
    """The name of the folder."""
    data: str
    """The name that the folder of other schemes has, whether or not it is there."""
    is_pure: bool
    """Whether the root of the archive belongs into purelib."""
    tags: tuple[str, ...]
    scripts: tuple[Script, ...]
    digests: Mapping[str, str | None]
    """What RECORD gives as the digest of a path, in its form; None where it need not or was not asked."""
    complaints: tuple[str, ...] = ()
    """What is wrong with RECORD, when that was to be borne."""


class Opened(Protocol):
    """What is asked of an archive to learn what wheel it is."""

    def roots(self) -> set[str]:
        """Return the names directly in it."""

    def paths(self) -> Collection[str]:
        """Return the paths of its files."""

    def text(self, path: str, most: int) -> bytes | None:
        """Return a file; None when there is none, and raises Refusal when it is larger than `most` or damaged."""

    def digests(
        self, record: bytes, dist_info: str, *, is_lenient: bool
    ) -> tuple[Mapping[str, str | None], tuple[str, ...]]:
        """Hold a RECORD against it; return the digests and complaints of a `WheelFile`, or raise Refusal."""


def read_wheel(archive: Archive, filename: str, *, is_lenient: bool = False) -> WheelFile:
    """Return what an open wheel says, all of it checked but the files' contents; raises BadWheel.

    Lenient, a RECORD that does not fit is told in `complaints` instead of being refused; nothing else is forgiven.
    """
    try:
        return read_opened(_Members(archive), filename, is_lenient=is_lenient)
    except Refusal as problem:
        raise problem.of(filename) from None
    except UnusableName as problem:
        raise BadWheel(filename, str(problem)) from None


def open_archive(path: str | PathLike[str], filename: str, limits: ArchiveLimits) -> Archive:
    """Open a wheel's archive; raises BadWheel when it cannot be read as one."""
    try:
        return Archive(path, limits)
    except Refusal as problem:
        raise problem.of(filename) from None


def read_opened(opened: Opened, filename: str, *, is_lenient: bool) -> WheelFile:
    """Do the same with an archive that was opened in any way; raises Refusal and UnusableName."""
    name = read_wheel_name(filename)
    dist_info = _find_dist_info(opened.roots(), name)
    data = f"{dist_info.removesuffix('.dist-info')}.data"
    metadata = _metadata(_text(opened, f"{dist_info}/METADATA"), name)
    fields = _wheel_fields(_text(opened, f"{dist_info}/WHEEL"))
    points = opened.text(f"{dist_info}/entry_points.txt", _MOST_TEXT)
    scripts = () if points is None else parse_entry_points(points)
    paths = opened.paths()
    together = "\n".join([*paths, ""])
    if ".data/" in together or ".data\n" in together:
        _check_data(paths, data, dist_info)
    digests, complaints = opened.digests(_text(opened, f"{dist_info}/RECORD"), dist_info, is_lenient=is_lenient)
    return WheelFile(
        filename=filename,
        name=name,
        metadata=metadata,
        dist_info=dist_info,
        data=data,
        is_pure=_is_pure(fields),
        tags=tuple(fields.get("tag", ())),
        scripts=scripts,
        digests=digests,
        complaints=complaints,
    )


class _Members:
    """An archive that was read in Python."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._files = {member.path: member for member in archive.members if not member.is_folder}

    def roots(self) -> set[str]:
        return {member.path.partition("/")[0] for member in self._archive.members}

    def paths(self) -> Collection[str]:
        return self._files

    def text(self, path: str, most: int) -> bytes | None:
        member = self._files.get(path)
        if member is None:
            return None
        if member.size > most:
            raise Refusal(f"a file of the dist-info directory has more than {most:,} bytes", path)
        return self._archive.content(member)

    def digests(
        self, record: bytes, dist_info: str, *, is_lenient: bool
    ) -> tuple[dict[str, str | None], tuple[str, ...]]:
        return _digests(record, self._files, dist_info, is_lenient=is_lenient)


def _find_dist_info(roots: set[str], name: WheelName) -> str:
    found = sorted(root for root in roots if root.lower().endswith(".dist-info"))
    if not found:
        raise Refusal("no dist-info directory")
    if len(found) > 1:
        raise Refusal("several dist-info directories", ", ".join(found))
    stem = found[0].removesuffix(".dist-info")
    told_name, _, told_version = stem.rpartition("-")
    if canonical_name(told_name) != name.name:
        raise Refusal("names differ: the dist-info directory is another project's", found[0])
    if not _same_version(told_version, name.version):
        raise Refusal("versions differ: the dist-info directory is another version's", found[0])
    return found[0]


def _same_version(told: str, wanted: str) -> bool:
    try:
        return version_key(told) == version_key(wanted)
    except ValueError:
        return told == wanted


def _text(opened: Opened, path: str) -> bytes:
    text = opened.text(path, _MOST_TEXT)
    if text is None:
        raise Refusal(f"it has no {path.rpartition('/')[2]}", path)
    return text


def _metadata(body: bytes, name: WheelName) -> Metadata:
    try:
        metadata = parse_metadata(body)
    except UnreadableMetadata as problem:
        raise Refusal(f"METADATA cannot be used: {problem.reason}") from None
    if canonical_name(metadata.name) != name.name:
        raise Refusal("names differ: METADATA is that of another project", f"Name: {metadata.name}")
    if not _same_version(metadata.version, name.version):
        raise Refusal("versions differ: METADATA is that of another version", f"Version: {metadata.version}")
    return metadata


def _wheel_fields(body: bytes) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for key, value in _FIELD.findall(body.decode("utf-8", "replace").replace("\r\n", "\n")):
        fields.setdefault(key.lower(), []).append(value)
    versions = fields.get("wheel-version", [])
    if len(versions) != 1:
        raise Refusal("WHEEL does not tell the version of the format", "Wheel-Version")
    if versions[0].partition(".")[0] != _KNOWN_MAJOR:
        raise Refusal("WHEEL is of a version of the format that is not known", f"Wheel-Version: {versions[0]}")
    return fields


def _is_pure(fields: Mapping[str, list[str]]) -> bool:
    match [value.lower() for value in fields.get("root-is-purelib", ())]:
        case ["true"]:
            return True
        case ["false"]:
            return False
        case _:
            raise Refusal("WHEEL does not say where the root belongs", "Root-Is-Purelib")


def _check_data(paths: Collection[str], data: str, dist_info: str) -> None:
    roots = {path.partition("/")[0] for path in paths}
    for root in roots:
        if root.lower().endswith(".data") and root != data and canonical_name(root) == canonical_name(data):
            raise Refusal("two names for the data directory", root)
    library: list[str] = []
    for path in paths:
        if path.partition("/")[0] == data:
            library.extend(_check_scattered(path, dist_info))
    if library:
        # Nearly everywhere purelib and platlib are one folder, to which the root of the archive belongs as well.
        twins = Twins()
        for path in (*(path for path in paths if path.partition("/")[0] != data), *library):
            twins.add_file(path)


def _check_scattered(path: str, dist_info: str) -> Iterator[str]:
    """Give where a file of the data directory comes to lie beside those of the root, if it does."""
    scheme, _, inner = path.partition("/")[2].partition("/")
    if scheme not in SCHEMES or not inner:
        raise Refusal("a data directory for no known scheme", path)
    if scheme in {"purelib", "platlib"}:
        _check_folders(inner.split("/")[:1], dist_info, path)
        yield inner
    elif scheme == "scripts":
        _check_script(inner, path)
    elif scheme == "data":
        if is_of_environment(inner):
            raise Refusal("it would replace a file of the environment itself", path)
        _check_folders(inner.split("/"), dist_info, path)


def _check_folders(names: list[str], dist_info: str, path: str) -> None:
    """Refuse what would make another distribution seem to be installed."""
    if any(name.lower().endswith(".dist-info") and name != dist_info for name in names):
        raise Refusal("several dist-info directories", path)


def _check_script(name: str, path: str) -> None:
    try:
        check_script_name(name)
    except Refusal as problem:
        raise Refusal(problem.what, path) from None


def _digests(
    body: bytes, files: Mapping[str, Member], dist_info: str, *, is_lenient: bool
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """Hold RECORD and archive against each other, both ways."""
    unlisted = unlisted_paths(dist_info)
    usual = _usual_digests(body, files, unlisted)
    if usual is not None:
        return usual, ()
    digests: dict[str, str | None] = {}
    complaints: list[str] = []
    for problem in _compare(body, files, unlisted, digests):
        if not is_lenient:
            raise problem
        complaints.append(str(problem))
    return digests, tuple(complaints)


def unlisted_paths(dist_info: str) -> set[str]:
    """Return the files of a dist-info folder that RECORD cannot give a digest of."""
    return {f"{dist_info}/{name}" for name in UNLISTED}


def _usual_digests(body: bytes, files: Mapping[str, Member], unlisted: set[str]) -> dict[str, str | None] | None:
    """Return what `_compare` finds when every row is as most are, and nothing wrong; None for it to look closer."""
    rows = usual_rows(body)
    digests: dict[str, str | None] = {path: digest or None for path, digest, _size in rows}
    if not rows or len(digests) != len(rows) or digests.keys() != files.keys():
        return None
    for path, digest, size in rows:
        if path in unlisted:
            digests[path] = None
        elif not digest or size != str(files[path].size):
            return None
    return digests


def _compare(
    body: bytes, files: Mapping[str, Member], unlisted: set[str], digests: dict[str, str | None]
) -> Iterator[Refusal]:
    seen: dict[str, Row] = {}
    for row in read_rows(body):
        if seen.setdefault(row.path, row) != row:
            yield Refusal("RECORD contradicts itself", row.path)
        member = files.get(row.path)
        if member is None:
            yield Refusal("RECORD lists a file that is not in the wheel", row.path)
            continue
        digests[row.path] = None
        if row.path in unlisted:
            continue
        if row.size and row.size != str(member.size):
            yield Refusal("a file differs from RECORD in its size", row.path)
        try:
            check_digest(row)
        except Refusal as problem:
            yield problem
        else:
            digests[row.path] = row.digest
    for path in files:
        if path not in seen and path not in unlisted:
            yield Refusal("a file that RECORD does not list", path)
        digests.setdefault(path, None)
