"""`pylock.toml`: the lock with the address of each file, which only the indexes know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.failure import PackageNotFound
from chapbook_core.lock.pylock_format import Artifact, Artifacts, Pylock, format_pylock, requires_python_text
from chapbook_core.project.groups import MAIN
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chapbook_core.commands.export_formats.subject import Subject
    from chapbook_core.commands.session import Session
    from chapbook_core.index.file import File
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.offer import Offer, Offers
    from chapbook_core.index.reader import IndexReader
    from chapbook_core.lock.lockfile import LockedPackage


class FilesDiffer(ChapbookError):
    """The indexes do not offer what was locked."""

    def __init__(self, problems: Iterable[str]) -> None:
        super().__init__(
            "\n".join(problems),
            hints=[
                "a file that changed under its name may have been tampered with: find out before you trust it",
                "`chapbook lock --regenerate` locks what the indexes offer today",
            ],
        )


def pylock_text(session: Session, subject: Subject, mode: Mode, *, is_open: bool, folder: Path) -> str:
    """Return the text of the file that will be in `folder`; `is_open` leaves groups and extras to the installer."""
    manifest = subject.manifest
    pylock = Pylock(
        python=subject.python,
        requires_python="" if manifest.python.is_any else requires_python_text(manifest.python_text),
        environments=tuple(str(environment) for environment in session.wishes.environments),
        groups=tuple(sorted(group.name for group in manifest.groups if group.name != MAIN)),
        extras=tuple(sorted(subject.lock.extras)),
        wanted=None if is_open else subject.wanted,
        folder=folder,
    )
    packages = subject.lock.packages if is_open else [package for package, _ in subject.packages()]
    with session.open_index(mode) as index:
        known = _artifacts(index.reader, [package for package in packages if _is_from_index(package)])
    return format_pylock(
        subject.lock, pylock, lambda package: known[package.name, package.version, _source(package)], manifest.folder
    )


def _is_from_index(package: LockedPackage) -> bool:
    return package.source is None or package.source.type == "legacy"


def _source(package: LockedPackage) -> str | None:
    """Return the name of the source that the lock names."""
    return package.source.reference or None if package.source is not None else None


def _artifacts(reader: IndexReader, packages: list[LockedPackage]) -> dict[tuple[str, str, str | None], Artifacts]:
    """Ask for all pages at once, and hold what they offer against the lock; raises FilesDiffer with all problems."""
    for package in packages:
        reader.want_versions(package.name, _source(package))
    found: dict[tuple[str, str, str | None], Artifacts] = {}
    problems: list[str] = []
    for package in packages:
        try:
            offer = _offer(reader.versions(package.name, _source(package)), package)
        except PackageNotFound as missing:
            problems.append(f"{package.name} {package.version}: {missing.message}")
            continue
        files = {file.filename: file for file in _files(offer, package.version)} if offer is not None else {}
        artifacts, wrong = _matched(package, files)
        problems += wrong
        found[package.name, package.version, _source(package)] = Artifacts(offer.place.url if offer else "", artifacts)
    if problems:
        raise FilesDiffer(problems)
    return found


def _offer(offers: Offers, package: LockedPackage) -> Offer | None:
    """Return the page of the index that the package was locked from."""
    if package.source is None:
        for offer in offers.offers:
            if offer.place.is_default:
                return offer
    for offer in offers.offers:
        if package.source is not None and offer.place.url.rstrip("/") == package.source.url.rstrip("/"):
            return offer
    return next((offer for offer in offers.offers if _files(offer, package.version)), None)


def _files(offer: Offer, version: str) -> tuple[File, ...]:
    if files := offer.files(version):
        return files
    # The index may spell the version otherwise.
    key = version_key(version)
    return next((offer.files(text) for text in offer.summary.versions if version_key(text) == key), ())


def _matched(package: LockedPackage, files: dict[str, File]) -> tuple[tuple[Artifact, ...], list[str]]:
    artifacts: list[Artifact] = []
    problems: list[str] = []
    for locked in package.files:
        if not _has_a_good_name(locked.name, package):
            continue
        file = files.get(locked.name)
        if file is None:
            problems.append(f"{package.name} {package.version}: the index no longer has {locked.name}")
            continue
        algorithm, _, digest = locked.hash.partition(":")
        told = file.digest(algorithm)
        if told is not None and told != digest:
            problems.append(f"{package.name} {package.version}: {locked.name} has another {algorithm} than was locked")
        artifacts.append(Artifact(locked.name, file.url, locked.hash, file.size, file.upload_time or ""))
    if not artifacts and not problems:
        problems.append(f"{package.name} {package.version}: no file is locked that can be installed")
    return tuple(artifacts), problems


def _has_a_good_name(filename: str, package: LockedPackage) -> bool:
    """Tell whether installers could read the name; a single one that they cannot makes them refuse the whole file."""
    # Loaded late, as only this format needs it.
    from packaging.utils import (
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )

    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return False
    return name == package.name and version_key(version) == version_key(package.version)
