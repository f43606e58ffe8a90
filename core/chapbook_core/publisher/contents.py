"""What a distribution holds, against what it says of it: an index compares both."""

from __future__ import annotations

import csv
import io
import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from chapbook_core.publisher.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.publisher.package_file import PackageFile

_AGAIN = "run `chapbook build` to make it anew"
_DAMAGE = (OSError, EOFError, ValueError, KeyError, zlib.error, tarfile.TarError, zipfile.BadZipFile, RuntimeError)
_MOST_NAMED = 3
_UNLISTED = ("RECORD", "RECORD.jws", "RECORD.p7s")
_LICENSES_CHECKED_FROM = (2, 4)


def check_contents(file: PackageFile) -> Iterator[Problem]:
    """Look for members that RECORD does not list or only RECORD has, and for license files that are missing."""
    try:
        if file.kind == "bdist_wheel":
            yield from _wheel(file)
        else:
            yield from _sdist(file)
    except _DAMAGE as problem:
        yield Problem(file.path.name, f"it is damaged: {problem or type(problem).__name__}", _AGAIN)


def _wheel(file: PackageFile) -> Iterator[Problem]:
    with zipfile.ZipFile(file.path) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        records = [name for name in names if name.count("/") == 1 and name.endswith(".dist-info/RECORD")]
        if len(records) != 1:
            yield Problem(file.path.name, "there is no RECORD in it, or more than one", _AGAIN)
            return
        text = archive.read(records[0]).decode()
    if len(set(names)) < len(names):
        yield Problem(file.path.name, "it holds two files of one name", _AGAIN)
    folder = records[0].rpartition("/")[0]
    listed = {row[0] for row in csv.reader(io.StringIO(text)) if row}
    unlisted = set(names) - listed - {f"{folder}/{name}" for name in _UNLISTED}
    if unlisted:
        yield Problem(file.path.name, f"its RECORD does not list {_some(unlisted)}", _AGAIN)
    if absent := listed - set(names) - {f"{folder}/{name}" for name in _UNLISTED}:
        yield Problem(file.path.name, f"its RECORD lists what is not in it: {_some(absent)}", _AGAIN)
    yield from _licenses(file, set(names), f"{folder}/licenses/")


def _sdist(file: PackageFile) -> Iterator[Problem]:
    if file.path.name.endswith(".zip"):
        with zipfile.ZipFile(file.path) as archive:
            names = {info.filename for info in archive.infolist() if not info.is_dir()}
    else:
        with tarfile.open(file.path) as archive_of_tar:
            names = {member.name.removeprefix("./") for member in archive_of_tar if not member.isdir()}
    tops = {name.partition("/")[0] for name in names}
    if len(tops) != 1:
        yield Problem(file.path.name, f"it holds more than one folder: {_some(tops)}", _AGAIN)
        return
    (top,) = tops
    yield from _licenses(file, names, f"{top}/")


def _licenses(file: PackageFile, names: set[str], folder: str) -> Iterator[Problem]:
    """Look for the files that the metadata calls licenses (PEP 639)."""
    numbers = tuple(int(part) for part in file.text("metadata_version").split(".") if part.isdigit())
    if numbers < _LICENSES_CHECKED_FROM:
        return
    if missing := {name for name in file.texts("license_file") if f"{folder}{name}" not in names}:
        yield Problem(file.path.name, f"the license files it tells of are not in it: {_some(missing)}", _AGAIN)


def _some(names: set[str]) -> str:
    """Name the first of them."""
    first = ", ".join(f"`{name}`" for name in sorted(names)[:_MOST_NAMED])
    return first if len(names) <= _MOST_NAMED else f"{first} and {len(names) - _MOST_NAMED} more"
