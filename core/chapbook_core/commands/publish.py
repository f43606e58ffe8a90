"""Publish the distributions of a project: looked at first, then sent one after the other."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import NotAPackage
from chapbook_core.commands.built_files import built_files
from chapbook_core.commands.publish_login import Told, find_login
from chapbook_core.commands.publish_result import PublishedFile, PublishResult
from chapbook_core.commands.publish_room import Room, open_room
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Advanced, Committed, Finished, Notice, Started
from chapbook_core.project.discovery import find_project
from chapbook_core.project.manifest import read_manifest
from chapbook_core.project.secret import Secret
from chapbook_core.project.settings import read_settings
from chapbook_core.publisher.attestation import NoSigner, SigningFailed, attested, find_signer
from chapbook_core.publisher.check import check_files, check_presence
from chapbook_core.publisher.package_file import read_package_file
from chapbook_core.publisher.page import Presence, compared
from chapbook_core.publisher.problem import NotFit
from chapbook_core.publisher.repository import find_repository
from chapbook_core.publisher.trusted import FOUND as BY_TRUST
from chapbook_core.publisher.upload import Outcome, Uploader
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.commands.build import BuildResult
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher
    from chapbook_core.index.address import Login
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.publisher.package_file import PackageFile
    from chapbook_core.publisher.problem import Problem
    from chapbook_core.publisher.repository import Repository

_TASK = "upload"


class PublishingStopped(Cancelled):
    """The person asked to stop when some files had left."""

    def __init__(self, done: Sequence[str], underway: str) -> None:
        told = (
            f"cancelled; uploaded before that: {', '.join(done)}" if done else "cancelled; no file was uploaded whole"
        )
        hint = f"`{underway}` was on its way; run the command again for what is missing" if underway else ""
        ChapbookError.__init__(self, told, hints=[hint] if hint else [])


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> PublishResult:
    """Look at the files, find the credentials, and upload."""
    folder = find_project(surroundings.start)
    manifest = read_manifest(folder, only_built=True)
    if not manifest.package_mode or manifest.name is None:
        raise NotAPackage
    settings = read_settings(folder, variables=surroundings.variables, home=surroundings.home)
    repository = _with_declared_pages(
        find_repository(invocation.text("repository"), settings, surroundings.home), manifest
    )
    told = invocation.text("dist-dir")
    place = folder / "dist" if told is None else surroundings.folder / Path(told).expanduser()
    built = _built(place, surroundings, watcher) if invocation.flag("build") else None
    version, paths = built_files(manifest, place, surroundings.variables, built)
    files = _read(paths)
    problems = list(check_files(files, is_public=repository.is_public))
    _refuse(problems)
    with open_room(repository, settings, surroundings, watcher, invocation) as room:
        job = _Job(invocation, surroundings, watcher, repository, files)
        login = find_login(room, settings, surroundings, _told(invocation))
        there = room.pages(login).files(manifest.name) or {}
        _refuse(list(check_presence(files, there, skip_existing=job.skips)))
        done = _planned(files, there, skips=job.skips) if invocation.flag("dry-run") else job.upload(room, login, there)
    return PublishResult(
        name=manifest.name,
        version=version,
        repository=repository.name,
        url=repository.shown,
        files=done,
        user=login.user if login else "",
        credentials=login.found if login else "",
        dry_run=invocation.flag("dry-run"),
        built=built,
        warnings=(*_warnings(problems), *_open_secret(repository, login)),
        hints=tuple(dict.fromkeys(problem.hint for problem in problems if problem.hint)),
    )


def _told(invocation: Invocation) -> Told:
    password = invocation.text("password")
    return Told(
        user=invocation.text("username"),
        password=None if password is None else Secret(password),
        trusted=invocation.text("trusted-publishing") or "automatic",
        is_dry=invocation.flag("dry-run"),
    )


def _with_declared_pages(repository: Repository, manifest: Manifest) -> Repository:
    """Return the repository with the pages of the project's source of the same name, which is the same place."""
    if repository.is_public:
        return repository
    for source in manifest.sources:
        if source.name.lower() == repository.name.lower() and source.url is not None:
            return replace(repository, page_root=source.url.rstrip("/") + "/")
    return repository


def _built(place: Path, surroundings: Surroundings, watcher: Watcher) -> BuildResult:
    # Most distributions are published by another job than the one that built them.
    from chapbook_core.commands.build import run as build
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.declarations.building import BUILD

    return build(Invocation(BUILD, {"output": str(place)}), surroundings, watcher)


def _read(paths: Sequence[Path]) -> tuple[PackageFile, ...]:
    """Read all files, and tell of all that cannot be read."""
    files: list[PackageFile] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files.append(read_package_file(path))
        except NotFit as problem:
            problems += problem.problems
    _refuse(problems)
    return tuple(files)


def _refuse(problems: Sequence[Problem]) -> None:
    fatal = [problem for problem in problems if problem.is_fatal]
    if fatal:
        raise NotFit(fatal)


def _warnings(problems: Sequence[Problem]) -> list[str]:
    """Return what is no reason to stop; the same of several files once."""
    by_message: dict[str, list[str]] = {}
    for problem in problems:
        by_message.setdefault(problem.message, []).append(problem.file)
    return [f"{', '.join(names)}: {message}" for message, names in by_message.items()]


def _open_secret(repository: Repository, login: Login | None) -> list[str]:
    origin = repository.origin
    if login is None or origin.scheme == "https" or origin.host in {"localhost", "127.0.0.1", "::1"}:
        return []
    return [f"{repository.shown} is not https: whoever is on the way can read the credentials"]


def _planned(
    files: Sequence[PackageFile], there: Mapping[str, Mapping[str, str]], *, skips: bool
) -> tuple[PublishedFile, ...]:
    return tuple(_published(file, _known(file, there, skips=skips) or Outcome.PLANNED) for file in files)


def _known(file: PackageFile, there: Mapping[str, Mapping[str, str]], *, skips: bool) -> Outcome | None:
    """Return what need not be sent, as far as the repository's page tells."""
    hashes = there.get(file.path.name)
    if hashes is None:
        return None
    if compared(hashes, file) is Presence.SAME:
        return Outcome.THERE
    return Outcome.SKIPPED if skips else None


def _published(file: PackageFile, outcome: Outcome, tries: int = 0, *, attested: bool = False) -> PublishedFile:
    return PublishedFile(file.path, file.size, file.digests["sha256"], outcome, tries, attested)


@frozen
class _Job:
    """The uploads of one command."""

    invocation: Invocation
    surroundings: Surroundings
    watcher: Watcher
    repository: Repository
    files: tuple[PackageFile, ...]

    @property
    def skips(self) -> bool:
        return self.invocation.flag("skip-existing")

    def upload(
        self, room: Room, login: Login | None, there: Mapping[str, Mapping[str, str]]
    ) -> tuple[PublishedFile, ...]:
        """Send what is not there; whatever happens, it is told how far that went."""
        attestations = self._attestations(login)
        uploader = Uploader(
            self.repository,
            room.courier,
            room.pages(login),
            self.watcher,
            login=login,
            skip_existing=self.skips,
            patience=room.patience,
        )
        total, before = sum(file.size for file in self.files), 0
        began = time.monotonic()
        done: list[PublishedFile] = []
        underway = ""
        self.watcher.emit(Started(_TASK, "Uploading", total))
        try:
            for file in self.files:
                self.watcher.checkpoint()
                known = _known(file, there, skips=self.skips)
                if known is not None:
                    done.append(_published(file, known))
                else:
                    underway = file.path.name
                    signed = attestations.get(underway)
                    sent = uploader.upload(file, [signed] if signed else [], self._advance(before, total, underway))
                    done.append(_published(file, sent.outcome, sent.tries, attested=signed is not None))
                    underway = ""
                before += file.size
            self.watcher.emit(Committed())
        except (Cancelled, KeyboardInterrupt):
            raise PublishingStopped(_names(done), underway) from None
        except ChapbookError as problem:
            if names := _names(done):
                problem.hints = (*problem.hints, f"uploaded before that: {', '.join(names)}")
            raise
        finally:
            self.watcher.emit(Finished(_TASK, time.monotonic() - began))
        return tuple(done)

    def _advance(self, before: int, total: int, name: str) -> _Advance:
        return _Advance(self.watcher, before, total, name)

    def _attestations(self, login: Login | None) -> Mapping[str, str]:
        """Return the attestations; an index takes them by trusted publishing alone, so that else they must be asked."""
        is_asked = self.invocation.flag("attestations")
        if not is_asked and (login is None or login.found != BY_TRUST):
            return {}
        signer = find_signer(self.surroundings.variables)
        try:
            made = attested(self.files, signer, self.watcher)
        except SigningFailed as problem:
            if is_asked:
                raise
            self.watcher.emit(Notice("warning", f"published without attestations: {problem.message}"))
            return {}
        if is_asked and len(made) < len(self.files):
            raise NoSigner
        return made


@frozen
class _Advance:
    """Tells how many bytes of all have left."""

    watcher: Watcher
    before: int
    total: int
    name: str

    def __call__(self, done: int) -> None:
        """Tell of one file."""
        self.watcher.emit(Advanced(_TASK, self.before + done, self.total, self.name))


def _names(done: Sequence[PublishedFile]) -> list[str]:
    return [file.path.name for file in done if file.was_sent]
