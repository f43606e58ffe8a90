"""Writes a lock as `requirements.txt` or `constraints.txt`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.lock.condition import packages_for
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.origin import GitOrigin, UrlOrigin, reference_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chapbook_core.lock.lockfile import Lock, LockedPackage, LockedSource
    from chapbook_core.lock.wanted import Wanted
    from chapbook_core.requirements.marker import Marker

ALGORITHMS = ("sha256", "sha384", "sha512")
"""Of hashes that pip and uv take."""

_UNQUOTED_PATH = late_pattern(r"[^\s#;@\[\]]+")


def format_requirements(
    lock: Lock,
    wanted: Wanted,
    *,
    folder: Path,
    python: Marker,
    options: Sequence[str] = (),
    hashes: bool = True,
) -> str:
    """Write every package for some groups and extras; `folder` is the project's, `options` are lines about indexes.

    Markers say nothing of what `python` says for all. Local paths are relative to the project, from where pip is to be
    called; a path of this machine would be of no use on another.
    """
    entries = []
    for package, condition in packages_for(lock, wanted, python):
        line = requirement_line(package, condition.text(python), folder)
        entries.append(with_hashes(line, package) if hashes else line)
    return _text(options, entries)


def format_constraints(lock: Lock, wanted: Wanted, *, folder: Path, python: Marker, options: Sequence[str] = ()) -> str:
    """Write the versions alone, for `pip install --constraint`, which takes neither extras nor editable folders."""
    entries = [
        constraint_line(package, condition.text(python), folder)
        for package, condition in packages_for(lock, wanted, python)
        if not package.develop
    ]
    return _text(options, entries)


def requirement_line(package: LockedPackage, marker: str, folder: Path) -> str:
    """Return a package pinned, without its hashes."""
    return _with_marker(_pinned(package, folder, is_named=False), marker)


def constraint_line(package: LockedPackage, marker: str, folder: Path) -> str:
    """Return a package pinned by its name, as constraints have to be."""
    return _with_marker(_pinned(package, folder, is_named=True), marker)


def with_hashes(line: str, package: LockedPackage) -> str:
    """Return the line with the hash of each file below it."""
    digests = sorted({file.hash for file in package.files if file.hash.partition(":")[0] in ALGORITHMS})
    return " \\\n    ".join([line, *(f"--hash={digest}" for digest in digests)])


def can_be_hashed(package: LockedPackage) -> bool:
    """Tell whether pip could hold a hash against the package; if one cannot be, pip refuses all that have hashes."""
    is_tree = package.source is not None and package.source.type in {"git", "directory"}
    return not is_tree and any(file.hash.partition(":")[0] in ALGORITHMS for file in package.files)


def _text(options: Iterable[str], entries: Iterable[str]) -> str:
    head = "".join(f"{option}\n" for option in options)
    body = "".join(f"{entry}\n" for entry in entries)
    return f"{head}\n{body}" if head and body else head + body


def _with_marker(line: str, marker: str) -> str:
    return f"{line} ; {marker}" if marker else line


def _pinned(package: LockedPackage, folder: Path, *, is_named: bool) -> str:
    source = package.source
    if source is None or source.type == "legacy":
        return f"{package.name}=={package.version}"
    if source.type == "git":
        git = GitOrigin(
            source.url,
            revision=source.resolved_reference or source.reference,
            subdirectory=source.subdirectory or None,
        )
        return f"{package.name} @ {reference_text(git)}"
    if source.type == "url":
        return f"{package.name} @ {reference_text(UrlOrigin(source.url, source.subdirectory or None))}"
    if package.develop:
        return f"-e {_path(source, folder)}"
    return f"{package.name} @ {_address(source, folder)}" if is_named else _path(source, folder)


def _path(source: LockedSource, folder: Path) -> str:
    """Return a local path in a form that pip takes for one, whatever else lies around."""
    path = source.url
    if not _UNQUOTED_PATH.fullmatch(path):
        return _address(source, folder)
    if not path.startswith(("./", "../", "/")) and not Path(path).is_absolute():
        path = f"./{path}"
    return f"{path}#subdirectory={source.subdirectory}" if source.subdirectory else path


def _address(source: LockedSource, folder: Path) -> str:
    address = (folder / source.url).resolve().as_uri()
    return f"{address}#subdirectory={source.subdirectory}" if source.subdirectory else address
